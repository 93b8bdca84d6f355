//! What becomes of a file.

use starmesh_core::ids::GroupId;

use super::*;
use crate::names::tests::{account, calendar};

/// A computer with two calendars in one account, paired, the way back paused.
fn known() -> Known {
    let calendars = vec![calendar("home", "work", "Work"), calendar("home", "family", "Our family")];
    let [a, b] = [calendars[0].id.clone(), calendars[1].id.clone()];
    let pair = Group {
        id: GroupId::new("pair-1"),
        shape: Shape::Pair { a: a.clone(), b: b.clone(), one_way: false },
    };
    Known {
        settings: Settings::default(),
        accounts: vec![account("home")],
        calendars,
        wanted: Wanted { groups: vec![pair], read_only: BTreeSet::new() },
        links: vec![
            Link::new(LinkId::new(a.clone(), b.clone())),
            Link::new(LinkId::new(b, a)).in_state(LinkState::Paused),
        ],
    }
}

/// A computer on which nothing was ever configured.
fn nothing() -> Known {
    Known {
        settings: Settings::default(),
        accounts: Vec::new(),
        calendars: Vec::new(),
        wanted: Wanted { groups: Vec::new(), read_only: BTreeSet::new() },
        links: Vec::new(),
    }
}

const HOME: &str = "\
[[account]]
name = 'home'
provider = 'caldav'
url = 'https://home.example/'
user = 'ann'

[[calendar]]
id = 'work'
account = 'home'
address = 'https://home.example/ann/work/'
short_name = 'work'
zone = 'UTC'

[[calendar]]
id = 'family'
account = 'home'
address = 'https://home.example/ann/family/'
short_name = 'family'
zone = 'Europe/Berlin'
";

const PAIR: &str = "
[[group]]
name = 'pair-1'
shape = 'pair'
calendars = ['family', 'work']
";

const PAUSED: &str = "
[[link]]
source = 'family'
target = 'work'
state = 'paused'
";

fn merged(known: &Known, text: &str) -> Result<Merged> {
    let file = File::parse("mine.toml", &format!("version = 1\n{text}"))?;
    let drawn = std::cell::Cell::new(0);
    merge("mine.toml", &file, known, || {
        drawn.set(drawn.get() + 1);
        format!("new-{}", drawn.get())
    })
}

fn refusal(known: &Known, text: &str) -> AppError {
    merged(known, text).err().unwrap_or_else(|| panic!("it was taken: {text}"))
}

#[test]
fn a_file_that_says_what_is_so_already_changes_nothing() {
    let merged = merged(&known(), &format!("[settings]\nwindow = 180\n{HOME}{PAIR}{PAUSED}")).unwrap();
    assert!(merged.dto.changes_nothing(), "{:?}", merged.dto);
    assert!(merged.changes.is_empty() && merged.links.is_empty());
}

#[test]
fn a_new_computer_gets_all_of_it_and_paused_links_paused() {
    let settings = "[settings]\nwindow = 90\nzone = 'Asia/Tokyo'\n";
    let merged = merged(&nothing(), &format!("{settings}{HOME}{PAIR}{PAUSED}")).unwrap();
    let dto = &merged.dto;
    assert_eq!(dto.accounts_added, ["home"]);
    assert_eq!(dto.calendars_added, ["family", "work"]);
    assert_eq!(dto.groups_added, ["pair-1"]);
    assert_eq!((dto.links_added.len(), dto.links_paused.len()), (2, 1));
    let keys: Vec<_> = dto.settings.iter().map(|change| change.key.as_str()).collect();
    assert_eq!(keys, ["window", "zone"]);
    assert_eq!(merged.links.iter().map(|link| link.state).collect::<Vec<_>>(), [LinkState::Paused]);
    assert_eq!(merged.changes.len(), 1 + 1 + 2 + 1);
}

