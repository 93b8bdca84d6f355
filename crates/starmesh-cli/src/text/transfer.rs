//! What an import changes, in words.

use starmesh_app::dto::ImportDto;

/// What an import changes, or would change.
pub(crate) fn import(import: &ImportDto) -> String {
    let mut lines = Vec::new();
    for change in &import.settings {
        let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
        lines.push(format!("setting {}: {} becomes {}", change.key, value(&change.from), value(&change.to)));
    }
    let lists = [
        ("new account", &import.accounts_added),
        ("new calendar", &import.calendars_added),
        ("new group", &import.groups_added),
        ("new link", &import.links_added),
        ("paused", &import.links_paused),
        ("runs again", &import.links_resumed),
        ("keeps its rules (`starmesh link set` changes them)", &import.policies_kept),
    ];
    for (what, names) in lists {
        lines.extend(names.iter().map(|name| format!("{what}: {name}")));
    }
    if import.changes_nothing() {
        lines.push("Nothing to change: all of this is so already.".to_owned());
    } else if import.imported {
        lines.push("Imported.".to_owned());
    }
    for needed in &import.sign_in {
        lines.push(format!("{} needs you to sign in: `{}`", needed.account, needed.command));
    }
    lines.join("\n")
}
