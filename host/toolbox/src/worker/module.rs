//! From a WebAssembly module to native code in the cache.
//!
//! Loading native code means trusting it: the cache's `compiled` folder belongs
//! to this user and nobody else can write there (the parent checks that), and a
//! file appears in it by a rename, complete or not at all.

use crate::protocol::{ModuleRef, Reply};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::io::Write;
use std::path::{Path, PathBuf};
use wasmtime::{Config, Engine, Module};

/// What the guest may use of [`THREAD_STACK_BYTES`].
const GUEST_STACK_BYTES: usize = 64 << 20;
/// wasmtime wants the stack of its (unused) fibres above that of the guest.
const FIBRE_STACK_BYTES: usize = 72 << 20;
/// Of the thread that runs a guest: the guest's share, and room for the host.
pub(super) const THREAD_STACK_BYTES: usize = 96 << 20;

/// The engine that compiles and runs every guest.
///
/// Without epochs or fuel, which cost a third of the speed: a worker is killed
/// instead. A 4 GiB reservation with guard pages elides bounds checks.
pub(super) fn engine() -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    config
        .wasm_exceptions(true)
        .memory_reservation(4 << 30)
        .memory_guard_size(32 << 20)
        .memory_may_move(false)
        .max_wasm_stack(GUEST_STACK_BYTES)
        .async_stack_size(FIBRE_STACK_BYTES)
        .generate_address_map(false)
        .wasm_backtrace_max_frames(None);
    Engine::new(&config)
}

/// The file for this module's native code. Its name holds the module's hash and
/// one over wasmtime's version, the configuration and this CPU's features.
fn path(engine: &Engine, module: &ModuleRef) -> PathBuf {
    let mut hasher = Sha256Hasher(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut hasher);
    let key = hex::encode(&hasher.0.finalize()[..8]);
    let name = format!("{}-{}-{key}.cwasm", module.tool, &module.sha256[..16]);
    module.compiled.join(name)
}

/// The module's native code, mapped into this process, if it is there and fits.
pub(super) fn load(engine: &Engine, module: &ModuleRef) -> Option<Module> {
    let path = path(engine, module);
    if !path.exists() {
        return None;
    }
    // SAFETY: the file was written by `compile` below and, see the head of this
    // module, by nobody else.
    unsafe { Module::deserialize_file(engine, path) }.ok()
}

pub(super) fn locate(module: &ModuleRef) -> Reply {
    match engine() {
        Ok(engine) if load(&engine, module).is_some() => Reply::Compiled,
        Ok(_) => Reply::NotCompiled,
        Err(error) => Reply::Failed(format!("{error:#}")),
    }
}

/// Compiles, unless a usable file is there. The parent holds a lock meanwhile.
pub(super) fn compile(module: &ModuleRef) -> Reply {
    let engine = match engine() {
        Ok(engine) => engine,
        Err(error) => return Reply::Failed(format!("{error:#}")),
    };
    if load(&engine, module).is_some() {
        return Reply::Compiled;
    }
    let wasm = match fs::read(&module.wasm) {
        Ok(wasm) => wasm,
        Err(error) => return Reply::BadModule(format!("{}: {error}", module.wasm.display())),
    };
    let sha256 = hex::encode(Sha256::digest(&wasm));
    if sha256 != module.sha256 {
        return Reply::BadModule(format!(
            "{} has SHA-256 {sha256}, but flows/tools.toml pins {}",
            module.wasm.display(),
            module.sha256
        ));
    }
    let code = match engine.precompile_module(&wasm) {
        Ok(code) => code,
        Err(error) => return Reply::BadModule(format!("{error:#}")),
    };
    let path = path(&engine, module);
    match write_whole(&path, &code) {
        Ok(()) => Reply::Compiled,
        Err(error) => Reply::Failed(format!("cannot write {}: {error}", path.display())),
    }
}

fn write_whole(path: &Path, contents: &[u8]) -> std::io::Result<()> {
    // One writer at a time has the lock, so one name for the unfinished file
    // will do, and a leftover is overwritten.
    let unfinished = path.with_extension("unfinished");
    let mut file = File::create(&unfinished)?;
    file.write_all(contents)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)
}

/// Lets a `Hash` feed SHA-256, whose result, unlike that of the standard
/// library's hashers, stays the same from one compiler to the next.
struct Sha256Hasher(Sha256);

impl Hasher for Sha256Hasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let digest = self.0.clone().finalize();
        u64::from_le_bytes(std::array::from_fn(|i| digest[i]))
    }
}
