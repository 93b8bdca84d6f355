//! Accounts, calendars, groups, links and settings in words.

use starmesh_app::AccountAdded;
use starmesh_app::dto::{
    AccountDto, AccountRemoved, CalendarDto, GrantDto, GroupChange, GroupDto, LinkDto, LinkRef, LinkStateDto,
    SettingDto, SettingsDto, ShapeDto,
};

use super::policy::rules;
use super::words::{count, table, titled};

/// The accounts.
pub(crate) fn accounts(accounts: &[AccountDto]) -> String {
    if accounts.is_empty() {
        return "There is no account yet: `starmesh account add caldav --url URL --user USER` adds one."
            .to_owned();
    }
    let rows: Vec<Vec<String>> = accounts
        .iter()
        .map(|account| {
            let state = account.failure.clone().unwrap_or_else(|| count(account.calendars, "calendar"));
            vec![
                account.name.clone(),
                account.provider.clone(),
                account.user.clone(),
                account.url.clone(),
                state,
            ]
        })
        .collect();
    table(&rows)
}

/// What was added, and what to do next.
pub(crate) fn account_added(added: &AccountAdded) -> String {
    let AccountAdded { account, calendars: found, notice } = added;
    let notice = notice.as_ref().map(|notice| format!("\n{notice}")).unwrap_or_default();
    if found.is_empty() {
        return format!("Added the account {}. It has no calendar yet.{notice}", account.name);
    }
    format!(
        "Added the account {} with {}:\n{}{notice}\nNext: put calendars together with `starmesh group add`.",
        account.name,
        count(found.len() as u64, "calendar"),
        calendars(found)
    )
}

/// What became of an account.
pub(crate) fn account_removed(removed: &AccountRemoved) -> String {
    let mut lines = Vec::new();
    if removed.mirrors_removed > 0 {
        lines.push(format!("Removed {}.", count(removed.mirrors_removed, "busy block")));
    }
    for unreached in &removed.unreached {
        lines.push(format!(
            "Not reached: {} of {}: {}",
            count(unreached.mirrors, "busy block"),
            unreached.link.name,
            unreached.reason
        ));
    }
    for group in &removed.groups_smaller {
        lines.push(format!("The group {group} goes on without its calendars."));
    }
    for group in &removed.groups_removed {
        lines.push(format!("The group {group} could not go on and is gone."));
    }
    if removed.removed {
        lines.push(format!("Removed the account {}.", removed.account));
    }
    lines.extend(removed.grant.as_ref().map(grant));
    if let Some(failure) = &removed.vault_failure {
        lines.push(format!("Its password could not be taken out of the vault: {failure}"));
    }
    lines.join("\n")
}

fn grant(grant: &GrantDto) -> String {
    match grant {
        GrantDto::Withdrawn { provider } => format!("{provider} has ended its sign-in."),
        GrantDto::Stands { provider, failure, pages } => {
            let why = match failure {
                Some(failure) => format!("{provider} could not be told to end its sign-in ({failure})"),
                None => format!("{provider} cannot be told to end its sign-in"),
            };
            format!("{why}: withdraw by hand what you allowed, at {}", pages.join(" or "))
        }
    }
}

/// The calendars.
pub(crate) fn calendars(calendars: &[CalendarDto]) -> String {
    if calendars.is_empty() {
        return "There is no calendar yet: `starmesh account add caldav --url URL --user USER` brings them."
            .to_owned();
    }
    let rows: Vec<Vec<String>> = calendars
        .iter()
        .map(|calendar| {
            let mut remarks = Vec::new();
            if calendar.read_only {
                remarks.push("read-only".to_owned());
            }
            if calendar.missing {
                remarks.push("no longer listed by its account".to_owned());
            }
            remarks.extend(calendar.groups.iter().cloned());
            let name =
                if calendar.display_name.is_empty() { &calendar.short_name } else { &calendar.display_name };
            vec![calendar.calendar.path.clone(), name.clone(), calendar.zone.clone(), remarks.join(", ")]
        })
        .collect();
    table(&rows)
}

/// The groups.
pub(crate) fn groups(groups: &[GroupDto]) -> String {
    if groups.is_empty() {
        return "There is no group yet: `starmesh group add` makes one.".to_owned();
    }
    groups.iter().map(group).collect::<Vec<_>>().join("\n")
}

fn group(group: &GroupDto) -> String {
    let names: Vec<String> = group.calendars.iter().map(titled).collect();
    let shape = match (group.shape, names.split_first()) {
        (ShapeDto::Star, Some((hub, spokes))) => format!("star around {hub}: {}", spokes.join(", ")),
        (ShapeDto::OneWay, _) => format!("one way: {}", names.join(" → ")),
        (ShapeDto::Pair, _) => format!("pair: {}", names.join(" and ")),
        _ => format!("mesh of {}", names.join(", ")),
    };
    let mut lines = vec![format!(
        "{}: {shape} ({}, {})",
        group.name,
        count(group.pairs, "pair"),
        count(group.links, "link")
    )];
    for left_out in &group.left_out {
        lines
            .push(format!("  left out: {} ({} is read-only)", left_out.link.name, left_out.link.target.name));
    }
    lines.join("\n")
}

/// What a change of groups brought.
pub(crate) fn group_change(change: &GroupChange) -> String {
    let mut lines = Vec::new();
    lines.extend(change.group.as_ref().map(group));
    lines.extend(change.removed.iter().map(|group| format!("Removed the group {group}.")));
    if !change.links_added.is_empty() {
        lines.push(format!("New: {}", names(&change.links_added)));
    }
    if !change.links_removed.is_empty() {
        lines.push(format!("No longer linked: {}", names(&change.links_removed)));
    }
    if !change.links_paused.is_empty() {
        lines.push(format!(
            "Still paused: {} (`starmesh link resume` lets them run)",
            names(&change.links_paused)
        ));
    }
    if change.mirrors_to_remove > 0 {
        lines.push(format!("The next pass removes {}.", count(change.mirrors_to_remove, "busy block")));
    }
    if !change.links_added.is_empty() {
        lines.push("Nothing is written yet: `starmesh plan` shows what would be.".to_owned());
    }
    lines.join("\n")
}

fn names(links: &[LinkRef]) -> String {
    links.iter().map(|link| link.name.clone()).collect::<Vec<_>>().join(", ")
}

/// The links.
pub(crate) fn links(links: &[LinkDto]) -> String {
    if links.is_empty() {
        return "There is no link yet: `starmesh group add` makes some.".to_owned();
    }
    let rows: Vec<Vec<String>> = links
        .iter()
        .map(|link| {
            let state = match link.state {
                LinkStateDto::Active => "runs",
                LinkStateDto::Paused => "paused",
                LinkStateDto::Retiring => "busy blocks are being removed",
            };
            let groups = link.groups.join(", ");
            let rules = rules(&link.policy);
            vec![link.link.name.clone(), state.to_owned(), count(link.mirrors, "busy block"), groups, rules]
        })
        .collect();
    table(&rows)
}

/// The settings.
pub(crate) fn settings(settings: &SettingsDto) -> String {
    let rows: Vec<Vec<String>> = settings
        .settings
        .iter()
        .map(|setting| vec![setting.key.clone(), value(setting), setting.meaning.clone()])
        .collect();
    table(&rows)
}

/// One setting: its bare value, for scripts.
pub(crate) fn setting(setting: &SettingDto) -> String {
    value(setting)
}

fn value(setting: &SettingDto) -> String {
    setting.value.clone().unwrap_or_else(|| "none".to_owned())
}
