//! `cargo xtask firmware`: the soft MCU's image, from source to the cache.
//!
//! The image needs a `core` for riscv32i. Where the toolchain has one, plain cargo builds
//! it; where rustup can add one, it does; where neither is possible (a distribution's
//! toolchain, a closed network), Debian's own rustc and library source are unpacked into
//! the cache, and `core` is built from them once.

use crate::project::{Project, capture, on_path, run};
use crate::scratch::Scratch;
use anyhow::{Context, Result, bail, ensure};
use filbench_wire::regmap::capacity;
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const TARGET: &str = "riscv32i-unknown-none-elf";
/// Bytes of RAM below the identity block; the image and its stack share them.
const ROOM: usize = capacity::IMAGE;

/// Builds the image and puts it into the cache as `firmware/soft-<sha256>.bin`, with
/// `firmware/soft.bin` as the current one.
pub fn build(project: &Project) -> Result<()> {
    let toolchain = toolchain(project)?;
    let mut cargo = project.cargo(&["build", "--release", "--locked", "--target", TARGET]);
    cargo.current_dir(project.root.join("firmware/apps"));
    let target_dir = project.root.join("target/firmware").join(toolchain.key());
    cargo.env("CARGO_TARGET_DIR", &target_dir);
    toolchain.apply(&mut cargo);
    run(&mut cargo)?;
    let elf = target_dir.join(TARGET).join("release/soft");
    let Flattened { image, used } = flatten(&elf)?;
    let sha256 = hex::encode(Sha256::digest(&image));
    let folder = project.cache.join("firmware");
    fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
    let named = folder.join(format!("soft-{}.bin", &sha256[..16]));
    for path in [&named, &folder.join("soft.bin")] {
        let fresh = folder.join(format!(".{}.new", std::process::id()));
        fs::write(&fresh, &image).with_context(|| format!("write {}", fresh.display()))?;
        fs::rename(&fresh, path).with_context(|| format!("write {}", path.display()))?;
    }
    eprintln!(
        "firmware: {} bytes, sha256 {}; {} bytes left for the stack",
        image.len(),
        &sha256[..16],
        ROOM - used
    );
    Ok(())
}

/// Lints the images, with warnings as errors, where the toolchain that runs this task has
/// the target. Debian's rustc, which builds them elsewhere, comes without clippy.
pub fn lint(project: &Project) -> Result<()> {
    if !has_core(project)? {
        eprintln!(
            "no `core` for {TARGET}: the firmware is not linted; CI does, where rustup works"
        );
        return Ok(());
    }
    let target_dir = project.root.join("target/firmware/clippy");
    run(project
        .cargo(&["clippy", "--release", "--locked", "--quiet", "--target", TARGET])
        .args(["--", "-D", "warnings"])
        .current_dir(project.root.join("firmware/apps"))
        .env("CARGO_TARGET_DIR", target_dir))
}

/// What can compile for the soft MCU.
enum Toolchain {
    /// The one that runs this task.
    Installed,
    /// Debian's rustc with a `core` of our own, below this folder.
    Debian(PathBuf),
}

impl Toolchain {
    /// Names a target folder: cargo does not notice when `core` changes under it.
    fn key(&self) -> String {
        match self {
            Self::Installed => "installed".into(),
            Self::Debian(root) => {
                root.file_name().unwrap_or_default().to_string_lossy().into_owned()
            }
        }
    }

    fn apply(&self, cargo: &mut Command) {
        if let Self::Debian(root) = self {
            cargo.env("RUSTC", root.join("rustc"));
        }
    }
}

fn toolchain(project: &Project) -> Result<Toolchain> {
    if has_core(project)? {
        return Ok(Toolchain::Installed);
    }
    if on_path("rustup") {
        eprintln!("adding the target {TARGET}");
        let added = capture(project.command("rustup").args(["target", "add", TARGET]));
        if added.is_ok() && has_core(project)? {
            return Ok(Toolchain::Installed);
        }
    }
    if !on_path("apt-get") || !on_path("dpkg-deb") {
        bail!("no `core` for {TARGET}; type: rustup target add {TARGET}");
    }
    eprintln!("rustup cannot add {TARGET}; building its `core` from Debian's packages, once");
    debian(project).with_context(|| {
        format!("no `core` for {TARGET}; where rustup works, type: rustup target add {TARGET}")
    })
}

