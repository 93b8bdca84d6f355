//! What links mirror: changing it shows what goes before anything goes.

use std::collections::{BTreeMap, BTreeSet};

use starmesh_core::ids::{CalendarId, LinkId};
use starmesh_core::mirror::{Color, Label};
use starmesh_core::policy::{AllDay, Deleted, Policy, Terms, Undecided, Word, WorkingHours};
use starmesh_core::reconcile::{Action, LinkState};
use starmesh_engine::{Plan, PlanOptions};
use starmesh_store::state::{AccountKind, Changes, Deed, Link, Narrowing};

use crate::dto::{PolicyDto, PolicyEffect};
use crate::error::{AppError, ErrorCode, Result};
use crate::links::LinkScope;
use crate::names::Directory;
use crate::open::Starmesh;
use crate::progress::{Listener, follow};

/// The word that takes a label or working hours away.
pub(crate) const NONE: &str = "none";

/// What of a policy is to change; `None` leaves it as it is.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct PolicyChange {
    /// Begin with the policy that links have unless told otherwise.
    pub reset: bool,
    /// Whether anything is mirrored at all.
    pub on: Option<bool>,
    /// What busy blocks are called; `none` for what the setting says.
    pub label: Option<String>,
    /// The colour of busy blocks by its name; `none` for whatever the calendar gives them.
    pub color: Option<String>,
    /// What becomes of tentative events.
    pub tentative: Option<Undecided>,
    /// What becomes of invitations without an answer.
    pub unanswered: Option<Undecided>,
    /// What becomes of whole days.
    pub all_day: Option<AllDay>,
    /// Working hours such as `Mon-Fri 09:00-17:00 Europe/Berlin`, or `none`.
    pub hours: Option<String>,
    /// What is shorter is not mirrored.
    pub min_minutes: Option<u32>,
    /// One of these has to be in a subject; an empty list asks for none.
    pub keywords_only: Option<Vec<String>>,
    /// None of these may be.
    pub keywords_never: Option<Vec<String>>,
    /// One of these has to be among the categories.
    pub categories_only: Option<Vec<String>>,
    /// None of these may be.
    pub categories_never: Option<Vec<String>>,
    /// What becomes of busy blocks that a person deletes.
    pub deleted: Option<Deleted>,
}

impl PolicyChange {
    /// `policy` with the change made.
    fn apply(&self, policy: &Policy) -> Result<Policy> {
        let mut changed = if self.reset { Policy::default() } else { policy.clone() };
        changed.off = self.on.map_or(changed.off, |on| !on);
        if let Some(text) = &self.label {
            changed.label = unless_none(text, "label", Label::new)?;
        }
        if let Some(text) = &self.color {
            changed.color = unless_none(text, "colour", str::parse::<Color>)?;
        }
        if let Some(text) = &self.hours {
            changed.hours = unless_none(text, "working hours", str::parse::<WorkingHours>)?;
        }
        changed.tentative = self.tentative.unwrap_or(changed.tentative);
        changed.unanswered = self.unanswered.unwrap_or(changed.unanswered);
        changed.all_day = self.all_day.unwrap_or(changed.all_day);
        changed.min_minutes = self.min_minutes.unwrap_or(changed.min_minutes);
        changed.deleted = self.deleted.unwrap_or(changed.deleted);
        for (asked, words) in [
            (&self.keywords_only, &mut changed.keywords.only),
            (&self.keywords_never, &mut changed.keywords.never),
            (&self.categories_only, &mut changed.categories.only),
            (&self.categories_never, &mut changed.categories.never),
        ] {
            if let Some(asked) = asked {
                *words = asked.iter().map(|text| word(text)).collect::<Result<_>>()?;
            }
        }
        Ok(changed)
    }
}

fn unless_none<T, E: std::fmt::Display>(
    text: &str,
    what: &str,
    parse: impl FnOnce(&str) -> std::result::Result<T, E>,
) -> Result<Option<T>> {
    if text.trim() == NONE {
        return Ok(None);
    }
    parse(text).map(Some).map_err(|problem| invalid(text, what, &problem))
}

fn word(text: &str) -> Result<Word> {
    Word::new(text).map_err(|problem| invalid(text, "keyword or category", &problem))
}

fn invalid(text: &str, what: &str, problem: &impl std::fmt::Display) -> AppError {
    AppError::new(ErrorCode::InvalidValue, format!("“{text}” is no {what}: {problem}"))
        .hint("`starmesh link set --help` shows examples")
}

/// Another policy that waits for approval; nothing was changed yet.
#[derive(Debug)]
pub struct PreparedPolicy {
    /// What it does, link by link; empty when every link is so already.
    pub effects: Vec<PolicyEffect>,
    changed: Vec<(Link, Policy)>,
    /// The links that lose busy blocks by it.
    narrowed: BTreeSet<LinkId>,
}

