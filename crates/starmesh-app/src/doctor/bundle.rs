//! What can be given to others: everything that helps to find a fault, and nothing that tells whose calendars these
//! are. Accounts, calendars and groups have numbers; addresses, names, labels, zones, folders and the times of
//! events are not in it, and neither is what servers said.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;
use starmesh_core::ids::{CalendarId, LinkId};
use starmesh_core::mirror::Label;
use starmesh_core::reconcile::LinkState;
use starmesh_core::topology::Shape;
use starmesh_store::state::{ActionKind, Settings};

use super::Examined;
use crate::data_folder::VaultKind;
use crate::dto::{CheckDto, FindingDto, VerdictDto};
use crate::error::{AppError, ErrorCode, Result};
use crate::names::Directory;
use crate::new_file::{check_free, write_new};
use crate::open::Starmesh;
use crate::progress::wedge_name;
use crate::when::written;

/// The layout of a bundle.
const FORMAT: u32 = 1;

/// How many of the last writes are in a bundle: enough to see a pattern, few enough to be read through.
const WRITES_MAX: usize = 200;

/// A bundle.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
pub struct BundleDto {
    format: u32,
    starmesh: String,
    system: &'static str,
    processor: &'static str,
    at: String,
    vault: Option<VaultKind>,
    verdict: VerdictDto,
    findings: Vec<FindingOf>,
    /// Absent where the data folder does not open.
    #[serde(skip_serializing_if = "Option::is_none")]
    configuration: Option<Configuration>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
struct FindingOf {
    check: CheckDto,
    verdict: VerdictDto,
    #[serde(skip_serializing_if = "Option::is_none")]
    about: Option<String>,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<ErrorCode>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
struct Configuration {
    settings: SettingsOf,
    accounts: Vec<AccountOf>,
    calendars: Vec<CalendarOf>,
    groups: Vec<GroupOf>,
    links: Vec<LinkOf>,
    standing_still: Vec<WedgeOf>,
    /// The last writes, newest first.
    writes: Vec<WriteOf>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
struct SettingsOf {
    window_days: u16,
    window_days_approved: u16,
    poll_interval_s: u32,
    /// Whether a zone is set; which one tells where somebody lives.
    zone_is_set: bool,
    /// Whether the label is the usual one; another is the person's own words.
    label_is_usual: bool,
    pair_limit: Option<u32>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
struct AccountOf {
    name: String,
    provider: &'static str,
}

#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
struct CalendarOf {
    name: String,
    account: String,
    read_only: bool,
    missing: bool,
    has_token: bool,
    items: u64,
}

#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
struct GroupOf {
    shape: &'static str,
    calendars: Vec<String>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
struct LinkOf {
    name: String,
    state: LinkState,
    mirrors: u64,
}

#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
struct WedgeOf {
    calendar: String,
    reason: String,
    since: String,
}

#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
struct WriteOf {
    at: String,
    link: String,
    action: ActionKind,
    /// True for a removal that the brake counts.
    counted: bool,
}

/// The numbers that stand for names.
struct Numbers {
    accounts: BTreeMap<String, String>,
    calendars: BTreeMap<CalendarId, String>,
}

impl Numbers {
    fn new(directory: &Directory) -> Self {
        let accounts = directory.accounts().enumerate();
        let calendars = directory.calendars().enumerate();
        Self {
            accounts: accounts.map(|(at, it)| (it.name.clone(), format!("account-{}", at + 1))).collect(),
            calendars: calendars.map(|(at, it)| (it.id.clone(), format!("calendar-{}", at + 1))).collect(),
        }
    }

    fn account(&self, name: &str) -> String {
        self.accounts.get(name).cloned().unwrap_or_else(|| "an account".to_owned())
    }

    fn calendar(&self, id: &CalendarId) -> String {
        self.calendars.get(id).cloned().unwrap_or_else(|| "a calendar".to_owned())
    }

    fn link(&self, id: &LinkId) -> String {
        format!("{} → {}", self.calendar(&id.source), self.calendar(&id.target))
    }

    /// A finding without what the person, a server or the system calls things.
    fn finding(&self, finding: &FindingDto) -> FindingOf {
        let calendar = |id: &str| self.calendar(&CalendarId::new(id));
        let about = match (&finding.link, &finding.calendar, &finding.account) {
            (Some(link), ..) => {
                Some(format!("{} → {}", calendar(&link.source.id), calendar(&link.target.id)))
            }
            (None, Some(of), _) => Some(calendar(&of.id)),
            (None, None, Some(name)) => Some(self.account(name)),
            (None, None, None) => None,
        };
        let FindingDto { check, verdict, message, code, .. } = finding.clone();
        FindingOf { check, verdict, about, message, code }
    }
}

impl Examined {
    /// What can be given to others of this examination.
    pub async fn bundle(&self) -> Result<BundleDto> {
        let mut numbers = Numbers { accounts: BTreeMap::new(), calendars: BTreeMap::new() };
        let mut configuration = None;
        if let Some(starmesh) = &self.opened {
            // Rows that do not open are among the findings; the rest is worth having without them.
            match described(starmesh).await {
                Ok((described, of)) => {
                    (configuration, numbers) = (Some(described), of);
                }
                Err(error) => tracing::debug!(%error, "the bundle goes without the configuration"),
            }
        }
        Ok(BundleDto {
            format: FORMAT,
            starmesh: self.report.version.clone(),
            system: std::env::consts::OS,
            processor: std::env::consts::ARCH,
            at: self.report.at.clone(),
            vault: self.vault,
            verdict: self.report.verdict,
            findings: self.report.findings.iter().map(|finding| numbers.finding(finding)).collect(),
            configuration,
        })
    }
}

impl BundleDto {
    /// Fails when a file stands at `path` already: then there is no need to look at a bundle.
    pub fn check_path(path: &Path) -> Result<()> {
        check_free(path)
    }

