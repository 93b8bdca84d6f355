//! Writes the TypeScript types of the answers into the folder that is named; `cargo xtask bindings` runs it.

use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("error: which folder?");
        return ExitCode::FAILURE;
    };
    match starmesh_app::dto::bindings::export(&folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: the types could not be written: {error}");
            ExitCode::FAILURE
        }
    }
}
