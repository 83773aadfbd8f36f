//! What this process asks of the system for itself: no dumps of its memory, and room for its connections.

#[cfg(unix)]
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Keeps the memory of the process, which holds passwords and keys, out of core files and away from debuggers of other
/// users. What the system refuses is left as it is.
pub fn forbid_dumps() {
    #[cfg(unix)]
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    // A program that the kernel pipes dumps to need not heed the limit.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

/// Asks for as many open files as the system grants: each connection is one.
pub fn raise_open_files() {
    #[cfg(unix)]
    {
        let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
        let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    }
}

/// Has this thread step back when others want the processor. Where threads have no priority of their own, nothing happens.
pub(crate) fn give_way() {
    // What the system refuses is left as it is.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let _ = rustix::process::nice(STEPS_BACK);
}

/// Enough that requests come first, and not so much that a busy machine never gets to it.
#[cfg(any(target_os = "linux", target_os = "android"))]
const STEPS_BACK: i32 = 10;

/// How many files may be open at once; `None` where the system sets no limit.
pub(crate) fn open_files() -> Option<usize> {
    #[cfg(unix)]
    let limit = getrlimit(Resource::Nofile).current.and_then(|limit| usize::try_from(limit).ok());
    #[cfg(not(unix))]
    let limit = None;
    limit
}
