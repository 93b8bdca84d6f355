//! The command line of Starmesh.
//!
//! `cli` says what can be typed, `commands` does it, one file per noun, and `text` puts answers into words.
//! Everything else is the façade's (`starmesh-app`). This file alone reads the environment.

mod browser;
mod cli;
mod commands;
mod context;
mod duration;
mod output;
mod progress;
mod service;
mod stop;
mod terminal;
mod text;

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use secrecy::SecretString;
use starmesh_app::{
    AppError, ErrorCode, ExitClass, HttpOptions, PassphraseCost, SystemClock, SystemEntropy, World,
    local_zone,
};
use tracing_subscriber::EnvFilter;

use crate::cli::{Cli, Global};
use crate::context::Context;
use crate::output::{Colour, Output, say};
use crate::terminal::Terminal;

/// Gives back to the system what a plan of everything needed for a moment; the C library's keeps most of it.
#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Err(problem) = start_log(cli.global.verbose) {
        say(&format!("error: STARMESH_LOG is no filter: {problem}"));
        return ExitCode::from(exit_code(ExitClass::Usage));
    }
    let out = output(&cli.global);
    let done = context(&cli.global, out.clone()).and_then(|context| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime
            .map_err(|error| AppError::new(ErrorCode::Internal, format!("could not start: {error}")))?;
        let done = runtime.block_on(commands::carry_out(&context, cli.command));
        // What was given up, such as a name that the system still looks up, keeps nobody waiting.
        runtime.shutdown_background();
        done
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            out.failure(&error);
            ExitCode::from(exit_code(error.code.exit()))
        }
    }
}

fn exit_code(class: ExitClass) -> u8 {
    match class {
        ExitClass::Failed => 1,
        ExitClass::Usage => 2,
        ExitClass::NeedsPerson => 3,
    }
}

fn output(global: &Global) -> Output {
    let terminal = std::io::stderr().is_terminal();
    // https://no-color.org: set to anything but nothing.
    let wanted = environment("NO_COLOR").is_none_or(|value| value.is_empty());
    let answers = wanted && std::io::stdout().is_terminal();
    Output {
        json: global.json,
        zone: local_zone(environment("TZ").as_deref()),
        colour: Colour { answers, errors: wanted && terminal },
        progress: terminal && !global.json,
    }
}

fn context(global: &Global, out: Output) -> Result<Context, AppError> {
    let terminal = Terminal {
        interactive: !global.json && std::io::stdin().is_terminal() && std::io::stderr().is_terminal(),
        passphrase: passphrase()?,
    };
    let data_dir = match &global.data_dir {
        Some(folder) => folder.clone(),
        None => default_data_dir()?,
    };
    Ok(Context {
        data_dir,
        data_dir_given: global.data_dir.is_some(),
        vault: global.vault.map(Into::into),
        verbose: global.verbose,
        out,
        world: World {
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            passphrases: Arc::new(terminal.clone()),
            zone: environment("TZ"),
            http: HttpOptions::default(),
            passphrase_cost: PassphraseCost::STANDARD,
        },
        terminal,
    })
}

/// The passphrase that the environment holds, or the file that it names.
fn passphrase() -> Result<Option<SecretString>, AppError> {
    if let Some(passphrase) = environment("STARMESH_PASSPHRASE") {
        return Ok(Some(SecretString::from(passphrase)));
    }
    let file = environment("STARMESH_PASSPHRASE_FILE").filter(|file| !file.is_empty());
    file.map(|file| terminal::passphrase_in(Path::new(&file))).transpose()
}

fn default_data_dir() -> Result<PathBuf, AppError> {
    if let Some(folder) = environment("STARMESH_DATA_DIR").filter(|folder| !folder.is_empty()) {
        return Ok(PathBuf::from(folder));
    }
    directories::ProjectDirs::from("", "", "starmesh")
        .map(|dirs| dirs.data_local_dir().to_owned())
        .ok_or_else(|| {
            AppError::new(ErrorCode::InvalidValue, "there is no home folder to keep data in")
                .hint("name a folder with --data-dir")
        })
}

/// Off unless asked for: nothing is written anywhere that a person did not ask to see.
fn start_log(verbose: bool) -> Result<(), String> {
    let filter = match environment("STARMESH_LOG").filter(|filter| !filter.is_empty()) {
        Some(filter) => EnvFilter::try_new(filter).map_err(|error| error.to_string())?,
        None if verbose => EnvFilter::new(
            "starmesh=debug,starmesh_app=debug,starmesh_engine=debug,starmesh_caldav=debug,starmesh_ics=debug,\
             starmesh_http=debug,starmesh_store=debug",
        ),
        None => return Ok(()),
    };
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    Ok(())
}

/// A variable of the environment. One that is not Unicode is as good as none.
#[expect(clippy::disallowed_methods, reason = "this is the seam itself")]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
