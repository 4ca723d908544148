//! `SB_MAC16`: 16×16 or two 8×8 multipliers, two 16-bit adders, registers.
//!
//! Names of stages and signals are those of cells_sim.v and of the figure in
//! Lattice's "ICE Technology Library". The cascade inputs (`ACCUMCI`,
//! `SIGNEXTIN`) are not in IceStorm's database: what selects one is refused
//! when the bitstream is decoded.

/// The parameters of an `SB_MAC16`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mac16Config {
    /// Register after input C.
    pub c_reg: bool,
    /// Register after input A.
    pub a_reg: bool,
    /// Register after input B.
    pub b_reg: bool,
    /// Register after input D.
    pub d_reg: bool,
    /// Register F after the upper 8×8 product.
    pub top_8x8_mult_reg: bool,
    /// Register G after the lower 8×8 product.
    pub bot_8x8_mult_reg: bool,
    /// Registers J and K after the mixed products.
    pub pipeline_16x16_mult_reg1: bool,
    /// Register H after the 16×16 product.
    pub pipeline_16x16_mult_reg2: bool,
    /// 0 adder, 1 register Q, 2 product F, 3 product H.
    pub topoutput_select: u8,
    /// 0 A, 1 F, 2 H, 3 sign of the lower half.
    pub topaddsub_lowerinput: u8,
    /// 0 register Q, 1 C.
    pub topaddsub_upperinput: bool,
    /// 0, 1, carry of the lower half, the same xor `ADDSUBBOT`.
    pub topaddsub_carryselect: u8,
    /// 0 adder, 1 register S, 2 product G, 3 product H.
    pub botoutput_select: u8,
    /// 0 B, 1 G, 2 H; 3, `SIGNEXTIN`, is refused.
    pub botaddsub_lowerinput: u8,
    /// 0 register S, 1 D.
    pub botaddsub_upperinput: bool,
    /// 0, 1, `ACCUMCI` (refused), `CI`.
    pub botaddsub_carryselect: u8,
    /// Two 8×8 multipliers instead of one 16×16.
    pub mode_8x8: bool,
    /// A is signed.
    pub a_signed: bool,
    /// B is signed.
    pub b_signed: bool,
}

/// Values at the data and control inputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mac16Inputs {
    /// A.
    pub a: u16,
    /// B.
    pub b: u16,
    /// C.
    pub c: u16,
    /// D.
    pub d: u16,
    /// One bit each, numbered by the constants of [`control`].
    pub control: u16,
}

/// Bit numbers in [`Mac16Inputs::control`].
pub mod control {
    /// `CE`
    pub const CE: u16 = 0;
    /// `AHOLD`
    pub const AHOLD: u16 = 1;
    /// `BHOLD`
    pub const BHOLD: u16 = 2;
    /// `CHOLD`
    pub const CHOLD: u16 = 3;
    /// `DHOLD`
    pub const DHOLD: u16 = 4;
    /// `IRSTTOP`
    pub const IRSTTOP: u16 = 5;
    /// `IRSTBOT`
    pub const IRSTBOT: u16 = 6;
    /// `ORSTTOP`
    pub const ORSTTOP: u16 = 7;
    /// `ORSTBOT`
    pub const ORSTBOT: u16 = 8;
    /// `OLOADTOP`
    pub const OLOADTOP: u16 = 9;
    /// `OLOADBOT`
    pub const OLOADBOT: u16 = 10;
    /// `ADDSUBTOP`
    pub const ADDSUBTOP: u16 = 11;
    /// `ADDSUBBOT`
    pub const ADDSUBBOT: u16 = 12;
    /// `OHOLDTOP`
    pub const OHOLDTOP: u16 = 13;
    /// `OHOLDBOT`
    pub const OHOLDBOT: u16 = 14;
    /// `CI`
    pub const CI: u16 = 15;

