//! Files stay short, and name no place that exists on one machine only.

use std::path::Path;

use super::Finding;
use super::files::File;

/// The most lines of a Rust file; half of it is the aim.
const LINES_MAX: usize = 600;

/// Folders under which people's own files lie. Split, so that this very file does not name them.
const HOMES: [&str; 3] = [concat!("/ho", "me/"), concat!("/Us", "ers/"), concat!("/ro", "ot/")];

/// A file that is too long.
pub(super) fn length(file: &File) -> Option<Finding> {
    let lines = file.text.lines().count();
    (lines > LINES_MAX).then(|| Finding {
        path: file.path.clone(),
        line: LINES_MAX + 1,
        what: format!("{lines} lines, {LINES_MAX} are the limit"),
        why: "split it by the nouns it holds",
    })
}

/// Paths of one machine, `root` among them.
pub(super) fn machine_paths(file: &File, root: &Path) -> Vec<Finding> {
    // A workspace right below the file system's root has too common a name to look for.
    let root = root.to_str().filter(|_| root.components().count() > 2).map(|root| format!("{root}/"));
    let places: Vec<&str> = HOMES.into_iter().chain(root.as_deref()).collect();
    let lines = file.text.lines().zip(1..);
    lines
        .flat_map(|(text, line)| {
            places.iter().filter(|place| names(text, place)).map(move |place| (line, place))
        })
        .map(|(line, place)| Finding {
            path: file.path.clone(),
            line,
            what: format!("a path below {place}"),
            why: "it exists on one machine only",
        })
        .collect()
}

/// True when `text` names `place` at the beginning of a path, not in the middle of one.
fn names(text: &str, place: &str) -> bool {
    text.match_indices(place).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && !"/._-~%*>)}]".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> File {
        File { path: "a.rs".to_owned(), text: text.to_owned() }
    }

    #[test]
    fn a_long_file_is_found_and_one_at_the_limit_is_not() {
        assert_eq!(length(&file(&"a\n".repeat(LINES_MAX))), None);
        let found = length(&file(&"a\n".repeat(LINES_MAX + 1)));
        assert_eq!(found.map(|it| it.what), Some("601 lines, 600 are the limit".to_owned()));
    }

    #[test]
    fn paths_of_one_machine_are_found() {
        let root = Path::new("/srv/build/tree");
        for place in HOMES {
            assert_eq!(machine_paths(&file(&format!("a\nlet b = \"{place}me/x\";")), root)[0].line, 2);
        }
        assert_eq!(machine_paths(&file("cd /srv/build/tree/x"), root).len(), 1);
    }

    #[test]
    fn paths_on_servers_are_left_alone() {
        let text = format!("https://host{}alice/ and caldav{}x", HOMES[0], HOMES[1]);
        assert_eq!(machine_paths(&file(&text), Path::new("/src")), []);
    }
}