impl PreparedPolicy {
    /// How many busy blocks go.
    pub fn removals(&self) -> u64 {
        self.effects.iter().map(|effect| effect.remove).sum()
    }
}

impl Starmesh {
    /// Finds out what another policy does, on a copy of what is known.
    pub async fn prepare_policy(
        &self,
        scope: &LinkScope,
        change: &PolicyChange,
        listener: Listener<'_>,
    ) -> Result<PreparedPolicy> {
        let directory = Directory::load(&self.state).await?;
        let mut changed = Vec::new();
        for link in self.choose_links(&directory, scope).await? {
            let policy = change.apply(&link.policy)?;
            if policy != link.policy && link.state != LinkState::Retiring {
                changed.push((link, policy));
            }
        }
        refuse_colors(&directory, &changed)?;
        self.check_terms(&directory, &changed).await?;
        let counts = self.count_effects(&directory, &changed, listener).await?;
        let effect = |(link, policy): &(Link, Policy)| {
            let (place, change, remove) = counts.get(&link.id).copied().unwrap_or_default();
            let policy = PolicyDto::from(policy);
            PolicyEffect { link: directory.link(&link.id), policy, place, change, remove }
        };
        let mut effects: Vec<PolicyEffect> = changed.iter().map(effect).collect();
        effects.sort_by(|a, b| a.link.cmp(&b.link));
        let losing = counts.iter().filter(|(_, (_, _, remove))| *remove > 0);
        let narrowed = losing.map(|(id, _)| id.clone()).collect();
        Ok(PreparedPolicy { effects, changed, narrowed })
    }

    /// Sets what was prepared. What it lets go, goes with the next pass: it was seen.
    pub async fn set_policy(&self, prepared: PreparedPolicy) -> Result<Vec<PolicyEffect>> {
        let turn = self.folder.turn()?;
        let now = self.world.clock.now();
        let mut changes = Changes::new();
        for (before, policy) in prepared.changed {
            let Some(link) = self.state.link(&before.id).await?.filter(|link| link.policy == before.policy)
            else {
                return Err(AppError::new(
                    ErrorCode::ApprovalNeeded,
                    "a link was changed meanwhile; nothing was set",
                )
                .hint("run the command again"));
            };
            let mut narrowed = link.narrowed.clone();
            narrowed.retain(|narrowing| narrowing.holds(now) && narrowing.from != before.policy);
            if prepared.narrowed.contains(&link.id) {
                narrowed.push(Narrowing { from: before.policy, at: now });
            }
            changes.put_dirty(&link.id.source, now);
            changes.put_link(&Link { policy, narrowed, ..link });
        }
        self.commit_deed(Deed::RulesSet, changes).await?;
        drop(turn);
        self.folder.tell_changed()?;
        Ok(prepared.effects)
    }

    /// All that links ask of the events of one calendar has to be told apart.
    async fn check_terms(&self, directory: &Directory, changed: &[(Link, Policy)]) -> Result<()> {
        let mut policies: BTreeMap<LinkId, Policy> =
            self.state.links().await?.into_iter().map(|link| (link.id, link.policy)).collect();
        policies.extend(changed.iter().map(|(link, policy)| (link.id.clone(), policy.clone())));
        let sources: BTreeSet<&CalendarId> = changed.iter().map(|(link, _)| &link.id.source).collect();
        for source in sources {
            let of_source = policies.iter().filter(|(id, _)| id.source == *source);
            if Terms::new(of_source.flat_map(|(_, policy)| policy.terms())).is_none() {
                let name = directory.reference(source).name;
                return Err(AppError::new(
                    ErrorCode::InvalidValue,
                    format!("the links out of “{name}” would ask for more than {} words", Terms::MAX),
                )
                .hint("keywords and categories of all links out of a calendar are counted together"));
            }
        }
        Ok(())
    }

    /// How many busy blocks of each link would be placed, changed and removed.
    async fn count_effects(
        &self,
        directory: &Directory,
        changed: &[(Link, Policy)],
        listener: Listener<'_>,
    ) -> Result<BTreeMap<LinkId, (u64, u64, u64)>> {
        let mut with_mirrors = BTreeSet::new();
        for (link, _) in changed {
            if self.state.mirror_count(&link.id).await? > 0 {
                with_mirrors.insert(link.id.clone());
            }
        }
        // Where nothing stands nothing can go: nobody has to be asked.
        if with_mirrors.is_empty() {
            return Ok(BTreeMap::new());
        }
        let copy = self.snapshot().await?;
        let now = self.world.clock.now();
        let mut changes = Changes::new();
        for (link, policy) in changed {
            let narrowed = vec![Narrowing { from: link.policy.clone(), at: now }];
            // What a paused link lets go once it runs again is seen now.
            let running = link.clone().in_state(LinkState::Active);
            changes.put_link(&Link { policy: policy.clone(), narrowed, ..running });
        }
        copy.commit(changes).await?;
        let engine = self.engine(copy);
        let links = Some(changed.iter().map(|(link, _)| link.id.clone()).collect());
        let options = PlanOptions { links, despite_pauses: true, ..PlanOptions::default() };
        let mut events = engine.subscribe();
        let plan = follow(&mut events, directory, listener, engine.plan(&options)).await?;
        refuse_unseen(directory, &plan, &with_mirrors)?;
        Ok(count(&plan))
    }
}