#[test]
fn a_merge_takes_nothing_away() {
    let other = "[[group]]\nname = 'pair-1'\nshape = 'one_way'\ncalendars = ['work', 'club']\n";
    let club = "[[calendar]]\nid = 'club'\naccount = 'home'\naddress = 'https://home.example/c/'\nshort_name = 'c'\nzone = 'UTC'\n";
    let merged = merged(&known(), &format!("{HOME}{club}{other}")).unwrap();
    assert_eq!(merged.dto.groups_added, ["pair-2"], "the name is taken");
    assert_eq!(merged.after.groups.len(), 2);
    assert_eq!(merged.dto.links_added, ["Work → c"]);
    assert!(merged.dto.settings.is_empty() && merged.links.is_empty());
}

#[test]
fn a_paused_link_runs_again_when_the_file_says_so() {
    let running = PAUSED.replace("paused", "active");
    let merged = merged(&known(), &format!("{HOME}{PAIR}{running}")).unwrap();
    assert_eq!(merged.dto.links_resumed, ["Our family → Work"]);
    assert_eq!(merged.links[0].state, LinkState::Active);
}

#[test]
fn a_link_that_is_being_cleaned_is_left_to_it() {
    let mut cleaned = known();
    cleaned.links[1].state = LinkState::Retiring;
    let merged = merged(&cleaned, &format!("{HOME}{PAIR}{PAUSED}")).unwrap();
    assert!(merged.links.is_empty() && merged.dto.changes_nothing(), "{:?}", merged.dto);
}

#[test]
fn what_cannot_be_meant_is_refused_by_name() {
    let home_elsewhere = HOME.replace("url = 'https://home.example/'", "url = 'https://other.example/'");
    let rows = [
        (format!("{HOME}{HOME}"), "the account “home” stands there twice"),
        (HOME.replace("account = 'home'", "account = 'gone'"), "is of an account “gone” that there is not"),
        (HOME.replace("id = 'family'", "id = 'work'"), "two calendars are called “work”"),
        (format!("{HOME}{}", PAIR.replace("'family'", "'club'")), "speaks of a calendar “club”"),
        (
            format!("{HOME}{}", PAIR.replace("'pair'", "'star'").replace("'family', 'work'", "'work'")),
            "at least two",
        ),
        (format!("{HOME}{}", PAIR.replace("'family', 'work'", "'work', 'work'")), "stands twice"),
        (format!("{HOME}{}", PAIR.replace("'family', 'work'", "'work'")), "too many or too few"),
        (format!("{HOME}{PAUSED}"), "no group makes the link"),
        (format!("{HOME}{PAIR}{PAUSED}{PAUSED}"), "stands there twice"),
        ("[settings]\nwindow = 5".to_owned(), "[settings]: the window is"),
        ("[settings]\nlabel = ' '".to_owned(), "[settings]: "),
        (format!("[settings]\npair_limit = 1\n{HOME}{}", three()), "the limit is 1"),
        (HOME.replace("name = 'home'", "name = 'a/b'"), "an account's name"),
    ];
    for (text, message) in rows {
        let error = refusal(&nothing(), &text);
        assert!(
            error.message.starts_with("mine.toml: ") && error.message.contains(message),
            "{}",
            error.message
        );
    }
    let error = refusal(&known(), &home_elsewhere);
    assert_eq!(error.code, ErrorCode::DoubledName);
    assert!(error.message.contains("“home” is another one"), "{error}");
}

/// A third calendar, and a mesh of all.
fn three() -> String {
    let club = "[[calendar]]\nid = 'club'\naccount = 'home'\naddress = 'https://home.example/c/'\nshort_name = 'c'\nzone = 'UTC'\n";
    format!("{club}[[group]]\nname = 'mesh-1'\nshape = 'mesh'\ncalendars = ['work', 'family', 'club']\n")
}

#[test]
fn a_new_link_brings_its_rules_and_one_that_stands_keeps_its_own() {
    let ruled = format!("{PAUSED}policy.min_minutes = 30\n").replace("paused", "active");
    let first = merged(&nothing(), &format!("{HOME}{PAIR}{ruled}")).unwrap();
    assert_eq!(first.links.iter().map(|link| link.policy.min_minutes).collect::<Vec<_>>(), [30]);
    let second = merged(&known(), &format!("{HOME}{PAIR}{ruled}")).unwrap();
    assert!(second.links.iter().all(|link| link.policy.min_minutes == 0));
    assert_eq!(second.dto.policies_kept, ["Our family → Work"]);
}
