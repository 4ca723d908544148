//! What Verilog text says about its modules, without elaborating it.
//!
//! Enough to find the module that a bench expects of a candidate, the module that a golden
//! puts on top, and to give a module another name. Everything else is left to the tools.

use crate::SourceText;
use std::collections::BTreeSet;
use std::ops::Range;

/// Modules by name, in the order of their first appearance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Modules {
    pub(crate) defined: Vec<String>,
    pub(crate) instantiated: Vec<String>,
}

impl Modules {
    /// Of all the sources among `files`.
    pub(crate) fn of(files: &[SourceText]) -> Self {
        let mut out = Self::default();
        for file in files.iter().filter(|file| file.is_source()) {
            for place in places(&file.contents) {
                let list = if place.definition { &mut out.defined } else { &mut out.instantiated };
                if !list.contains(&place.name) {
                    list.push(place.name);
                }
            }
        }
        out
    }

    /// Those that no other module instantiates.
    pub(crate) fn tops(&self) -> Vec<&str> {
        let tops = self.defined.iter().filter(|name| !self.instantiated.contains(name));
        tops.map(String::as_str).collect()
    }

    /// Those that are instantiated and not defined here.
    pub(crate) fn missing(&self) -> Vec<&str> {
        let missing = self.instantiated.iter().filter(|name| !self.defined.contains(name));
        missing.map(String::as_str).collect()
    }
}

/// The text with module `from` called `to`, wherever it is defined or instantiated.
pub(crate) fn rename(contents: &[u8], from: &str, to: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(contents.len());
    let mut at = 0;
    for place in places(contents) {
        if place.name == from {
            out.extend_from_slice(&contents[at..place.range.start]);
            out.extend_from_slice(to.as_bytes());
            at = place.range.end;
        }
    }
    out.extend_from_slice(&contents[at..]);
    out
}

/// Where a module's name stands.
struct Place {
    name: String,
    range: Range<usize>,
    definition: bool,
}

/// `module NAME`, and `NAME [#(…)] instance [range] (`, in the order of the text.
fn places(text: &[u8]) -> Vec<Place> {
    let tokens = tokens(text);
    let mut out = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let word = match &tokens[at] {
            Token::Word { range, .. } => &text[range.clone()],
            Token::Mark(_) => {
                at += 1;
                continue;
            }
        };
        if word == b"module" || word == b"macromodule" {
            let mut name_at = at + 1;
            while let Some(Token::Word { range, .. }) = tokens.get(name_at)
                && [&b"automatic"[..], b"static"].contains(&&text[range.clone()])
            {
                name_at += 1;
            }
            if let Some(Token::Word { range, .. }) = tokens.get(name_at) {
                out.push(Place::new(text, range.clone(), true));
            }
            at = name_at + 1;
        } else if is_keyword(word) {
            at += 1;
        } else {
            if is_instance(text, &tokens, at)
                && let Token::Word { range, .. } = &tokens[at]
            {
                out.push(Place::new(text, range.clone(), false));
            }
            at += 1;
        }
    }
    out
}

impl Place {
    fn new(text: &[u8], range: Range<usize>, definition: bool) -> Self {
        let word = &text[range.clone()];
        let name = String::from_utf8_lossy(word.strip_prefix(b"\\").unwrap_or(word)).into_owned();
        Self { name, range, definition }
    }
}

/// Whether the word at `at` names a module that is instantiated there.
fn is_instance(text: &[u8], tokens: &[Token], at: usize) -> bool {
    let mark =
        |at: usize, wanted: u8| matches!(tokens.get(at), Some(Token::Mark(m)) if *m == wanted);
    let mut at = at + 1;
    if mark(at, b'#') {
        at += 1;
        if mark(at, b'(') {
            match balanced(tokens, at, b'(', b')') {
                Some(end) => at = end,
                None => return false,
            }
        } else {
            at += 1;
        }
    }
    match tokens.get(at) {
        Some(Token::Word { range, .. }) if !is_keyword(&text[range.clone()]) => at += 1,
        _ => return false,
    }
    while mark(at, b'[') {
        match balanced(tokens, at, b'[', b']') {
            Some(end) => at = end,
            None => return false,
        }
    }
    mark(at, b'(')
}

/// The index behind the mark that closes the one at `at`.
fn balanced(tokens: &[Token], at: usize, open: u8, close: u8) -> Option<usize> {
    let mut depth = 0usize;
    for (index, token) in tokens.iter().enumerate().skip(at) {
        match token {
            Token::Mark(mark) if *mark == open => depth += 1,
            Token::Mark(mark) if *mark == close => {
                depth -= 1;
                if depth == 0 {
                    return Some(index + 1);
                }
            }
            // An instance's parameters and ranges hold no statement.
            Token::Mark(b';') => return None,
            _ => {}
        }
    }
    None
}

enum Token {
    /// An identifier, a keyword, a number.
    Word { range: Range<usize> },
    /// One character of anything else.
    Mark(u8),
}

/// Directives whose arguments end with the line.
const LINE_DIRECTIVES: [&[u8]; 9] = [
    b"define",
    b"undef",
    b"include",
    b"timescale",
    b"default_nettype",
    b"ifdef",
    b"ifndef",
    b"elsif",
    b"line",
];

