//! What people call calendars, and which calendar a name means.
//!
//! A calendar answers to its display name and to the last segment of its path, each alone or after
//! `account/`. For the rare pair of calendars whose names cannot be told apart, its address serves too.

use std::collections::{BTreeMap, BTreeSet};

use starmesh_core::ids::{AccountId, CalendarId, LinkId};
use starmesh_store::state::{Account, Calendar, State};

use crate::dto::{CalendarRef, LinkRef};
use crate::error::{Action, AppError, ErrorCode, Result};

/// How unlike a name may be to be suggested: 1 is equal.
const SIMILARITY_MIN: f64 = 0.7;
/// How many names are suggested at most.
const SUGGESTIONS_MAX: usize = 5;

/// All accounts and calendars by their names.
#[derive(Clone, Debug)]
pub(crate) struct Directory {
    accounts: BTreeMap<AccountId, Account>,
    calendars: BTreeMap<CalendarId, Calendar>,
}

impl Directory {
    /// Everything the store knows.
    pub(crate) async fn load(state: &State) -> Result<Self> {
        Ok(Self::new(state.accounts().await?, state.calendars().await?))
    }

    /// Over these accounts and calendars.
    pub(crate) fn new(accounts: Vec<Account>, calendars: Vec<Calendar>) -> Self {
        Self {
            accounts: accounts.into_iter().map(|account| (account.id.clone(), account)).collect(),
            calendars: calendars.into_iter().map(|calendar| (calendar.id.clone(), calendar)).collect(),
        }
    }