    /// Names of the ports by bit number.
    pub const NAMES: [&str; 16] = [
        "CE",
        "AHOLD",
        "BHOLD",
        "CHOLD",
        "DHOLD",
        "IRSTTOP",
        "IRSTBOT",
        "ORSTTOP",
        "ORSTBOT",
        "OLOADTOP",
        "OLOADBOT",
        "ADDSUBTOP",
        "ADDSUBBOT",
        "OHOLDTOP",
        "OHOLDBOT",
        "CI",
    ];
}

impl Mac16Inputs {
    fn is(&self, bit: u16) -> bool {
        self.control >> bit & 1 != 0
    }
}

/// The registers, all 0 after power-up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mac16State {
    a: u16,
    b: u16,
    c: u16,
    d: u16,
    f: u16,
    j: u16,
    k: u16,
    g: u16,
    h: u32,
    q: u16,
    s: u16,
}

/// Everything between the registers.
struct Combinational {
    p_ah_bh: u16,
    p_al_bh: u16,
    p_ah_bl: u16,
    p_al_bl: u16,
    l: u32,
    p: u16,
    r: u16,
    output: u64,
}

fn sign_extend(value: u16, signed: bool) -> u32 {
    if signed { (i32::from(value as i16)) as u32 } else { u32::from(value) }
}

/// A byte as one factor of a 16-bit product.
fn factor(byte: u16, signed: bool) -> u16 {
    if signed { i16::from(byte as u8 as i8) as u16 } else { byte & 0xff }
}

/// 16-bit sum with carry out.
fn add(x: u16, y: u16, carry: bool) -> (u16, bool) {
    let sum = u32::from(x) + u32::from(y) + u32::from(carry);
    (sum as u16, sum > 0xffff)
}

fn pick<T>(registered: bool, register: T, direct: T) -> T {
    if registered { register } else { direct }
}

impl Mac16State {
    fn evaluate(&self, config: &Mac16Config, inputs: &Mac16Inputs) -> Combinational {
        let a = pick(config.a_reg, self.a, inputs.a);
        let b = pick(config.b_reg, self.b, inputs.b);
        let c = pick(config.c_reg, self.c, inputs.c);
        let d = pick(config.d_reg, self.d, inputs.d);

        let ah = factor(a >> 8, config.a_signed);
        let al = factor(a, config.a_signed && config.mode_8x8);
        let bh = factor(b >> 8, config.b_signed);
        let bl = factor(b, config.b_signed && config.mode_8x8);
        let p_ah_bh = ah.wrapping_mul(bh);
        let p_al_bh = (al & 0xff).wrapping_mul(bh);
        let p_ah_bl = ah.wrapping_mul(bl & 0xff);
        let p_al_bl = al.wrapping_mul(bl);
        let f = pick(config.top_8x8_mult_reg, self.f, p_ah_bh);
        let j = pick(config.pipeline_16x16_mult_reg1, self.j, p_al_bh);
        let k = pick(config.pipeline_16x16_mult_reg1, self.k, p_ah_bl);
        let g = pick(config.bot_8x8_mult_reg, self.g, p_al_bl);
        // K and J are extended to 24 bits only, and shifted as such.
        let k24 = sign_extend(k, config.a_signed) & 0xff_ffff;
        let j24 = sign_extend(j, config.b_signed) & 0xff_ffff;
        let l = u32::from(g)
            .wrapping_add(k24 << 8)
            .wrapping_add(j24 << 8)
            .wrapping_add(u32::from(f) << 16);
        let h = pick(config.pipeline_16x16_mult_reg2, self.h, l);

        let sub_bot = inputs.is(control::ADDSUBBOT);
        let y = if config.botaddsub_upperinput { d } else { self.s };
        let z = match config.botaddsub_lowerinput {
            0 => b,
            1 => g,
            // 3, the cascade, is refused.
            _ => h as u16,
        };
        let lci = match config.botaddsub_carryselect {
            1 => true,
            3 => inputs.is(control::CI),
            _ => false,
        };
        let invert_bot = if sub_bot { 0xffff } else { 0 };
        let (yz, lco) = add(z, y ^ invert_bot, lci);
        let r = if inputs.is(control::OLOADBOT) { d } else { yz ^ invert_bot };

        let sub_top = inputs.is(control::ADDSUBTOP);
        let w = if config.topaddsub_upperinput { c } else { self.q };
        let x = match config.topaddsub_lowerinput {
            0 => a,
            1 => f,
            2 => (h >> 16) as u16,
            _ => ((z as i16) >> 15) as u16,
        };
        let hci = match config.topaddsub_carryselect {
            0 => false,
            1 => true,
            2 => lco,
            _ => lco ^ sub_bot,
        };
        let invert_top = if sub_top { 0xffff } else { 0 };
        let (xw, accumco) = add(x, w ^ invert_top, hci);
        let p = if inputs.is(control::OLOADTOP) { c } else { xw ^ invert_top };

        let high = match config.topoutput_select {
            0 => p,
            1 => self.q,
            2 => f,
            _ => (h >> 16) as u16,
        };
        let low = match config.botoutput_select {
            0 => r,
            1 => self.s,
            2 => g,
            _ => h as u16,
        };
        let co = accumco ^ sub_top;
        Combinational {
            p_ah_bh,
            p_al_bh,
            p_ah_bl,
            p_al_bl,
            l,
            p,
            r,
            output: u64::from(co) << 32 | u64::from(high) << 16 | u64::from(low),
        }
    }

