//! What a step was before it, or after it, once more: beside what is configured now.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use starmesh_core::ids::{AccountId, CalendarId, LinkId};
use starmesh_core::mirror::MirrorRecord;
use starmesh_core::reconcile::LinkState;
use starmesh_core::topology::{Group, Shape};

use super::{Account, Calendar, Changes, Edit, Link, Narrowing, Part, Settings, State, Step};
use crate::StoreError;

/// Which way to go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// Back: what was before the last step that stands.
    Undo,
    /// Forth: what was taken back last.
    Redo,
}

/// What a step takes back, or makes again. In each edit, `before` is what is there now and `after` what comes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Restoration {
    /// The step.
    pub step: Step,
    /// Which way it goes.
    pub way: Way,
    /// What becomes of the rows.
    pub edits: Vec<Edit>,
    /// Mirrors that a person had deleted by hand, which are remembered again as staying away.
    pub dismissed: Vec<MirrorRecord>,
    /// How many more of these stand again by now, and stay.
    pub standing: u64,
    /// Accounts that the step brought and that stay.
    pub accounts_kept: Vec<Account>,
    /// Accounts that ought to come back, and whose name another one has by now.
    pub accounts_taken: Vec<Account>,
}

/// What is configured now.
struct Present {
    settings: Settings,
    accounts: Vec<Account>,
    calendars: Vec<Calendar>,
    groups: Vec<Group>,
    links: BTreeMap<LinkId, Link>,
    /// Under which names accounts and calendars are here that a step knows by others: they were removed, and
    /// added again since.
    accounts_anew: BTreeMap<AccountId, AccountId>,
    calendars_anew: BTreeMap<CalendarId, CalendarId>,
}

impl State {
    /// What the next step in this way changes; `None` when there is none.
    pub async fn restoration(&self, way: Way) -> Result<Option<Restoration>, StoreError> {
        let mut steps = self.steps().await?.into_iter();
        let step = match way {
            Way::Undo => steps.rfind(|step| !step.undone),
            Way::Redo => steps.find(|step| step.undone),
        };
        let Some(step) = step else { return Ok(None) };
        let mut restoration = Restoration {
            way,
            edits: Vec::new(),
            dismissed: Vec::new(),
            standing: 0,
            accounts_kept: Vec::new(),
            accounts_taken: Vec::new(),
            step,
        };
        let wanted: Vec<(Option<Part>, Option<Part>)> =
            restoration.step.edits.iter().map(|edit| (wanted(edit, way), left(edit, way))).collect();
        let mut present = Present::load(self).await?;
        restoration.accounts_taken = present.recognise(wanted.iter().filter_map(|(then, _)| then.as_ref()));
        for (then, left) in &wanted {
            match (then, left) {
                (Some(then), _) => restoration.edits.extend(present.edit(then)),
                (None, Some(Part::Account(account))) => {
                    restoration.accounts_kept.push(account.as_ref().clone());
                }
                (None, Some(left)) => restoration.edits.extend(present.end(left)),
                (None, None) => {}
            }
        }
        self.restore_dismissed(&mut restoration, &present).await?;
        Ok(Some(restoration))
    }

    /// What a person had deleted by hand stays away, unless it stands again by now.
    async fn restore_dismissed(
        &self,
        restoration: &mut Restoration,
        present: &Present,
    ) -> Result<(), StoreError> {
        if restoration.way == Way::Redo {
            return Ok(());
        }
        for record in restoration.step.dismissed.clone() {
            let link = present.link_anew(&record.link);
            let known = self.mirrors_by_key(&link.target, [&record.key]).await?.pop();
            match known {
                None => restoration.dismissed.push(MirrorRecord { link, ..record }),
                Some(known) if known.dismissed => {}
                Some(_) => restoration.standing += 1,
            }
        }
        Ok(())
    }
}