    /// All accounts.
    pub(crate) fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.accounts.values()
    }

    /// All calendars.
    pub(crate) fn calendars(&self) -> impl Iterator<Item = &Calendar> {
        self.calendars.values()
    }

    /// One calendar.
    pub(crate) fn calendar(&self, id: &CalendarId) -> Option<&Calendar> {
        self.calendars.get(id)
    }

    /// The calendars that cannot be written.
    pub(crate) fn read_only(&self) -> BTreeSet<CalendarId> {
        self.calendars()
            .filter(|calendar| calendar.remote.read_only)
            .map(|calendar| calendar.id.clone())
            .collect()
    }

    /// The account with this id.
    pub(crate) fn account(&self, id: &AccountId) -> Option<&Account> {
        self.accounts.get(id)
    }

    /// The account called `name`.
    pub(crate) fn find_account(&self, name: &str) -> Result<&Account> {
        if let Some(account) = self.accounts.values().find(|account| account.name == name) {
            return Ok(account);
        }
        let names = self.accounts.values().map(|account| account.name.clone()).collect();
        Err(unknown("account", name, names, "`starmesh account list` shows the accounts"))
    }

    /// The calendar called `name`.
    pub(crate) fn find_calendar(&self, name: &str) -> Result<&Calendar> {
        let matches: Vec<&Calendar> =
            self.calendars().filter(|calendar| self.names_of(calendar).contains(name)).collect();
        match matches.as_slice() {
            [only] => Ok(only),
            [] => {
                let mut names: BTreeSet<String> = BTreeSet::new();
                for calendar in self.calendars() {
                    names.extend(similar(name, self.names_of(calendar)));
                }
                let candidates = if names.is_empty() {
                    self.calendars().map(|calendar| self.full_name(calendar)).collect()
                } else {
                    closest(name, names)
                };
                Err(unknown("calendar", name, candidates, "`starmesh calendar list` shows the calendars"))
            }
            several => {
                let candidates: Vec<String> =
                    several.iter().map(|calendar| self.telling_name(calendar, several)).collect();
                Err(AppError::new(
                    ErrorCode::AmbiguousName,
                    format!("“{name}” means several calendars: {}", candidates.join(", ")),
                )
                .hint("use one of these names")
                .action(Action::Choose { candidates }))
            }
        }
    }

    /// The ids of calendars, in the order of their names.
    pub(crate) fn find_calendars(&self, names: &[String]) -> Result<Vec<CalendarId>> {
        names.iter().map(|name| Ok(self.find_calendar(name)?.id.clone())).collect()
    }

    /// The link called `SOURCE->TARGET` (or with `→`), among `links`.
    pub(crate) fn find_link(&self, name: &str, links: &BTreeSet<LinkId>) -> Result<LinkId> {
        let splits: Vec<(&str, &str)> = ["->", "→"]
            .iter()
            .flat_map(|arrow| name.match_indices(arrow))
            .map(|(at, arrow)| (name[..at].trim(), name[at + arrow.len()..].trim()))
            .collect();
        if splits.is_empty() {
            return Err(AppError::new(ErrorCode::InvalidValue, format!("“{name}” does not name a link"))
                .hint("a link is written 'SOURCE->TARGET', with the names of its calendars"));
        }
        let mut failure = None;
        for (source, target) in splits {
            match (self.find_calendar(source), self.find_calendar(target)) {
                (Ok(source), Ok(target)) => {
                    let id = LinkId::new(source.id.clone(), target.id.clone());
                    if links.contains(&id) {
                        return Ok(id);
                    }
                    let candidates = links.iter().map(|link| self.link(link).name).collect();
                    let name = self.link(&id).name;
                    failure =
                        Some(unknown("link", &name, candidates, "`starmesh link list` shows the links"));
                }
                (Err(error), _) | (_, Err(error)) => failure = failure.or(Some(error)),
            }
        }
        Err(failure
            .unwrap_or_else(|| AppError::new(ErrorCode::UnknownName, format!("there is no link “{name}”"))))
    }

    /// How a calendar is spoken of.
    pub(crate) fn reference(&self, id: &CalendarId) -> CalendarRef {
        let Some(calendar) = self.calendar(id) else {
            let name = "a removed calendar".to_owned();
            return CalendarRef { id: id.to_string(), path: name.clone(), name, account: String::new() };
        };
        CalendarRef {
            id: id.to_string(),
            name: self.label(calendar),
            account: self.account_name(&calendar.account),
            path: self.full_name(calendar),
        }
    }

    /// How a link is spoken of.
    pub(crate) fn link(&self, id: &LinkId) -> LinkRef {
        let (mut source, target) = (self.reference(&id.source), self.reference(&id.target));
        if id.is_none() {
            "a link unknown here".clone_into(&mut source.name);
        }
        LinkRef { name: format!("{} → {}", source.name, target.name), source, target }
    }

    /// The name of an account.
    pub(crate) fn account_name(&self, id: &AccountId) -> String {
        self.accounts.get(id).map_or_else(|| "a removed account".to_owned(), |account| account.name.clone())
    }

    /// Every name a calendar answers to.
    fn names_of(&self, calendar: &Calendar) -> BTreeSet<String> {
        let account = self.account_name(&calendar.account);
        let remote = &calendar.remote;
        let short = [remote.display_name.as_str(), remote.short_name.as_str()];
        let mut names: BTreeSet<String> = BTreeSet::new();
        for name in short.into_iter().filter(|name| !name.is_empty()) {
            names.insert(name.to_owned());
            names.insert(format!("{account}/{name}"));
        }
        names.insert(remote.name.to_string());
        names
    }

    /// The display name, or what stands in for it.
    fn plain_label(calendar: &Calendar) -> &str {
        let remote = &calendar.remote;
        [remote.display_name.as_str(), remote.short_name.as_str(), remote.name.as_str()]
            .into_iter()
            .find(|name| !name.trim().is_empty())
            .unwrap_or_default()
    }

    /// The display name; with the full name where another calendar has the same.
    fn label(&self, calendar: &Calendar) -> String {
        let label = Self::plain_label(calendar);
        let alike = self.calendars().filter(|other| Self::plain_label(other) == label).count();
        if alike > 1 { format!("{label} ({})", self.full_name(calendar)) } else { label.to_owned() }
    }

    /// `account/short name`.
    fn full_name(&self, calendar: &Calendar) -> String {
        format!("{}/{}", self.account_name(&calendar.account), calendar.remote.short_name)
    }

    /// The friendliest name that only this one of `several` answers to.
    fn telling_name(&self, calendar: &Calendar, several: &[&Calendar]) -> String {
        let account = self.account_name(&calendar.account);
        let remote = &calendar.remote;
        [format!("{account}/{}", remote.display_name), self.full_name(calendar)]
            .into_iter()
            .find(|name| several.iter().filter(|other| self.names_of(other).contains(name)).count() == 1)
            .unwrap_or_else(|| remote.name.to_string())
    }
}

fn unknown(noun: &str, name: &str, candidates: Vec<String>, hint: &str) -> AppError {
    let error = AppError::new(ErrorCode::UnknownName, format!("there is no {noun} “{name}”"));
    if candidates.is_empty() {
        return error.hint(hint);
    }
    let alike = closest(name, similar(name, candidates.iter().cloned()));
    let words = if alike.is_empty() {
        format!("there is: {}. {hint}", candidates.join(", "))
    } else {
        format!("did you mean {}? {hint}", alike.join(", "))
    };
    error.hint(words).action(Action::Choose { candidates: if alike.is_empty() { candidates } else { alike } })
}

fn likeness(a: &str, b: &str) -> f64 {
    strsim::jaro_winkler(&a.to_lowercase(), &b.to_lowercase())
}

fn similar(name: &str, names: impl IntoIterator<Item = String>) -> Vec<String> {
    names.into_iter().filter(|other| likeness(name, other) >= SIMILARITY_MIN).collect()
}