fn has_core(project: &Project) -> Result<bool> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let folder =
        capture(project.command(rustc).args(["--print", "target-libdir", "--target", TARGET]))?;
    Ok(holds_core(Path::new(folder.trim())))
}

fn holds_core(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|entries| {
        entries.flatten().any(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            name.starts_with("libcore-") && name.ends_with(".rlib")
        })
    })
}

/// Debian's rustc, unpacked, with `core` for the target; made once, then reused.
fn debian(project: &Project) -> Result<Toolchain> {
    let mut names = debian_packages(project)?;
    if names.len() < 4 {
        eprintln!("refreshing the package lists");
        capture(project.command("apt-get").args(["update", "-q"]))?;
        names = debian_packages(project)?;
    }
    let version = capture(project.command("apt-cache").args(["show", "rustc-web"]))?
        .lines()
        .find_map(|line| line.strip_prefix("Version: ").map(str::to_owned))
        .context("Debian has no package rustc-web; a newer release may have it")?;
    let version: String =
        version.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let folder = project.cache.join("rust-sysroot");
    let root = folder.join(&version);
    if holds_core(&library(&root)) {
        return Ok(Toolchain::Debian(root));
    }
    fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
    let scratch = Scratch::new(project, "rust-sysroot")?;
    let work = scratch.path();
    fs::create_dir(work.join("debs")).with_context(|| format!("create {}", work.display()))?;
    eprintln!("fetching {}", names.join(", "));
    capture(
        project.command("apt-get").arg("download").args(&names).current_dir(work.join("debs")),
    )?;
    for entry in fs::read_dir(work.join("debs")).context("list the packages")?.flatten() {
        capture(project.command("dpkg-deb").arg("-x").arg(entry.path()).arg(work))?;
    }
    fs::remove_dir_all(work.join("debs")).context("remove the packages")?;
    wrap_rustc(project, work)?;
    bake_core(project, work)?;
    // Another process may have been faster; its folder is as good.
    match fs::rename(work, &root) {
        Err(error) if !holds_core(&library(&root)) => {
            Err(error).with_context(|| format!("rename {}", work.display()))
        }
        _ => Ok(Toolchain::Debian(root)),
    }
}

/// `rustc-web` and those of its dependencies that no ordinary machine has.
fn debian_packages(project: &Project) -> Result<Vec<String>> {
    let mut names = vec!["rustc-web".to_owned(), "rust-web-src".to_owned()];
    let mut next = 0;
    while next < names.len() {
        let depends = capture(project.command("apt-cache").args(["depends", &names[next]]))
            .unwrap_or_default();
        for line in depends.lines() {
            if let Some(name) = line.trim().strip_prefix("Depends: ")
                && (name.starts_with("libstd-rust-web") || name.starts_with("libllvm"))
                && !names.iter().any(|known| known == name)
            {
                names.push(name.to_owned());
            }
        }
        next += 1;
    }
    Ok(names)
}

fn library(root: &Path) -> PathBuf {
    root.join("usr/lib/rustlib").join(TARGET).join("lib")
}

/// A `rustc` that finds its libraries wherever its folder stands, and our linker in it.
fn wrap_rustc(project: &Project, root: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let script = "#!/bin/sh\n\
        here=$(dirname \"$0\")\n\
        LD_LIBRARY_PATH=\"$here/usr/lib/x86_64-linux-gnu:$here/usr/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}\" \
        exec \"$here/usr/bin/rustc\" \"$@\"\n";
    let wrapper = root.join("rustc");
    fs::write(&wrapper, script).with_context(|| format!("write {}", wrapper.display()))?;
    fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755))
        .with_context(|| format!("make {} executable", wrapper.display()))?;
    let sysroot = capture(project.command("rustc").args(["--print", "sysroot"]))?;
    let host = "x86_64-unknown-linux-gnu";
    let linker = Path::new(sysroot.trim()).join("lib/rustlib").join(host).join("bin/rust-lld");
    let bin = root.join("usr/lib/rustlib").join(host).join("bin");
    fs::create_dir_all(&bin).with_context(|| format!("create {}", bin.display()))?;
    fs::copy(&linker, bin.join("rust-lld"))
        .with_context(|| format!("copy the linker {}", linker.display()))?;
    Ok(())
}

