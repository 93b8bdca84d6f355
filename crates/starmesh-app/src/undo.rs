//! Undo: what was configured before the last step comes back, and busy blocks follow from it and from what
//! calendars hold by now.
//!
//! Nothing is replayed. What is restored is planned like anything else, on a copy first, and exactly that plan
//! is carried out; cut off in between, the next pass plans the same again.

mod words;

use std::collections::BTreeSet;

use starmesh_core::ids::LinkId;
use starmesh_core::reconcile::{Action, LinkState};
use starmesh_core::topology::Group;
use starmesh_engine::Plan;
use starmesh_store::state::{Account, Calendar, Changes, Edit, Link, Part, Restoration};

use crate::apply::{approve_window, troubles, written};
use crate::dto::{SignInNeededDto, UndoDto};
use crate::error::{AppError, ErrorCode, Result};
use crate::names::Directory;
use crate::open::Starmesh;
use crate::plan::PlanRequest;
use crate::progress::{Listener, follow};
use crate::retire::put_in_state;
use crate::sign_in::first_sign_in;
use crate::wanted::Wanted;

pub use starmesh_store::state::Way;

/// An undo that waits for approval; nothing was changed yet.
pub struct PreparedUndo {
    /// What it does.
    pub dto: UndoDto,
    way: Way,
    plan: Plan,
    /// The links that lose busy blocks by other rules.
    narrowed: BTreeSet<LinkId>,
}

impl PreparedUndo {
    /// How many writes it makes.
    pub fn writes(&self) -> u64 {
        self.dto.plan.as_ref().map_or(0, crate::dto::PlanDto::writes)
    }
}

/// What is restored, beside what is configured.
struct Restored {
    restoration: Restoration,
    before: Wanted,
    after: Wanted,
    /// The links that the groups ask for then.
    asked: BTreeSet<LinkId>,
    /// With what comes back.
    directory: Directory,
}

impl Starmesh {
    /// Finds out what an undo changes and writes, on a copy of what is known; `None` when there is nothing to
    /// take back, or nothing to make again.
    pub async fn prepare_undo(&self, way: Way, listener: Listener<'_>) -> Result<Option<PreparedUndo>> {
        let Some(restored) = self.restored(way).await? else { return Ok(None) };
        let copy = self.snapshot().await?;
        // What stands still for now is shown, too, as far as it narrows.
        let changes = self.restoring(&restored, |_| true).await?;
        copy.commit(changes).await?;
        let engine = match restored.accounts_back().next() {
            Some(_) => self.engine_of_its_own(copy.clone()),
            None => self.engine(copy.clone()),
        };
        let request = PlanRequest { retry_wedged: true, ..PlanRequest::default() };
        let (plan, _, plan_dto) = self.make_plan(&copy, &engine, request, listener).await?;
        let mut dto = self.undo_dto(&restored)?;
        dto.stays.extend(self.unreached(&restored, &plan).await?);
        dto.plan = Some(plan_dto);
        let removals = plan.targets.iter().flat_map(|target| &target.operations);
        let removals = removals.filter(|operation| matches!(operation.action, Action::Remove { .. }));
        let narrowed = removals.map(|operation| operation.link.clone()).collect();
        Ok(Some(PreparedUndo { dto, way, plan, narrowed }))
    }

    /// Restores what was shown, in one commit, and carries out exactly the plan that was shown; beside a running
    /// engine that is left to it.
    pub async fn undo(&self, prepared: PreparedUndo, listener: Listener<'_>) -> Result<UndoDto> {
        let PreparedUndo { mut dto, way, plan, narrowed } = prepared;
        let daemon = self.daemon()?;
        if !self.may_write() && daemon.is_none() {
            return Err(self.in_use());
        }
        let turn = self.folder.turn()?;
        let restored = self.restored(way).await?;
        let seen = match &restored {
            Some(restored) => self.undo_dto(restored)?.changes == dto.changes,
            None => false,
        };
        let Some(restored) = restored.filter(|_| seen) else {
            return Err(AppError::new(
                ErrorCode::ApprovalNeeded,
                "something was configured meanwhile, so other things would change than were shown",
            )
            .hint("run the command again"));
        };
        let changes = self.restoring(&restored, |id| narrowed.contains(id)).await?;
        self.state.commit(changes).await?;
        drop(turn);
        self.providers.forget();
        self.folder.tell_changed()?;
        dto.done = true;
        if let Some(step) = &mut dto.step {
            (step.undone, step.open) = (way == Way::Undo, false);
        }
        if !self.may_write() {
            dto.left_to = daemon;
            return Ok(dto);
        }
        self.carry_out(&restored, &plan, &mut dto, listener).await?;
        Ok(dto)
    }

    async fn carry_out(
        &self,
        restored: &Restored,
        plan: &Plan,
        dto: &mut UndoDto,
        listener: Listener<'_>,
    ) -> Result<()> {
        let engine = self.engine(self.state.clone());
        let mut events = engine.subscribe();
        let placed = follow(&mut events, &restored.directory, listener, engine.place(plan)).await?;
        let cleaned: Vec<LinkId> = restored.cleaned().map(|link| link.id.clone()).collect();
        put_in_state(&self.state, &cleaned, LinkState::Paused).await?;
        dto.troubles = troubles(&restored.directory, plan, &placed);
        let whole = dto.troubles.is_empty() && placed.deferred == 0 && placed.wedged == 0;
        approve_window(&self.state, whole).await?;
        dto.written = Some(written(&placed));
        Ok(())
    }

