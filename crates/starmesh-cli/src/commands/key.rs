//! `starmesh key`.

use std::path::PathBuf;

use clap::Subcommand;
use starmesh_app::{Access, AppError, Starmesh};

use crate::context::Context;
use crate::text;

#[derive(Subcommand, Debug)]
pub(crate) enum KeyCommand {
    /// Write the key to a recovery file, sealed under a passphrase (asked for, or `STARMESH_PASSPHRASE`)
    Export {
        /// The file; it must not exist yet
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Take the key of a recovery file over
    Import {
        /// The recovery file
        file: PathBuf,
    },
}

pub(crate) async fn carry_out(context: &Context, command: KeyCommand) -> Result<(), AppError> {
    match command {
        KeyCommand::Export { out } => {
            // The keys are made on first use, so that a key can be exported before anything else is done.
            let access = if Starmesh::exists(&context.data_dir) { Access::Read } else { Access::Configure };
            let starmesh = context.open(access).await?;
            let exported = starmesh.export_key(&out);
            starmesh.close().await;
            exported?;
            let value = serde_json::json!({ "file": out.display().to_string() });
            context.out.answer(&value, || {
                format!("Wrote the key to {}. Keep it and its passphrase apart.", out.display())
            })
        }
        KeyCommand::Import { file } => {
            let imported = Starmesh::import_key(context.options(Access::Write), &file).await?;
            context.out.answer(&imported, || {
                if !imported.changed {
                    return "This data folder has that key already.".to_owned();
                }
                let calendars = text::count(imported.calendars_to_read, "calendar");
                format!("Took the key over; the next pass reads {calendars} anew.")
            })
        }
    }
}