/// Builds `core`, `alloc` and `compiler_builtins` and puts them where rustc looks.
fn bake_core(project: &Project, root: &Path) -> Result<()> {
    eprintln!("building `core` for {TARGET}");
    let bake = root.join("bake");
    fs::create_dir_all(bake.join("src")).with_context(|| format!("create {}", bake.display()))?;
    fs::write(
        bake.join("Cargo.toml"),
        "[package]\nname = \"bake\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
         [workspace]\n[profile.release]\nopt-level = \"s\"\npanic = \"abort\"\n",
    )
    .context("write the package that pulls in `core`")?;
    fs::write(bake.join("src/lib.rs"), "#![no_std]\n")
        .context("write the package that pulls in `core`")?;
    capture(
        project
            .cargo(&["build", "-Zbuild-std=core,alloc", "--release", "--target", TARGET])
            .current_dir(&bake)
            .env("RUSTC", root.join("rustc"))
            .env("RUSTC_BOOTSTRAP", "1")
            // Without bitcode in `core`, link-time optimisation of the image fails.
            .env("RUSTFLAGS", "-Cembed-bitcode=yes")
            .env("CARGO_TARGET_DIR", bake.join("target")),
    )?;
    let to = library(root);
    fs::create_dir_all(&to).with_context(|| format!("create {}", to.display()))?;
    let from = bake.join("target").join(TARGET).join("release/deps");
    for entry in fs::read_dir(&from).with_context(|| format!("list {}", from.display()))?.flatten()
    {
        let name = entry.file_name();
        let text = name.to_string_lossy();
        if text.ends_with(".rlib") && !text.starts_with("libbake") {
            fs::copy(entry.path(), to.join(&name))
                .with_context(|| format!("copy {}", entry.path().display()))?;
        }
    }
    fs::remove_dir_all(&bake).with_context(|| format!("remove {}", bake.display()))?;
    if !holds_core(&to) {
        bail!("the build of `core` left no library in {}", to.display());
    }
    Ok(())
}

/// What the soft MCU's RAM begins with.
struct Flattened {
    /// From address 0 on, whole words.
    image: Vec<u8>,
    /// Bytes of the image and of the variables behind it; the stack comes down to here.
    used: usize,
}

/// Puts the segments of the ELF file where they are loaded.
fn flatten(elf: &Path) -> Result<Flattened> {
    use object::{Object, ObjectSegment, ObjectSymbol};
    let bytes = fs::read(elf).with_context(|| format!("read {}", elf.display()))?;
    let file = object::File::parse(&*bytes).with_context(|| format!("parse {}", elf.display()))?;
    let top = file.symbols().find(|symbol| symbol.name() == Ok("_stack_top"));
    let top = top.context("the linker script names no _stack_top")?.address();
    ensure!(
        top == ROOM as u64,
        "the stack begins at {top:#x}, the identity block at {ROOM:#x}; make \
         firmware/apps/soft/link.x agree with fpga/regmap.toml"
    );
    let mut image = Vec::new();
    let mut used = 0;
    for segment in file.segments() {
        let data = segment.data().with_context(|| format!("read {}", elf.display()))?;
        let start = usize::try_from(segment.address()).context("a 32-bit address")?;
        let size = usize::try_from(segment.size()).context("a 32-bit size")?;
        used = used.max(start + size);
        if used > ROOM {
            bail!("{} loads up to {used:#x}; the RAM ends at {ROOM:#x}", elf.display());
        }
        let end = start + data.len();
        if image.len() < end {
            image.resize(end, 0);
        }
        image[start..end].copy_from_slice(data);
    }
    image.resize(image.len().next_multiple_of(4), 0);
    Ok(Flattened { used: used.max(image.len()), image })
}