/// What a row is to be; of an edit that goes the other way, what it was.
fn wanted(edit: &Edit, way: Way) -> Option<Part> {
    match way {
        Way::Undo => edit.before.clone(),
        Way::Redo => edit.after.clone(),
    }
}

fn left(edit: &Edit, way: Way) -> Option<Part> {
    match way {
        Way::Undo => edit.after.clone(),
        Way::Redo => edit.before.clone(),
    }
}

impl Present {
    async fn load(state: &State) -> Result<Self, StoreError> {
        Ok(Self {
            settings: state.settings().await?,
            accounts: state.accounts().await?,
            calendars: state.calendars().await?,
            groups: state.groups().await?,
            links: state.links().await?.into_iter().map(|link| (link.id.clone(), link)).collect(),
            accounts_anew: BTreeMap::new(),
            calendars_anew: BTreeMap::new(),
        })
    }

    /// Finds accounts and calendars that were removed and added again since. What is given back has the name of
    /// another account by now.
    fn recognise<'a>(&mut self, wanted: impl Iterator<Item = &'a Part> + Clone) -> Vec<Account> {
        let mut taken = Vec::new();
        for part in wanted.clone() {
            let Part::Account(account) = part else { continue };
            if self.accounts.iter().any(|here| here.id == account.id) {
                continue;
            }
            match self.accounts.iter().find(|here| here.name == account.name) {
                Some(here) if here.kind == account.kind => {
                    self.accounts_anew.insert(account.id.clone(), here.id.clone());
                }
                Some(_) => taken.push(account.as_ref().clone()),
                None => {}
            }
        }
        for part in wanted {
            let Part::Calendar(calendar) = part else { continue };
            let Some(account) = self.accounts_anew.get(&calendar.account) else { continue };
            let same =
                |here: &&Calendar| here.account == *account && here.remote.name == calendar.remote.name;
            if let Some(here) = self.calendars.iter().find(same) {
                self.calendars_anew.insert(calendar.id.clone(), here.id.clone());
            }
        }
        taken
    }

    fn calendar_anew(&self, id: &CalendarId) -> CalendarId {
        self.calendars_anew.get(id).unwrap_or(id).clone()
    }

    fn link_anew(&self, id: &LinkId) -> LinkId {
        LinkId::new(self.calendar_anew(&id.source), self.calendar_anew(&id.target))
    }

    fn group_anew(&self, group: &Group) -> Group {
        let one = |id: &CalendarId| self.calendar_anew(id);
        let shape = match &group.shape {
            Shape::Star { hub, spokes } => {
                Shape::Star { hub: one(hub), spokes: spokes.iter().map(one).collect() }
            }
            Shape::Mesh { members } => Shape::Mesh { members: members.iter().map(one).collect() },
            Shape::Pair { a, b, one_way } => Shape::Pair { a: one(a), b: one(b), one_way: *one_way },
        };
        Group { id: group.id.clone(), shape }
    }

    /// What becomes of a row that is to be `then`; `None` when it is so already.
    fn edit(&self, then: &Part) -> Option<Edit> {
        let (now, then) = match then {
            Part::Settings(then) => {
                let window_days_approved = self.settings.window_days_approved;
                let then = Settings { window_days_approved, ..then.clone() };
                (Some(Part::Settings(self.settings.clone())), Part::Settings(then))
            }
            Part::Account(then) => {
                if self.accounts_anew.contains_key(&then.id) {
                    return None;
                }
                let now = self.accounts.iter().find(|here| here.id == then.id);
                // One that stayed is as it is: it may have been signed in to anew.
                {
                    let after = now.unwrap_or(then).clone();
                    (now.cloned().map(|now| Part::Account(Box::new(now))), Part::Account(Box::new(after)))
                }
            }
            Part::Calendar(then) => {
                let id = self.calendar_anew(&then.id);
                let now = self.calendars.iter().find(|here| here.id == id).cloned();
                let account = self.accounts_anew.get(&then.account).unwrap_or(&then.account).clone();
                let fresh = Calendar { account, ..(**then).clone() };
                // Its provider knows better what it is called by now.
                let then = Calendar { pause: then.pause, ..now.clone().unwrap_or(fresh) };
                (now.map(|now| Part::Calendar(Box::new(now))), Part::Calendar(Box::new(then)))
            }
            Part::Group(then) => {
                let now = self.groups.iter().find(|here| here.id == then.id).cloned();
                (now.map(Part::Group), Part::Group(self.group_anew(then)))
            }
            Part::Link(then) => {
                let id = self.link_anew(&then.id);
                let now = self.links.get(&id).cloned();
                if now.is_none() && then.state == LinkState::Retiring {
                    return None;
                }
                let narrowed = now.as_ref().map(|now| now.narrowed.clone()).unwrap_or_default();
                let then = Link { id, narrowed, ..(**then).clone() };
                (now.map(|now| Part::Link(Box::new(now))), Part::Link(Box::new(then)))
            }
        };
        let then = Some(then);
        (now != then).then_some(Edit { before: now, after: then })
    }

    /// What becomes of a row that is not to be there: groups go, and links retire. Calendars stay with their
    /// accounts, and settings are always there.
    fn end(&self, left: &Part) -> Option<Edit> {
        match left {
            Part::Group(left) => {
                let now = self.groups.iter().find(|here| here.id == left.id).cloned()?;
                Some(Edit { before: Some(Part::Group(now)), after: None })
            }
            Part::Link(left) => {
                let id = self.link_anew(&left.id);
                let now = self.links.get(&id).cloned()?;
                let after = Part::Link(Box::new(now.clone().in_state(LinkState::Retiring)));
                let before = Some(Part::Link(Box::new(now)));
                (before.as_ref() != Some(&after)).then_some(Edit { before, after: Some(after) })
            }
            Part::Settings(_) | Part::Account(_) | Part::Calendar(_) => None,
        }
    }
}