/// At Microsoft a colour is that of a category: a name that whoever sees the calendar reads, and that has to be made
/// in the mailbox before.
pub(crate) fn takes_colors(directory: &Directory, target: &CalendarId) -> bool {
    let account = directory.calendar(target).and_then(|calendar| directory.account(&calendar.account));
    !account.is_some_and(|account| matches!(account.kind, AccountKind::Microsoft { .. }))
}

fn refuse_colors(directory: &Directory, changed: &[(Link, Policy)]) -> Result<()> {
    let refused = changed
        .iter()
        .find(|(link, policy)| policy.color.is_some() && !takes_colors(directory, &link.id.target));
    let Some((link, _)) = refused else { return Ok(()) };
    let name = directory.reference(&link.id.target).name;
    Err(AppError::new(ErrorCode::InvalidValue, format!("busy blocks in “{name}” cannot have a colour"))
        .hint("Outlook shows colours by categories, whose names everybody reads who sees the calendar; name the other links one by one"))
}

/// What cannot be shown is not asked for.
fn refuse_unseen(directory: &Directory, plan: &Plan, links: &BTreeSet<LinkId>) -> Result<()> {
    let touches =
        |calendar: &CalendarId| links.iter().any(|id| id.source == *calendar || id.target == *calendar);
    let Some(trouble) = plan.troubles.iter().find(|trouble| touches(&trouble.calendar)) else {
        return Ok(());
    };
    let name = directory.reference(&trouble.calendar).name;
    Err(AppError::new(
        ErrorCode::of_provider(trouble.kind),
        format!("what would go cannot be shown, since “{name}” cannot be read: {}", trouble.message),
    )
    .hint("nothing was set; try again when the calendar can be reached"))
}

fn count(plan: &Plan) -> BTreeMap<LinkId, (u64, u64, u64)> {
    let mut counts: BTreeMap<LinkId, (u64, u64, u64)> = BTreeMap::new();
    for operation in plan.targets.iter().flat_map(|target| &target.operations) {
        let count = counts.entry(operation.link.clone()).or_default();
        match operation.action {
            Action::Place { .. } => count.0 += 1,
            Action::Update { .. } => count.1 += 1,
            Action::Remove { .. } => count.2 += 1,
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_leaves_the_rest_as_it_is_and_none_takes_away() {
        let asked = PolicyChange {
            label: Some("Away".to_owned()),
            hours: Some("Mon-Fri 09:00-17:00 Europe/Berlin".to_owned()),
            keywords_never: Some(vec!["Lunch".to_owned(), "GYM ".to_owned()]),
            min_minutes: Some(15),
            ..PolicyChange::default()
        };
        let policy = asked.apply(&Policy { off: true, ..Policy::default() }).unwrap();
        let dto = PolicyDto::from(&policy);
        assert_eq!((dto.on, dto.label.as_deref(), dto.min_minutes), (false, Some("Away"), 15));
        assert_eq!(dto.keywords.never, ["gym", "lunch"]);
        assert_eq!(dto.hours.as_deref(), Some("Mon-Fri 09:00-17:00 Europe/Berlin"));

        let none = PolicyChange {
            label: Some(NONE.to_owned()),
            hours: Some(NONE.to_owned()),
            keywords_never: Some(Vec::new()),
            on: Some(true),
            ..PolicyChange::default()
        };
        let expected = Policy { min_minutes: 15, ..Policy::default() };
        assert_eq!(none.apply(&policy).unwrap(), expected);
        let reset = PolicyChange { reset: true, ..PolicyChange::default() };
        assert_eq!(reset.apply(&policy).unwrap(), Policy::default());
    }

    #[test]
    fn what_cannot_be_is_named_with_its_reason() {
        for (change, text) in [
            (PolicyChange { label: Some(" ".to_owned()), ..PolicyChange::default() }, "label"),
            (PolicyChange { hours: Some("Mon 9-17".to_owned()), ..PolicyChange::default() }, "zone"),
            (PolicyChange { keywords_only: Some(vec![String::new()]), ..PolicyChange::default() }, "keyword"),
        ] {
            let error = change.apply(&Policy::default()).unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidValue);
            assert!(error.message.contains(text), "{}", error.message);
        }
    }
}
