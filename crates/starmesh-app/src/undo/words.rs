//! What an undo changes, in people's names.

use starmesh_core::ids::LinkId;
use starmesh_core::reconcile::LinkState;
use starmesh_store::state::{Link, Part, Way};

use super::Restored;
use crate::dto::{ConfigurationDto, PolicyDto, RulesDto, SettingChangeDto, UndoDto};
use crate::error::quoted;
use crate::groups::group_dto;
use crate::history::step_dto;
use crate::names::Directory;
use crate::settings::changed;

/// What it changes, and what does not come back; no plan yet.
pub(super) fn undo_dto(restored: &Restored) -> UndoDto {
    let restoration = &restored.restoration;
    let mut dto = UndoDto::nothing(restoration.way == Way::Redo);
    dto.step = Some(step_dto(&restoration.step));
    dto.changes = configuration(restored);
    for account in &restoration.accounts_kept {
        dto.stays.push(format!(
            "the account “{}” stays; `starmesh account remove {}` takes it away",
            account.name,
            quoted(&account.name)
        ));
    }
    let deleted = |count: u64| match count {
        1 => "1 busy block that you had deleted by hand".to_owned(),
        count => format!("{count} busy blocks that you had deleted by hand"),
    };
    if !restoration.dismissed.is_empty() {
        dto.stays.push(format!("not placed again: {}", deleted(restoration.dismissed.len() as u64)));
    }
    if restoration.standing > 0 {
        dto.stays
            .push(format!("stays, since it was placed again meanwhile: {}", deleted(restoration.standing)));
    }
    dto
}

/// Busy blocks that go once their calendar answers.
pub(super) fn out_of_reach(directory: &Directory, id: &LinkId, mirrors: u64) -> String {
    let (name, blocks) = (directory.link(id).name, if mirrors == 1 { "busy block" } else { "busy blocks" });
    format!("{name}: its {mirrors} {blocks} can be removed only when the calendar can be reached")
}

fn configuration(restored: &Restored) -> ConfigurationDto {
    let directory = &restored.directory;
    let mut dto = ConfigurationDto::default();
    for edit in &restored.restoration.edits {
        if let (Some(Part::Settings(now)), Some(Part::Settings(then))) = (&edit.before, &edit.after) {
            let changes = changed(now, then).into_iter();
            dto.settings =
                changes.map(|(key, from, to)| SettingChangeDto { key: key.to_owned(), from, to }).collect();
            dto.everything_paused = (now.pause != then.pause).then_some(then.pause.is_some());
        }
    }
    dto.accounts_back = restored.accounts_back().map(|account| account.name.clone()).collect();
    let read_only = &restored.after.read_only;
    for group in restored.groups() {
        match group {
            (None, Some(then)) => dto.groups_back.push(group_dto(directory, then, read_only)),
            (_, Some(then)) => dto.groups_changed.push(group_dto(directory, then, read_only)),
            (Some(now), None) => dto.groups_gone.push(now.id.to_string()),
            (None, None) => {}
        }
    }
    for calendar in restored.pauses() {
        let reference = directory.reference(&calendar.id);
        let list =
            if calendar.pause.is_some() { &mut dto.calendars_paused } else { &mut dto.calendars_resumed };
        list.push(reference);
    }
    for (now, then) in restored.restoration.links() {
        put_link(restored, now, then, &mut dto);
    }
    sort(&mut dto);
    dto
}

fn put_link(restored: &Restored, now: Option<&Link>, then: &Link, dto: &mut ConfigurationDto) {
    let link = restored.directory.link(&then.id);
    let state = now.map(|now| now.state);
    let is_asked = restored.asked.contains(&then.id);
    match (state, then.state) {
        (_, LinkState::Retiring) if is_asked => dto.links_cleaned.push(link),
        (_, LinkState::Retiring) => {
            dto.links_gone.push(link);
            return;
        }
        (None | Some(LinkState::Retiring), _) => dto.links_back.push(link),
        (Some(LinkState::Active), LinkState::Paused) => dto.links_paused.push(link),
        (Some(LinkState::Paused), LinkState::Active) => dto.links_resumed.push(link),
        (Some(LinkState::Active), LinkState::Active) | (Some(LinkState::Paused), LinkState::Paused) => {}
    }
    let before = now.map(|now| now.policy.clone()).unwrap_or_default();
    if before != then.policy {
        let link = restored.directory.link(&then.id);
        dto.rules.push(RulesDto { link, policy: PolicyDto::from(&then.policy) });
    }
}

fn sort(dto: &mut ConfigurationDto) {
    for links in [
        &mut dto.links_back,
        &mut dto.links_gone,
        &mut dto.links_cleaned,
        &mut dto.links_paused,
        &mut dto.links_resumed,
    ] {
        links.sort();
    }
    dto.rules.sort_by(|a, b| a.link.cmp(&b.link));
    dto.groups_back.sort_by(|a, b| a.name.cmp(&b.name));
}
