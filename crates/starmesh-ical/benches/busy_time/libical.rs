//! libical behind a small driver of its own: a process, since nothing here calls C.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use starmesh_core::time::TimeRange;

/// The driver with its resources.
pub(crate) struct Libical {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Libical {
    /// Builds the driver and gives it `resources`, to be read in `window`.
    pub(crate) fn new(resources: &[String], window: &TimeRange) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/busy_time/libical.c");
        let (program, file) = (folder.join("libical-driver"), folder.join("libical-resources"));
        let mut compiler = Command::new("cc");
        compiler.args(["-O2", "-Wall", "-o"]).arg(&program).arg(source).arg("-lical");
        let status = compiler.status().expect("a C compiler is installed");
        assert!(status.success(), "libical is not there: `apt-get install libical-dev` installs it");
        let text: String = resources.iter().flat_map(|resource| [resource.as_str(), "\0"]).collect();
        fs::write(&file, text).expect("the build's folder can be written");
        let mut command = Command::new(program);
        command.arg(file).args([window.lo, window.hi].map(|edge| edge.timestamp().to_string()));
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = child.expect("the driver starts");
        let questions = child.stdin.take().expect("its input is a pipe");
        let answers = BufReader::new(child.stdout.take().expect("its output is a pipe"));
        Self { child, questions, answers }
    }

    /// Reads all resources `rounds` times: how long that took, and how many busy spans there are.
    pub(crate) fn read(&mut self, rounds: u64) -> (Duration, usize) {
        writeln!(self.questions, "{rounds}").expect("the driver listens");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("the driver answers");
        let (nanoseconds, spans) = line.trim().split_once(' ').expect("two numbers");
        let nanoseconds = nanoseconds.parse().expect("nanoseconds are a number");
        (Duration::from_nanos(nanoseconds), spans.parse().expect("a count is a number"))
    }
}

impl Drop for Libical {
    fn drop(&mut self) {
        // It has nothing to lose, and nobody is left to hear of a failure.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
