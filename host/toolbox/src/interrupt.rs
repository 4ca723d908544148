//! Jobs that nobody waits for any more.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

thread_local! {
    /// What ends the jobs that this thread runs.
    static CURRENT: RefCell<Option<Arc<AtomicBool>>> = const { RefCell::new(None) };
}

/// Ends jobs from another thread: for work that is cancelled while a tool runs in it.
///
/// Every [`Toolbox::run`](crate::Toolbox::run) inside of the closure that
/// [`watch`](Self::watch) makes, on the same thread, ends with
/// [`ToolboxError::Stopped`](crate::ToolboxError::Stopped) as soon as this is dropped. The
/// toolbox and everybody else's jobs go on. What a toolbox asks for itself and keeps (the
/// tools' versions, their native code) is not ended.
#[derive(Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// `work`, under this interrupt.
    pub fn watch<T, W>(&self, work: W) -> impl FnOnce() -> T + use<T, W>
    where
        W: FnOnce() -> T,
    {
        let interrupted = Arc::clone(&self.0);
        move || {
            let _outer = Restore(CURRENT.replace(Some(interrupted)));
            work()
        }
    }
}

impl Drop for Interrupt {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Puts back what ended jobs before, also when the work panics.
struct Restore(Option<Arc<AtomicBool>>);

impl Drop for Restore {
    fn drop(&mut self) {
        CURRENT.set(self.0.take());
    }
}

/// Runs `work` under no interrupt.
pub(crate) fn uninterrupted<T>(work: impl FnOnce() -> T) -> T {
    let _outer = Restore(CURRENT.take());
    work()
}

/// What tells a job to end.
#[derive(Clone, Debug)]
pub(crate) struct StopSigns {
    toolbox: Arc<AtomicBool>,
    interrupt: Option<Arc<AtomicBool>>,
}

impl StopSigns {
    /// For a job that this thread is about to run.
    pub(crate) fn new(toolbox: &Arc<AtomicBool>) -> Self {
        Self { toolbox: Arc::clone(toolbox), interrupt: CURRENT.with_borrow(Clone::clone) }
    }

    pub(crate) fn is_up(&self) -> bool {
        let is_set = |sign: &AtomicBool| sign.load(Ordering::Relaxed);
        is_set(&self.toolbox) || self.interrupt.as_deref().is_some_and(is_set)
    }
}