impl Restoration {
    /// Adds to `changes` what it changes, and that it is done. What `narrowed` names loses mirrors by other
    /// rules, and a person saw which.
    pub fn put(&self, changes: &mut Changes, narrowed: impl Fn(&LinkId) -> bool, now: DateTime<Utc>) {
        for edit in &self.edits {
            match (&edit.before, &edit.after) {
                (_, Some(Part::Settings(then))) => changes.put_settings(then),
                (_, Some(Part::Account(then))) => changes.put_account(then),
                (_, Some(Part::Calendar(then))) => changes.put_calendar(then),
                (_, Some(Part::Group(then))) => changes.put_group(then),
                (Some(Part::Group(now)), None) => changes.delete_group(&now.id),
                _ => {}
            }
        }
        self.put_links(changes, |_| true, narrowed, now);
        for record in &self.dismissed {
            changes.put_mirror(record);
        }
        let undone = self.way == Way::Undo;
        changes.put_step(&Step { undone, open: false, ..self.step.clone() });
    }

    /// Adds to `changes` these of the links alone.
    pub fn put_links(
        &self,
        changes: &mut Changes,
        which: impl Fn(&LinkId) -> bool,
        narrowed: impl Fn(&LinkId) -> bool,
        now: DateTime<Utc>,
    ) {
        for edit in &self.edits {
            let Some(Part::Link(then)) = &edit.after else { continue };
            if !which(&then.id) {
                continue;
            }
            let mut then = (**then).clone();
            if let Some(Part::Link(before)) = &edit.before
                && before.policy != then.policy
            {
                let policies = [&before.policy, &then.policy];
                then.narrowed.retain(|past| past.holds(now) && !policies.contains(&&past.from));
                if narrowed(&then.id) {
                    then.narrowed.push(Narrowing { from: before.policy.clone(), at: now });
                }
            }
            changes.put_dirty(&then.id.source, now);
            changes.put_link(&then);
        }
    }

