//! `starmesh completions`.

use clap::{Args, CommandFactory};
use clap_complete::Shell;
use starmesh_app::{AppError, ErrorCode};

use crate::cli::Cli;

#[derive(Args, Debug)]
pub(crate) struct CompletionsArgs {
    /// For which shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(crate) fn completions(args: &CompletionsArgs) -> Result<(), AppError> {
    use std::io::Write;
    // Into memory first: the generator panics when a pipe breaks.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "starmesh", &mut script);
    match std::io::stdout().lock().write_all(&script) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(AppError::new(ErrorCode::FileFailed, format!("could not write the script: {error}")))
        }
        _ => Ok(()),
    }
}
