//! The lock of a data folder between processes.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use starmesh_store::{DataFolderLock, LockError, holder};

/// Names the child's data folder.
const FOLDER: &str = "STARMESH_TEST_LOCK";

#[test]
fn a_killed_process_holds_no_lock() {
    let home = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "lock::one_process_holds_the_lock", "--nocapture"])
        .env(FOLDER, home.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("held")), "the child got the lock");

    assert_eq!(holder(home.path()), Some(child.id()));
    let refused = DataFolderLock::acquire(home.path()).unwrap_err();
    assert!(matches!(refused, LockError::Held { pid: Some(pid), .. } if pid == child.id()));

    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(holder(home.path()), None);
    let lock = DataFolderLock::acquire(home.path()).unwrap();
    assert_eq!(holder(home.path()), Some(std::process::id()));
    drop(lock);
}

/// Also the child of the test above, which names its folder and kills it.
#[test]
fn one_process_holds_the_lock() {
    let own = tempfile::tempdir().unwrap();
    let given = std::env::var_os(FOLDER).map(PathBuf::from);
    let folder = given.as_deref().unwrap_or(own.path());
    let _lock = DataFolderLock::acquire(folder).unwrap();
    assert_eq!(holder(folder), Some(std::process::id()));
    if given.is_some() {
        println!("held");
        // Until the parent is gone, in case it fails before it kills.
        std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    }
}