fn tokens(text: &[u8]) -> Vec<Token> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let length = match rest[0] {
            b'/' if rest.starts_with(b"//") => line_length(rest),
            b'/' if rest.starts_with(b"/*") => {
                rest[2..].windows(2).position(|w| w == b"*/").map_or(rest.len(), |end| end + 4)
            }
            b'"' => string_length(rest),
            // An attribute; `(*)` is a sensitivity list.
            b'(' if rest.starts_with(b"(*") && !is_star(&rest[2..]) => {
                rest[2..].windows(2).position(|w| w == b"*)").map_or(rest.len(), |end| end + 4)
            }
            b'`' => {
                let word = 1 + word_length(&rest[1..]);
                if LINE_DIRECTIVES.contains(&&rest[1..word]) {
                    directive_length(rest)
                } else {
                    word
                }
            }
            b'\\' => {
                let end = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
                out.push(Token::Word { range: at..at + end });
                end
            }
            c if is_word(c) => {
                let length = word_length(rest);
                out.push(Token::Word { range: at..at + length });
                length
            }
            c if c.is_ascii_whitespace() => 1,
            c => {
                out.push(Token::Mark(c));
                1
            }
        };
        at += length.max(1);
    }
    out
}

/// Whether only `)` follows, as in `@(*)`.
fn is_star(rest: &[u8]) -> bool {
    rest.iter().find(|c| !c.is_ascii_whitespace()) == Some(&b')')
}

fn line_length(rest: &[u8]) -> usize {
    rest.iter().position(|&c| c == b'\n').unwrap_or(rest.len())
}

/// To the end of the line that no backslash continues.
fn directive_length(rest: &[u8]) -> usize {
    let mut at = 0;
    loop {
        at += line_length(&rest[at..]);
        let line = rest[..at].strip_suffix(b"\r").unwrap_or(&rest[..at]);
        if at == rest.len() || !line.ends_with(b"\\") {
            return at;
        }
        at += 1;
    }
}

fn string_length(rest: &[u8]) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            // No string goes on in the next line: an apostrophe of a comment, say.
            b'\n' => return at,
            _ => at += 1,
        }
    }
    rest.len()
}

fn word_length(rest: &[u8]) -> usize {
    rest.iter().position(|&c| !is_word(c)).unwrap_or(rest.len())
}

fn is_word(c: u8) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, b'_' | b'$')
}

/// Words that can stand where a module's name or an instance's name could, and numbers.
fn is_keyword(word: &[u8]) -> bool {
    const KEYWORDS: &str = "always always_comb always_ff always_latch and assert assign assume \
        automatic begin bit buf bufif0 bufif1 byte case casex casez cell checker class clocking \
        cmos config const constraint cover covergroup deassign default defparam disable do edge \
        else end endcase endclass endclocking endconfig endfunction endgenerate endinterface \
        endmodule endpackage endprimitive endprogram endproperty endsequence endspecify endtask \
        enum event export extends final for force foreach forever fork function generate genvar \
        highz0 highz1 if iff import initial inout input int integer interface join join_any \
        join_none large let localparam logic longint macromodule medium modport module nand \
        negedge new nmos nor not notif0 notif1 or output package packed parameter pmos posedge \
        primitive priority program property pull0 pull1 pulldown pullup pure rand randc rcmos \
        real realtime reg release repeat return rnmos rpmos rtran rtranif0 rtranif1 sequence \
        shortint shortreal signed small specify specparam static string strong0 strong1 struct \
        super supply0 supply1 table task this time timeprecision timeunit tran tranif0 tranif1 \
        tri tri0 tri1 triand trior trireg type typedef union unique unsigned use uwire var \
        vectored virtual void wait wand weak0 weak1 while wire wor xnor xor";
    static SET: std::sync::LazyLock<BTreeSet<&str>> =
        std::sync::LazyLock::new(|| KEYWORDS.split_ascii_whitespace().collect());
    word.first().is_none_or(|c| c.is_ascii_digit() || *c == b'$')
        || std::str::from_utf8(word).is_ok_and(|word| SET.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modules(text: &str) -> (Vec<String>, Vec<String>) {
        let file = SourceText { name: "t.v".into(), contents: text.into() };
        let Modules { defined, instantiated } = Modules::of(&[file]);
        (defined, instantiated)
    }

    #[test]
    fn modules_and_instances_are_told_from_the_rest() {
        let (defined, instantiated) = modules(
            "`timescale 1ns / 1ps\n`define M module no (\n\
             (* top *) module tb #(parameter N = 2) (input a);\n\
             // module comment;\n/* adder no (a); */\n\
             reg [7:0] x [0:3]; wire w; integer i;\n\
             adder #(.W(8), .D((1+2))) uut (.a(a));\n\
             \\odd-name  odd (a); fifo f [3:0] (a); delay #5 d1 (a);\n\
             and g1 (w, a, a);\n\
             function integer half(input integer n); half = n / 2; endfunction\n\
             initial begin $display(\"adder s (x)\", 8'hff); task_call(a); #10 x[0] = f2(a); end\n\
             always @(*) if (a) i = 1; else i = 2;\n\
             generate if (N) begin : g sub s (a); end endgenerate\n\
             endmodule\nmodule automatic sub(input a); endmodule\n",
        );
        assert_eq!(defined, ["tb", "sub"]);
        assert_eq!(instantiated, ["adder", "odd-name", "fifo", "delay", "sub"]);
    }

    #[test]
    fn a_name_is_changed_where_it_is_a_modules() {
        let text = b"module a(input a); a2 x(a); a y(a); endmodule // a\n\xff";
        let renamed = rename(text, "a", "b");
        assert_eq!(renamed, b"module b(input a); a2 x(a); b y(a); endmodule // a\n\xff");
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            places(&bytes);
        }

        #[test]
        fn no_text_makes_it_panic(text in "(module|a|#|\\(|\\)|\\[|;|`define|\\\\|\"|\n| |\\(\\*|/\\*|//){0,60}") {
            places(text.as_bytes());
        }
    }
}
