//! `bindings`: the answers of `starmesh-app` as TypeScript types, for the window.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

use crate::process::{Failure, cargo, run};
use crate::workspace::Workspace;

/// What writes them.
const EXAMPLE: &str = "bindings";
/// Where the window expects them.
const FOLDER: &str = "ui/src/lib/bindings";
const HEADER: &str =
    "// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.\n\n";

/// What `cargo xtask bindings` takes.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Write nothing; fail when the committed types are not those of the program.
    #[arg(long)]
    check: bool,
}

pub(crate) fn run_chore(workspace: &Workspace, arguments: &Arguments) -> Result<(), Failure> {
    let fresh = workspace.metadata()?.target_directory.into_std_path_buf().join("bindings");
    // What is left of an earlier run would keep types alive that are gone.
    remove(&fresh)?;
    // Over the whole workspace, so that what it stands on is built once for every chore.
    let build =
        ["build", "--quiet", "--workspace", "--features", "starmesh-app/bindings", "--example", EXAMPLE];
    run(cargo(workspace.root(), build))?;
    let mut example = Command::new(workspace.program(&format!("examples/{EXAMPLE}"), false)?);
    example.arg(&fresh);
    run(example)?;

    let mut wanted: BTreeMap<String, String> =
        read(&fresh)?.into_iter().map(|(name, text)| (name, committed(&text))).collect();
    wanted.insert("index.ts".to_owned(), index(wanted.keys()));
    let folder = workspace.root().join(FOLDER);
    let stale = differing(&wanted, &read(&folder).unwrap_or_default());
    if arguments.check {
        return match stale.first() {
            None => Ok(()),
            Some(file) => Err(Failure::new(format!("{FOLDER}/{file} is not what the program answers with"))
                .hint("`cargo xtask bindings` writes it anew; commit that")),
        };
    }
    write(&folder, &wanted)?;
    println!("bindings: {} types, {} files changed", wanted.len() - 1, stale.len());
    Ok(())
}

/// The files of a folder by name.
fn read(folder: &Path) -> Result<BTreeMap<String, String>, Failure> {
    let failed = |error| Failure::new(format!("{} could not be read: {error}", folder.display()));
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let text = fs::read_to_string(&path).map_err(failed)?;
        if let Some(name) = path.file_name().and_then(|name| name.to_str()) {
            files.insert(name.to_owned(), text);
        }
    }
    Ok(files)
}

/// Removes a folder that need not be there.
fn remove(folder: &Path) -> Result<(), Failure> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(Failure::new(format!("{} could not be removed: {error}", folder.display())))
        }
        _ => Ok(()),
    }
}

/// A file's text with our header instead of the generator's.
fn committed(text: &str) -> String {
    let body: String = text
        .lines()
        .skip_while(|line| line.is_empty() || line.starts_with("//"))
        .flat_map(|line| [line, "\n"])
        .collect();
    format!("{HEADER}{body}")
}

/// One file that names all the others, so that a view needs one import.
fn index<'a>(names: impl Iterator<Item = &'a String>) -> String {
    let lines: String = names
        .filter_map(|name| name.strip_suffix(".ts"))
        .map(|name| format!("export type {{ {name} }} from './{name}';\n"))
        .collect();
    format!("{HEADER}{lines}")
}

/// The names of files that are missing, superfluous or otherwise.
fn differing(wanted: &BTreeMap<String, String>, found: &BTreeMap<String, String>) -> Vec<String> {
    let mut names: Vec<String> = wanted
        .iter()
        .filter(|(name, text)| found.get(*name) != Some(text))
        .map(|(name, _)| name.clone())
        .collect();
    names.extend(found.keys().filter(|name| !wanted.contains_key(*name)).cloned());
    names
}

fn write(folder: &Path, files: &BTreeMap<String, String>) -> Result<(), Failure> {
    let failed = |error| Failure::new(format!("{} could not be written: {error}", folder.display()));
    remove(folder)?;
    fs::create_dir_all(folder).map_err(failed)?;
    files.iter().try_for_each(|(name, text)| fs::write(folder.join(name), text).map_err(failed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(files: &[(&str, &str)]) -> BTreeMap<String, String> {
        files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn what_is_missing_changed_or_left_over_is_stale() {
        let wanted = files(&[("A.ts", "1"), ("B.ts", "2"), ("C.ts", "3")]);
        let found = files(&[("A.ts", "1"), ("B.ts", "x"), ("D.ts", "4")]);
        assert_eq!(differing(&wanted, &found), ["B.ts", "C.ts", "D.ts"]);
    }

    #[test]
    fn a_committed_file_stays_as_it_is_when_it_is_read_again() {
        let once = committed("// generated\nexport type A = number;\n");
        assert_eq!(once, format!("{HEADER}export type A = number;\n"));
        assert_eq!(committed(&once), once);
    }

    #[test]
    fn the_index_names_every_type_once() {
        let names = ["A.ts".to_owned(), "B.ts".to_owned()];
        assert!(
            index(names.iter()).ends_with("export type { A } from './A';\nexport type { B } from './B';\n")
        );
    }
}
