//! Runs a WebAssembly guest.

use super::{apply_common_limits, landlocked, module, set_limit};
use crate::protocol::{GuestOrder, Reply, SCRATCH};
use rustix::process::Resource;
use std::io::{self, Write};
use wasmtime::{Engine, Linker, Module, ResourceLimiter, Store, Trap};
use wasmtime_wasi::p1::{self, WasiP1Ctx};
use wasmtime_wasi::{FsPerms, I32Exit, WasiCtxBuilder};

/// Room for the host's own heap, thread stacks and tables beside the guest's
/// memory, in `RLIMIT_DATA`. Only what is writable counts there, so that, unlike
/// the address space with its reservations, it can be limited.
const HOST_DATA_BYTES: u64 = 512 << 20;
/// Yosys' table of functions has some 20 000 elements.
const TABLE_ELEMENTS_MAX: usize = 1 << 18;

/// Runs it; always a reply, as an `Option` like that of the native tools.
pub(super) fn run(order: GuestOrder) -> Option<Reply> {
    Some(prepare(order).unwrap_or_else(|error| Reply::Failed(format!("{error:#}"))))
}

fn prepare(order: GuestOrder) -> wasmtime::Result<Reply> {
    apply_common_limits(&order.limits)?;
    let data_bytes = order.limits.memory_bytes.saturating_add(HOST_DATA_BYTES);
    set_limit(Resource::Data, data_bytes, data_bytes)?;
    let engine = module::engine()?;
    let Some(module) = module::load(&engine, &order.module) else {
        return Ok(Reply::NotCompiled);
    };
    let read_only = order.read_only.iter().map(|(host, _)| host.as_path());
    if let Err(error) = landlocked::confine_guest(read_only, &order.dir) {
        return Ok(Reply::NoSandbox { step: "apply Landlock".into(), cause: error.to_string() });
    }
    std::thread::Builder::new()
        .stack_size(module::THREAD_STACK_BYTES)
        .spawn(move || call(&engine, &module, &order))?
        .join()
        .unwrap_or_else(|_| Ok(Reply::Failed("the thread of the guest panicked".into())))
}

fn call(engine: &Engine, module: &Module, order: &GuestOrder) -> wasmtime::Result<Reply> {
    let mut linker: Linker<Context> = Linker::new(engine);
    p1::add_to_linker_sync(&mut linker, |context| &mut context.wasi)?;
    // Yosys takes this for `dup2` and loses its standard output when it fails,
    // as wasmtime's does for descriptors that are not open. It has one log
    // file, the standard output: there is nothing to renumber.
    linker.allow_shadowing(true);
    linker.func_wrap("wasi_snapshot_preview1", "fd_renumber", |_from: i32, _to: i32| 0i32)?;
    let mut store = Store::new(engine, Context::new(order)?);
    store.limiter(|context| &mut context.memory);
    let instance = linker.instantiate(&mut store, module)?;
    let start = instance.get_typed_func::<(), ()>(&mut store, "_start")?;
    let result = start.call(&mut store, ());
    io::stdout().flush()?;
    Ok(match result {
        Ok(()) => Reply::Exited(0),
        Err(error) => {
            if let Some(exit) = error.downcast_ref::<I32Exit>() {
                Reply::Exited(exit.0)
            } else if store.data().memory.refused {
                Reply::MemoryLimit
            } else if let Some(trap) = error.downcast_ref::<Trap>() {
                Reply::Trapped(trap.to_string())
            } else {
                Reply::Trapped(format!("{error:#}"))
            }
        }
    })
}

struct Context {
    wasi: WasiP1Ctx,
    memory: MemoryLimiter,
}

impl Context {
    fn new(order: &GuestOrder) -> wasmtime::Result<Self> {
        let mut wasi = WasiCtxBuilder::new();
        wasi.arg(order.module.tool.name())
            .args(&order.args)
            .inherit_stdout()
            .inherit_stderr()
            // Each file operation on this thread instead of through an
            // executor: nextpnr takes 0.4 s instead of 0.65 s.
            .allow_blocking_current_thread(true);
        for (host, guest) in &order.read_only {
            wasi.preopened_dir(host, guest, FsPerms::ReadOnly)?;
        }
        wasi.preopened_dir(order.dir.join(SCRATCH), "/tmp", FsPerms::ReadWrite)?;
        wasi.preopened_dir(&order.dir, ".", FsPerms::ReadWrite)?;
        Ok(Self {
            wasi: wasi.build_p1(),
            memory: MemoryLimiter {
                bytes_max: usize::try_from(order.limits.memory_bytes).unwrap_or(usize::MAX),
                refused: false,
            },
        })
    }
}

/// Traps where a guest asks for too much, instead of letting its `malloc` fail:
/// what C++ does after that is anyone's guess.
struct MemoryLimiter {
    bytes_max: usize,
    refused: bool,
}

impl MemoryLimiter {
    fn refuse(&mut self, what: &str) -> wasmtime::Result<bool> {
        self.refused = true;
        Err(wasmtime::Error::msg(format!("{what} over the limit")))
    }
}

impl ResourceLimiter for MemoryLimiter {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if desired > self.bytes_max || maximum.is_some_and(|max| desired > max) {
            return self.refuse("memory");
        }
        Ok(true)
    }

    fn memory_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        self.refused = true;
        Err(error)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if desired > TABLE_ELEMENTS_MAX {
            return self.refuse("a table");
        }
        Ok(true)
    }
}