fn closest(name: &str, names: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut names: Vec<String> = names.into_iter().collect();
    names.sort_by(|a, b| likeness(name, b).total_cmp(&likeness(name, a)).then_with(|| a.cmp(b)));
    names.truncate(SUGGESTIONS_MAX);
    names
}

#[cfg(test)]
pub(crate) mod tests {
    use starmesh_core::ids::LastingName;
    use starmesh_provider::RemoteCalendar;
    use starmesh_store::state::AccountKind;

    use super::*;

    pub(crate) fn account(name: &str) -> Account {
        let kind = AccountKind::Caldav {
            url: format!("https://{name}.example/"),
            user: "ann".to_owned(),
            by_token: false,
        };
        Account { id: AccountId::new(format!("id-{name}")), name: name.to_owned(), kind }
    }

    pub(crate) fn calendar(account: &str, short: &str, display: &str) -> Calendar {
        let url = format!("https://{account}.example/ann/{short}/");
        Calendar {
            id: CalendarId::new(format!("id-{account}-{short}")),
            account: AccountId::new(format!("id-{account}")),
            remote: RemoteCalendar {
                name: LastingName::new(url),
                display_name: display.to_owned(),
                short_name: short.to_owned(),
                color: None,
                zone: None,
                read_only: false,
                hides_marks: false,
            },
            zone: chrono_tz::UTC,
            missing: false,
            pause: None,
        }
    }

    pub(crate) fn directory() -> Directory {
        let calendars = vec![
            calendar("home", "work", "Work"),
            calendar("home", "family", "Our family"),
            calendar("office", "cal", "Work"),
            calendar("office", "family", ""),
            calendar("office", "b->c", "Odd → name"),
        ];
        Directory::new(vec![account("home"), account("office")], calendars)
    }

    #[test]
    fn a_calendar_answers_to_each_of_its_names() {
        let directory = directory();
        let found = |name: &str| directory.find_calendar(name).map(|calendar| calendar.id.to_string());
        for name in ["work", "home/work", "home/Work", "https://home.example/ann/work/"] {
            assert_eq!(found(name).as_deref(), Ok("id-home-work"), "{name}");
        }
        assert_eq!(found("cal").as_deref(), Ok("id-office-cal"));
        assert_eq!(found("Our family").as_deref(), Ok("id-home-family"));
        assert_eq!(found("office/family").as_deref(), Ok("id-office-family"));
    }

    #[test]
    fn an_ambiguous_name_is_refused_with_names_that_tell_apart() {
        let error = directory().find_calendar("Work").unwrap_err();
        assert_eq!(error.code, ErrorCode::AmbiguousName);
        let candidates = vec!["home/Work".to_owned(), "office/Work".to_owned()];
        assert_eq!(error.action, Some(Action::Choose { candidates }));
        assert!(error.message.contains("home/Work, office/Work"), "{error}");
    }

    #[test]
    fn an_unknown_name_is_refused_with_what_comes_close() {
        let error = directory().find_calendar("wrok").unwrap_err();
        assert_eq!(error.code, ErrorCode::UnknownName);
        let hint = error.hint.unwrap_or_default();
        assert!(hint.contains("did you mean") && hint.contains("work"), "{hint}");
        let error = directory().find_account("offce").unwrap_err();
        assert!(error.hint.is_some_and(|hint| hint.contains("did you mean office?")));
    }

    #[test]
    fn a_link_is_named_by_its_two_ends_even_when_a_name_holds_an_arrow() {
        let directory = directory();
        let id = |short: &str| CalendarId::new(format!("id-{short}"));
        let plain = LinkId::new(id("home-work"), id("office-cal"));
        let odd = LinkId::new(id("office-b->c"), id("home-work"));
        let links = BTreeSet::from([plain.clone(), odd.clone()]);
        for name in ["work->cal", "home/work → office/cal", "work→cal"] {
            assert_eq!(directory.find_link(name, &links).as_ref(), Ok(&plain), "{name}");
        }
        for name in ["b->c->work", "Odd → name → home/Work"] {
            assert_eq!(directory.find_link(name, &links).as_ref(), Ok(&odd), "{name}");
        }
        assert_eq!(directory.find_link("cal->work", &links).unwrap_err().code, ErrorCode::UnknownName);
        assert_eq!(directory.find_link("work", &links).unwrap_err().code, ErrorCode::InvalidValue);
    }

    #[test]
    fn equal_display_names_are_told_apart_in_words() {
        let directory = directory();
        let name = |id: &str| directory.reference(&CalendarId::new(id)).name;
        assert_eq!(name("id-home-work"), "Work (home/work)");
        assert_eq!(name("id-home-family"), "Our family");
        assert_eq!(name("id-office-family"), "family");
    }
}