    async fn restored(&self, way: Way) -> Result<Option<Restored>> {
        let Some(restoration) = self.state.restoration(way).await? else { return Ok(None) };
        if let Some(account) = restoration.accounts_taken.first() {
            return Err(AppError::new(
                ErrorCode::DoubledName,
                format!("the account “{}” cannot come back: another one has its name by now", account.name),
            )
            .hint("remove that one first with `starmesh account remove`, or leave things as they are"));
        }
        let (mut accounts, mut calendars) = (self.state.accounts().await?, self.state.calendars().await?);
        let before = Wanted::load(&self.state).await?;
        let mut groups = before.groups.clone();
        for edit in &restoration.edits {
            match edit {
                Edit { before: None, after: Some(Part::Account(account)) } => {
                    accounts.push(account.as_ref().clone());
                }
                Edit { before: None, after: Some(Part::Calendar(calendar)) } => {
                    calendars.push((**calendar).clone());
                }
                Edit { after: Some(Part::Group(group)), .. } => {
                    groups.retain(|other| other.id != group.id);
                    groups.push(group.clone());
                }
                Edit { before: Some(Part::Group(group)), after: None } => {
                    groups.retain(|other| other.id != group.id);
                }
                _ => {}
            }
        }
        let directory = Directory::new(accounts, calendars);
        let after = Wanted { groups, read_only: directory.read_only() };
        Ok(Some(Restored { restoration, asked: after.asked(), before, after, directory }))
    }

    async fn restoring(&self, restored: &Restored, narrowed: impl Fn(&LinkId) -> bool) -> Result<Changes> {
        let now = self.world.clock.now();
        let mut changes = Changes::new();
        restored.restoration.put(&mut changes, &narrowed, now);
        self.settle_links(&restored.before, &restored.after, &mut changes).await?;
        // After what the groups ask for, since the step knows how its links ran.
        restored.restoration.put_links(&mut changes, |id| restored.asked.contains(id), &narrowed, now);
        Ok(changes)
    }

    fn undo_dto(&self, restored: &Restored) -> Result<UndoDto> {
        let mut dto = words::undo_dto(restored);
        for account in restored.accounts_back() {
            let command = first_sign_in(&account.name, &account.kind);
            dto.sign_in.push(SignInNeededDto { account: account.name.clone(), command });
        }
        if self.daemon()?.is_some() && restored.narrows_window() {
            dto.stays.push(
                "what lies beyond the narrower window stays until the next `starmesh apply`: `starmesh run` \
                 removes nothing for that"
                    .to_owned(),
            );
        }
        Ok(dto)
    }

    /// Links that go, and whose busy blocks cannot be shown now: they go when their calendars can be reached.
    async fn unreached(&self, restored: &Restored, plan: &Plan) -> Result<Vec<String>> {
        let mut lines = Vec::new();
        for (_, link) in restored.restoration.links().filter(|(_, link)| link.state == LinkState::Retiring) {
            let is_out_of_reach = plan.troubles.iter().any(|trouble| trouble.calendar == link.id.target);
            let mirrors = self.state.mirror_count(&link.id).await?;
            if is_out_of_reach && mirrors > 0 {
                lines.push(words::out_of_reach(&restored.directory, &link.id, mirrors));
            }
        }
        Ok(lines)
    }

    fn in_use(&self) -> AppError {
        let pid = self.folder.holder();
        let holder = pid.map_or("another process".to_owned(), |pid| format!("process {pid}"));
        AppError::new(
            ErrorCode::DataFolderInUse,
            format!("{holder} is at work on the data folder {}", self.folder.path().display()),
        )
        .hint("one process writes at a time: wait for it, or stop it first")
        .action(crate::error::Action::StopProcess { pid })
    }
}

impl Restored {
    /// Links that stay wanted and lose their mirrors.
    fn cleaned(&self) -> impl Iterator<Item = &Link> {
        let links = self.restoration.links().map(|(_, link)| link);
        links.filter(|link| link.state == LinkState::Retiring && self.asked.contains(&link.id))
    }

    fn accounts_back(&self) -> impl Iterator<Item = &Account> {
        self.restoration.edits.iter().filter_map(|edit| match (&edit.before, &edit.after) {
            (None, Some(Part::Account(account))) => Some(account.as_ref()),
            _ => None,
        })
    }

    fn narrows_window(&self) -> bool {
        self.restoration.edits.iter().any(|edit| match (&edit.before, &edit.after) {
            (Some(Part::Settings(now)), Some(Part::Settings(then))) => then.window_days < now.window_days,
            _ => false,
        })
    }

    fn groups(&self) -> impl Iterator<Item = (Option<&Group>, Option<&Group>)> {
        self.restoration.edits.iter().filter_map(|edit| match (&edit.before, &edit.after) {
            (Some(Part::Group(now)), Some(Part::Group(then))) => Some((Some(now), Some(then))),
            (Some(Part::Group(now)), None) => Some((Some(now), None)),
            (None, Some(Part::Group(then))) => Some((None, Some(then))),
            _ => None,
        })
    }

    /// Calendars that stay, and whose pause changes.
    fn pauses(&self) -> impl Iterator<Item = &Calendar> {
        self.restoration.edits.iter().filter_map(|edit| match (&edit.before, &edit.after) {
            (Some(Part::Calendar(_)), Some(Part::Calendar(then))) => Some(&**then),
            _ => None,
        })
    }
}
