use std::{
    fs::{File, OpenOptions, TryLockError},
    path::Path,
    time::Duration,
};

use crate::{Problem, Result};

/// How often it is tried, and how long is waited in between: a program that this process is starting holds a copy of the
/// file's handle for a moment, and with it the lock.
const TRIES: usize = 20;
const PAUSE: Duration = Duration::from_millis(50);

/// Takes the lock at `path`, which one run at a time has.
///
/// # Errors
/// [`Problem::Busy`] for `what` while another run has it.
pub(crate) fn take(path: &Path, what: &Path) -> Result<File> {
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(path);
    let file = file.map_err(Problem::file("criar", path))?;
    for _ in 0..TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
            Err(TryLockError::Error(error)) => return Err(Problem::file("usar", path)(error)),
        }
    }
    Err(Problem::Busy(what.to_owned()))
}