    /// The bundle as it is shown and saved.
    pub fn text(&self) -> Result<String> {
        let text = serde_json::to_string_pretty(self).map_err(|error| {
            AppError::new(ErrorCode::Internal, format!("the bundle cannot be written: {error}"))
        })?;
        Ok(text + "\n")
    }

    /// Saves it in a new file.
    pub fn save(&self, path: &Path) -> Result<()> {
        write_new(path, &self.text()?)
    }
}

async fn described(starmesh: &Starmesh) -> Result<(Configuration, Numbers)> {
    let state = &starmesh.state;
    let directory = Directory::load(state).await?;
    let numbers = Numbers::new(&directory);
    let mut calendars = Vec::new();
    for calendar in directory.calendars() {
        calendars.push(CalendarOf {
            name: numbers.calendar(&calendar.id),
            account: numbers.account(&directory.account_name(&calendar.account)),
            read_only: calendar.remote.read_only,
            missing: calendar.missing,
            has_token: state.read(&calendar.id).await?.cursor.is_some(),
            items: state.item_count(&calendar.id).await?,
        });
    }
    let mut links = Vec::new();
    for link in state.links().await? {
        let mirrors = state.mirror_count(&link.id).await?;
        links.push(LinkOf { name: numbers.link(&link.id), state: link.state, mirrors });
    }
    let groups = state.groups().await?;
    let configuration = Configuration {
        settings: settings_of(&state.settings().await?),
        accounts: directory
            .accounts()
            .map(|account| AccountOf {
                name: numbers.account(&account.name),
                provider: account.kind.provider(),
            })
            .collect(),
        calendars,
        groups: groups
            .iter()
            .map(|group| GroupOf {
                shape: shape_of(&group.shape),
                calendars: group.shape.members().into_iter().map(|id| numbers.calendar(id)).collect(),
            })
            .collect(),
        links,
        standing_still: state
            .wedges()
            .await?
            .iter()
            .map(|wedge| WedgeOf {
                calendar: numbers.calendar(&wedge.calendar),
                reason: wedge_name(wedge.reason),
                since: written(wedge.since),
            })
            .collect(),
        writes: state
            .journal(WRITES_MAX)
            .await?
            .iter()
            .map(|entry| WriteOf {
                at: written(entry.at),
                link: numbers.link(&entry.link),
                action: entry.action,
                counted: entry.counted,
            })
            .collect(),
    };
    Ok((configuration, numbers))
}

fn settings_of(settings: &Settings) -> SettingsOf {
    SettingsOf {
        window_days: settings.window_days,
        window_days_approved: settings.window_days_approved,
        poll_interval_s: settings.poll_interval_s,
        zone_is_set: settings.zone.is_some(),
        label_is_usual: settings.label == Label::default(),
        pair_limit: settings.pair_limit,
    }
}

fn shape_of(shape: &Shape) -> &'static str {
    match shape {
        Shape::Star { .. } => "star",
        Shape::Mesh { .. } => "mesh",
        Shape::Pair { one_way: false, .. } => "pair",
        Shape::Pair { one_way: true, .. } => "one_way",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::tests::directory;

    #[test]
    fn a_finding_goes_without_every_name_and_everything_that_was_said() {
        let directory = directory();
        let numbers = Numbers::new(&directory);
        let (work, cal) = (CalendarId::new("id-home-work"), CalendarId::new("id-office-cal"));
        let finding = FindingDto::failed(CheckDto::Connection, "it does not answer")
            .at_host("secret.example")
            .said("secret.example refuses ann")
            .action("`starmesh account signin home`");
        let rows = [
            (finding.clone().of_account("home"), Some("account-1")),
            (finding.clone().of_account("home").of_calendar(directory.reference(&work)), Some("calendar-2")),
            (
                finding.clone().of_link(directory.link(&LinkId::new(work, cal))),
                Some("calendar-2 → calendar-4"),
            ),
            (finding.clone().of_account("removed meanwhile"), Some("an account")),
            (finding, None),
        ];
        for (finding, about) in rows {
            let shown = numbers.finding(&finding);
            assert_eq!(shown.about.as_deref(), about);
            let text = serde_json::to_string(&shown).unwrap();
            for word in ["secret", "ann", "home", "office", "Work", "removed"] {
                assert!(!text.contains(word), "{word} in {text}");
            }
        }
    }
}
