//! `starmesh demo`, as people run it.

mod arguments;
mod ends;
mod story;

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use starmesh_tests::cli::{Ended, Running, Starmesh};
use starmesh_tests::{Failure, Outcome};
use tempfile::TempDir;
use tokio::process::Command;

/// The program on a machine where nothing was ever set up, with a folder of its own for scratch.
struct Scene {
    app: Starmesh,
    folder: TempDir,
}

impl Scene {
    fn new() -> Outcome<Self> {
        let folder = tempfile::Builder::new().prefix("starmesh-demo-test-").tempdir()?;
        let app = Starmesh::new(&folder.path().join("data"))?;
        fs::create_dir(folder.path().join("scratch"))?;
        Ok(Self { app, folder })
    }

    fn scratch(&self) -> PathBuf {
        self.folder.path().join("scratch")
    }

    /// No data folder and no vault is named: the demo has its own.
    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(self.app.binary());
        self.app.surround(&mut command);
        command.env("TMPDIR", self.scratch()).args(args);
        command
    }

    async fn run(&self, args: &[&str]) -> Outcome<Ended> {
        self.app.finish(self.command(args), args, "").await
    }

    fn start(&self, args: &[&str]) -> Outcome<Running> {
        self.app.launch(self.command(args), args, "")
    }

    /// No file is left, neither of the demo nor as if the program had been used.
    fn expect_nothing_left(&self) -> Outcome<()> {
        for folder in [self.scratch(), self.app.folder().to_owned()] {
            let left = match fs::read_dir(&folder) {
                Ok(entries) => entries.count(),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => 0,
                Err(error) => return Err(error.into()),
            };
            if left > 0 {
                return Err(Failure::new(format!("{left} files are left in {}", folder.display())));
            }
        }
        Ok(())
    }
}

/// The lines of a demo that was told in JSON.
struct Told(Vec<Value>);

impl Told {
    fn read(text: &str) -> Outcome<Self> {
        let lines = text.lines().map(serde_json::from_str).collect::<Result<Vec<Value>, _>>()?;
        Ok(Self(lines))
    }

    fn all(&self, kind: &str) -> Vec<&Value> {
        self.0.iter().filter(|line| line["demo"] == kind).collect()
    }

    fn one(&self, kind: &str) -> &Value {
        let all = self.all(kind);
        assert_eq!(all.len(), 1, "lines of {kind}");
        all[0]
    }
}