    /// The links in question, each as it is now and as it comes.
    pub fn links(&self) -> impl Iterator<Item = (Option<&Link>, &Link)> {
        self.edits.iter().filter_map(|edit| match (&edit.before, &edit.after) {
            (Some(Part::Link(now)), Some(Part::Link(then))) => Some((Some(&**now), &**then)),
            (None, Some(Part::Link(then))) => Some((None, &**then)),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chrono::TimeZone;
    use starmesh_core::ids::{GroupId, LastingName};
    use starmesh_core::mirror::{IdentityKey, Label};
    use starmesh_core::policy::Policy;
    use starmesh_provider::RemoteCalendar;

    use super::super::history::{Course, Deed, STEPS_MAX, Writes};
    use super::super::{AccountKind, Pause};
    use super::*;
    use crate::MemoryStore;

    fn state() -> State {
        State::new(Arc::new(MemoryStore::new()), IdentityKey::new([7; 32]))
    }

    fn now() -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 12, 1, 9, 0, 0).unwrap()
    }

    fn id(name: &str) -> CalendarId {
        CalendarId::new(name)
    }

    fn group(number: usize) -> Group {
        let shape = Shape::Pair { a: id("a"), b: id("b"), one_way: false };
        Group { id: GroupId::new(format!("pair-{number}")), shape }
    }

    fn link() -> Link {
        Link::new(LinkId::new(id("a"), id("b")))
    }

    fn account(id: &str) -> Account {
        let url = "https://dav.example.org/".to_owned();
        let kind = AccountKind::Caldav { url, user: "ann".to_owned(), by_token: false };
        Account { id: AccountId::new(id), name: "home".to_owned(), kind }
    }

    fn calendar(name: &str, account: &str) -> Calendar {
        Calendar {
            id: id(name),
            account: AccountId::new(account),
            remote: RemoteCalendar {
                name: LastingName::new("https://dav.example.org/ann/work/"),
                display_name: "Work".to_owned(),
                short_name: "work".to_owned(),
                color: None,
                zone: None,
                read_only: false,
                hides_marks: false,
            },
            zone: chrono_tz::Tz::UTC,
            missing: false,
            pause: None,
        }
    }

    async fn does(state: &State, deed: Deed, course: Course, put: impl FnOnce(&mut Changes)) {
        let mut changes = Changes::new();
        put(&mut changes);
        state.record(&mut changes, deed, course, now()).await.unwrap();
        state.commit(changes).await.unwrap();
    }

    async fn goes(state: &State, way: Way) -> Restoration {
        let restoration = state.restoration(way).await.unwrap().unwrap();
        let mut changes = Changes::new();
        restoration.put(&mut changes, |_| true, now());
        state.commit(changes).await.unwrap();
        restoration
    }

    #[tokio::test]
    async fn what_is_configured_until_a_plan_is_carried_out_is_one_step() {
        let state = state();
        does(&state, Deed::GroupAdded, Course::Later, |it| it.put_group(&group(1))).await;
        does(&state, Deed::GroupAdded, Course::Later, |it| it.put_group(&group(2))).await;
        let writes = Writes { placed: 3, ..Writes::default() };
        state.close_step(writes).await.unwrap();
        does(&state, Deed::GroupAdded, Course::Later, |it| it.put_group(&group(3))).await;
        let steps = state.steps().await.unwrap();
        let rows = steps.iter().map(|step| (step.edits.len(), step.open, step.written.placed));
        assert_eq!(rows.collect::<Vec<_>>(), [(2, false, 3), (1, true, 0)]);

        goes(&state, Way::Undo).await;
        assert_eq!(state.groups().await.unwrap().len(), 2);
        goes(&state, Way::Undo).await;
        assert_eq!(state.groups().await.unwrap(), []);
        assert_eq!(state.restoration(Way::Undo).await.unwrap(), None, "there is nothing before");
        goes(&state, Way::Redo).await;
        assert_eq!(state.groups().await.unwrap().len(), 2, "the step that was taken back last");

        // Something new leaves nothing to be made again.
        does(&state, Deed::GroupAdded, Course::Later, |it| it.put_group(&group(4))).await;
        assert_eq!(state.restoration(Way::Redo).await.unwrap(), None);
        assert_eq!(state.groups().await.unwrap().len(), 3);
    }

    #[tokio::test]
    async fn while_an_engine_is_at_work_each_command_is_a_step() {
        let state = state();
        for number in 1..=2 {
            does(&state, Deed::GroupAdded, Course::AtOnce, |it| it.put_group(&group(number))).await;
        }
        assert_eq!(state.steps().await.unwrap().len(), 2);
        goes(&state, Way::Undo).await;
        assert_eq!(state.groups().await.unwrap(), [group(1)]);
    }

    #[tokio::test]
    async fn what_comes_to_nothing_is_no_step() {
        let state = state();
        does(&state, Deed::GroupAdded, Course::Later, |it| it.put_group(&group(1))).await;
        does(&state, Deed::GroupRemoved, Course::Later, |it| it.delete_group(&group(1).id)).await;
        does(&state, Deed::SettingSet, Course::Later, |it| it.put_settings(&Settings::default())).await;
        assert_eq!(state.steps().await.unwrap(), []);
    }

    #[tokio::test]
    async fn so_many_steps_are_kept_and_the_newest_of_them() {
        let state = state();
        for number in 1..=STEPS_MAX + 3 {
            does(&state, Deed::GroupAdded, Course::AtOnce, |it| it.put_group(&group(number))).await;
        }
        let steps = state.steps().await.unwrap();
        assert_eq!(steps.len(), STEPS_MAX);
        let newest = steps.last().unwrap();
        assert_eq!(newest.number, (STEPS_MAX + 3) as u64);
        for _ in 0..STEPS_MAX {
            goes(&state, Way::Undo).await;
        }
        assert_eq!(state.restoration(Way::Undo).await.unwrap(), None);
        assert_eq!(state.groups().await.unwrap().len(), 3, "what is older stays");
    }

    #[tokio::test]
    async fn rules_come_back_with_the_approval_of_what_they_let_go() {
        let state = state();
        let mut changes = Changes::new();
        changes.put_link(&link());
        state.commit(changes).await.unwrap();
        let wide = Policy { min_minutes: 0, ..Policy::default() };
        let narrow = Policy { min_minutes: 60, ..Policy::default() };
        let narrowed = Link { policy: narrow.clone(), ..link() };
        does(&state, Deed::RulesSet, Course::AtOnce, |it| it.put_link(&narrowed)).await;

        goes(&state, Way::Undo).await;
        let back = state.link(&link().id).await.unwrap().unwrap();
        assert_eq!(back.policy, wide);
        goes(&state, Way::Redo).await;
        let again = state.link(&link().id).await.unwrap().unwrap();
        assert_eq!(again.policy, narrow);
        assert_eq!(again.narrowed, [Narrowing { from: wide, at: now() }]);
    }

    #[tokio::test]
    async fn a_link_that_a_step_brought_retires_and_one_that_it_took_runs_again() {
        let state = state();
        does(&state, Deed::GroupAdded, Course::AtOnce, |it| it.put_link(&link())).await;
        goes(&state, Way::Undo).await;
        let retiring = state.link(&link().id).await.unwrap().unwrap();
        assert_eq!(retiring.state, LinkState::Retiring);

        // The engine forgets a link that has no mirror left.
        let mut changes = Changes::new();
        changes.delete_link(&link().id);
        state.commit(changes).await.unwrap();
        goes(&state, Way::Redo).await;
        assert_eq!(state.link(&link().id).await.unwrap(), Some(link()));
    }

    #[tokio::test]
    async fn settings_come_back_and_what_the_engine_remembers_beside_them_stays() {
        let state = state();
        let label = Label::new("Away").unwrap();
        let set = Settings { label, window_days: 90, ..Settings::default() };
        does(&state, Deed::SettingSet, Course::Later, |it| it.put_settings(&set)).await;
        let mut changes = Changes::new();
        changes.put_settings(&Settings { window_days_approved: 90, ..set });
        state.commit(changes).await.unwrap();
        goes(&state, Way::Undo).await;
        let back = state.settings().await.unwrap();
        assert_eq!(back, Settings { window_days_approved: 90, ..Settings::default() });
    }

    #[tokio::test]
    async fn an_account_comes_back_under_the_name_that_it_has_by_now() {
        let state = state();
        let star = Group {
            id: GroupId::new("star-1"),
            shape: Shape::Star { hub: id("a"), spokes: vec![id("old")] },
        };
        let mut changes = Changes::new();
        changes.put_account(&account("old"));
        changes.put_calendar(&calendar("old", "old"));
        changes.put_group(&star);
        state.commit(changes).await.unwrap();
        does(&state, Deed::AccountRemoved, Course::Itself, |it| {
            it.delete_calendar(&id("old"));
            it.delete_account(&AccountId::new("old"));
            it.delete_group(&star.id);
        })
        .await;

        let alone = state.restoration(Way::Undo).await.unwrap().unwrap();
        let back = alone.edits.iter().filter(|edit| matches!(edit.after, Some(Part::Account(_)))).count();
        assert_eq!((back, alone.edits.len()), (1, 3), "all of it comes back");

        // Its person has added it again meanwhile.
        let mut changes = Changes::new();
        changes.put_account(&account("new"));
        changes.put_calendar(&calendar("new", "new"));
        state.commit(changes).await.unwrap();
        goes(&state, Way::Undo).await;
        assert_eq!(state.accounts().await.unwrap(), [account("new")]);
        assert_eq!(state.calendars().await.unwrap(), [calendar("new", "new")]);
        let groups = state.groups().await.unwrap();
        assert_eq!(groups[0].shape, Shape::Star { hub: id("a"), spokes: vec![id("new")] });
    }

    #[tokio::test]
    async fn an_account_whose_name_another_one_has_is_named() {
        let state = state();
        let mut changes = Changes::new();
        changes.put_account(&account("old"));
        state.commit(changes).await.unwrap();
        does(&state, Deed::AccountRemoved, Course::Itself, |it| it.delete_account(&AccountId::new("old")))
            .await;
        let mut other = account("new");
        let url = "https://elsewhere.example.org/".to_owned();
        other.kind = AccountKind::Caldav { url, user: "ann".to_owned(), by_token: false };
        let mut changes = Changes::new();
        changes.put_account(&other);
        state.commit(changes).await.unwrap();
        let restoration = state.restoration(Way::Undo).await.unwrap().unwrap();
        assert_eq!(restoration.accounts_taken, [account("old")]);
    }

    #[tokio::test]
    async fn a_pause_of_a_calendar_comes_back_and_its_listing_stays() {
        let state = state();
        let mut changes = Changes::new();
        changes.put_account(&account("x"));
        changes.put_calendar(&calendar("a", "x"));
        state.commit(changes).await.unwrap();
        let paused = Calendar { pause: Some(Pause { until: None }), ..calendar("a", "x") };
        does(&state, Deed::Paused, Course::AtOnce, |it| it.put_calendar(&paused)).await;
        let mut renamed = paused;
        renamed.remote.display_name = "Job".to_owned();
        let mut changes = Changes::new();
        changes.put_calendar(&renamed);
        state.commit(changes).await.unwrap();
        goes(&state, Way::Undo).await;
        let back = state.calendar(&id("a")).await.unwrap().unwrap();
        assert_eq!((back.pause, back.remote.display_name.as_str()), (None, "Job"));
    }
}