    /// `O` in bits 31..0, `CO` in bit 32.
    pub fn output(&self, config: &Mac16Config, inputs: &Mac16Inputs) -> u64 {
        self.evaluate(config, inputs).output
    }

    /// The registers after a clock edge, the inputs standing before it. The
    /// asynchronous resets are applied by [`Mac16State::reset`].
    pub fn clocked(&self, config: &Mac16Config, inputs: &Mac16Inputs) -> Mac16State {
        let mut next = *self;
        if !inputs.is(control::CE) {
            return next;
        }
        let now = self.evaluate(config, inputs);
        let hold = |bit, old, new| if inputs.is(bit) { old } else { new };
        next.c = hold(control::CHOLD, self.c, inputs.c);
        next.a = hold(control::AHOLD, self.a, inputs.a);
        next.b = hold(control::BHOLD, self.b, inputs.b);
        next.d = hold(control::DHOLD, self.d, inputs.d);
        next.f = now.p_ah_bh;
        next.g = now.p_al_bl;
        if !config.mode_8x8 {
            next.j = now.p_al_bh;
            next.k = now.p_ah_bl;
            next.h = now.l;
        }
        next.q = hold(control::OHOLDTOP, self.q, now.p);
        next.s = hold(control::OHOLDBOT, self.s, now.r);
        next
    }

    /// Applies the asynchronous resets that are active.
    pub fn reset(&mut self, inputs: &Mac16Inputs) {
        if inputs.is(control::IRSTTOP) {
            (self.c, self.a, self.f, self.j) = (0, 0, 0, 0);
        }
        if inputs.is(control::IRSTBOT) {
            (self.b, self.d, self.k, self.g, self.h) = (0, 0, 0, 0, 0);
        }
        if inputs.is(control::ORSTTOP) {
            self.q = 0;
        }
        if inputs.is(control::ORSTBOT) {
            self.s = 0;
        }
    }

    /// All register bits, for comparing two engines.
    pub(crate) fn words(&self) -> [u32; 6] {
        let pair = |x: u16, y: u16| u32::from(x) << 16 | u32::from(y);
        [
            pair(self.a, self.b),
            pair(self.c, self.d),
            pair(self.f, self.j),
            pair(self.k, self.g),
            self.h,
            pair(self.q, self.s),
        ]
    }
}
