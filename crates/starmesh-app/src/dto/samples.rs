//! One example of each answer, the same in every snapshot.

use std::collections::BTreeMap;

use starmesh_core::mirror::Label;
use starmesh_core::policy::{AllDay, Choice, Deleted, Policy, Undecided, Word};

use super::{
    AccountDto, AccountRemoved, ActionDto, CalendarDto, CalendarRef, CalendarStatusDto, CanaryDto, CheckDto,
    CleanDto, CleanedLink, ConfigurationDto, DamageDto, DamageSource, DaysDto, DoctorDto, FailureDto,
    FindingDto, GroupChange, GroupDto, HeldDto, ImportDto, JourneyDto, LatencyDto, LeftOut, LeftOutReason,
    LinkDto, LinkPlanDto, LinkRef, LinkStateDto, PausedCalendar, PausesDto, PlanDto, PolicyDto, PolicyEffect,
    QuestionDto, ReportDto, RulesDto, RunEvent, SettingChangeDto, ShapeDto, SignInNeededDto, StatusDto,
    StepDto, StepsDto, StuckDto, SweepDto, SweptCalendarDto, TargetPlanDto, TimeDto, TroubleDto, UndoDto,
    Unreached, VerdictDto, WedgeDto, WhyDto, WhyEvent, WhyLink, WhyOutcome, WindowDto, WritesDto, WrittenDto,
};
use crate::accounts::AccountAdded;
use crate::error::{Action, AppError, ErrorCode};

/// A calendar.
pub fn calendar(account: &str, short: &str, name: &str) -> CalendarRef {
    CalendarRef {
        id: format!("id-{short}"),
        name: name.to_owned(),
        account: account.to_owned(),
        path: format!("{account}/{short}"),
    }
}

fn work() -> CalendarRef {
    calendar("home", "work", "Work")
}

fn family() -> CalendarRef {
    calendar("home", "family", "Our family")
}

fn link(source: CalendarRef, target: CalendarRef) -> LinkRef {
    LinkRef { name: format!("{} → {}", source.name, target.name), source, target }
}

/// An account.
pub fn account() -> AccountDto {
    AccountDto {
        name: "home".to_owned(),
        provider: "caldav".to_owned(),
        url: "https://dav.example.org/".to_owned(),
        user: "ann".to_owned(),
        calendars: 2,
        needs_person: true,
        failure: Some("dav.example.org refuses the password (HTTP 401)".to_owned()),
    }
}

/// Calendars: one plain, one that can only be read.
pub fn calendars() -> Vec<CalendarDto> {
    let dto = |calendar: CalendarRef, short: &str, read_only: bool| CalendarDto {
        display_name: calendar.name.clone(),
        short_name: short.to_owned(),
        url: format!("https://dav.example.org/ann/{short}/"),
        color: (!read_only).then(|| "#22D3EE".to_owned()),
        zone: "Europe/Berlin".to_owned(),
        read_only,
        missing: false,
        groups: vec!["pair-1".to_owned()],
        calendar,
    };
    vec![dto(work(), "work", false), dto(family(), "family", true)]
}

/// An account just added.
pub fn account_added() -> AccountAdded {
    AccountAdded {
        account: AccountDto { needs_person: false, failure: None, ..account() },
        calendars: calendars(),
        notice: None,
    }
}

/// An account that was removed in part.
pub fn account_removed() -> AccountRemoved {
    AccountRemoved {
        account: "home".to_owned(),
        removed: false,
        mirrors_removed: 12,
        unreached: vec![unreached()],
        groups_smaller: vec!["star-1".to_owned()],
        groups_removed: vec!["pair-1".to_owned()],
        grant: None,
        vault_failure: None,
    }
}

fn unreached() -> Unreached {
    Unreached {
        link: link(work(), family()),
        mirrors: 3,
        reason: "dav.example.org cannot be reached (connection refused)".to_owned(),
    }
}

/// A group with a link that cannot be.
pub fn group() -> GroupDto {
    GroupDto {
        name: "star-1".to_owned(),
        shape: ShapeDto::Star,
        calendars: vec![work(), family(), calendar("office", "cal", "Office")],
        pairs: 2,
        links: 3,
        left_out: vec![LeftOut { link: link(work(), family()), reason: LeftOutReason::ReadOnlyTarget }],
    }
}

/// What a change of groups brought.
pub fn group_change() -> GroupChange {
    GroupChange {
        group: Some(group()),
        removed: vec!["pair-1".to_owned()],
        links_added: vec![link(family(), work())],
        links_removed: vec![link(work(), calendar("office", "cal", "Office"))],
        links_paused: vec![link(calendar("office", "cal", "Office"), work())],
        mirrors_to_remove: 7,
    }
}

/// A policy that differs from the usual one wherever it can.
pub fn policy() -> Policy {
    let words = |words: &[&str]| words.iter().filter_map(|word| Word::new(word).ok()).collect();
    Policy {
        off: false,
        label: Label::new("Away").ok(),
        color: Some(starmesh_core::mirror::Color::Teal),
        tentative: Undecided::Skip,
        unanswered: Undecided::Busy,
        all_day: AllDay::Off,
        hours: "Mon-Fri 09:00-17:00 Europe/Berlin".parse().ok(),
        min_minutes: 15,
        keywords: Choice { only: words(&["client", "project x"]), never: words(&["lunch"]) },
        categories: Choice { only: words(&[]), never: words(&["private"]) },
        deleted: Deleted::Respected,
    }
}

/// What another policy does.
pub fn policy_effects() -> Vec<PolicyEffect> {
    let policy = PolicyDto::from(&policy());
    vec![PolicyEffect { link: link(work(), family()), policy, place: 0, change: 3, remove: 12 }]
}

/// Links, one in each state.
pub fn links() -> Vec<LinkDto> {
    let states = [LinkStateDto::Active, LinkStateDto::Paused, LinkStateDto::Retiring];
    let dto = |(state, mirrors)| LinkDto {
        link: link(work(), family()),
        state,
        paused_until: (state == LinkStateDto::Paused).then(|| "2026-12-01T08:00:00Z".to_owned()),
        paused_itself: state == LinkStateDto::Paused,
        policy: PolicyDto::from(&policy()),
        mirrors,
        groups: if state == LinkStateDto::Retiring { Vec::new() } else { vec!["pair-1".to_owned()] },
    };
    states.into_iter().zip([12, 0, 1]).map(dto).collect()
}

/// A pause of each kind.
pub fn pauses() -> PausesDto {
    let until = Some("2026-12-01T08:00:00Z".to_owned());
    let links = links().into_iter().filter(|link| link.paused_itself).collect();
    let calendars = vec![PausedCalendar { calendar: family(), until: None }];
    PausesDto { everything: true, until, calendars, links }
}

/// Why a time is blocked, and why not.
pub fn why() -> WhyDto {
    let time = |hour: u32| TimeDto {
        start: format!("2026-12-01T{hour:02}:00:00Z"),
        end: format!("2026-12-01T{:02}:00:00Z", hour + 1),
        all_day: false,
    };
    let event = |hour, outcome, reason: Option<&str>| WhyEvent {
        time: time(hour),
        outcome,
        reason: reason.map(str::to_owned),
    };
    let events = vec![
        event(9, WhyOutcome::Stands, None),
        event(9, WhyOutcome::Skipped, Some("outside_hours")),
        event(10, WhyOutcome::WillBePlaced, None),
        event(10, WhyOutcome::StandsStill, Some("read_only")),
        event(11, WhyOutcome::Held, None),
    ];
    let other = calendar("office", "cal", "Office");
    WhyDto {
        calendar: work(),
        time: time(9),
        in_window: false,
        read_at: Some("2026-12-01T09:00:00Z".to_owned()),
        read_age_s: Some(8),
        links: vec![
            WhyLink { link: link(work(), family()), unknown: None, events },
            WhyLink { link: link(family(), work()), unknown: None, events: Vec::new() },
            WhyLink { link: link(other, work()), unknown: Some("paused".to_owned()), events: Vec::new() },
        ],
    }
}

/// A plan with everything that a plan can hold.
pub fn plan() -> PlanDto {
    let from_work = LinkPlanDto {
        link: link(work(), family()),
        place: 12,
        moved: 1,
        change: 0,
        remove: 0,
        mirrored: 40,
        skipped: BTreeMap::from([("free".to_owned(), 3), ("declined".to_owned(), 1)]),
    };
    let target = TargetPlanDto {
        calendar: family(),
        place: 12,
        moved: 1,
        change: 0,
        remove: 0,
        adopt: 2,
        resting: 1,
        links: vec![from_work],
        held: vec![HeldDto { link: link(work(), family()), removals: 25, limit: 10, removed_lately: 4 }],
        stuck: vec![StuckDto { link: link(work(), family()), reason: "has_attendees".to_owned(), count: 1 }],
        strays: BTreeMap::from([("copied".to_owned(), 1)]),
    };
    PlanDto {
        window: WindowDto {
            from: "2026-11-30".to_owned(),
            to: "2027-05-30".to_owned(),
            days: 180,
            narrower: false,
        },
        in_step: false,
        targets: vec![target],
        troubles: vec![TroubleDto {
            account: "office".to_owned(),
            calendar: Some(calendar("office", "cal", "Office")),
            code: ErrorCode::SignInRefused,
            message: "dav.example.com refuses the password (HTTP 401)".to_owned(),
            needs_person: true,
        }],
        questions: vec![QuestionDto::ForeignMarks { calendar: work(), count: 9 }],
        links_paused: 2,
    }
}

/// A plan with nothing to do.
pub fn plan_in_step() -> PlanDto {
    let mut plan = plan();
    plan.in_step = true;
    plan.troubles.clear();
    plan.questions.clear();
    plan.links_paused = 0;
    for target in &mut plan.targets {
        (target.place, target.moved, target.adopt, target.resting) = (0, 0, 0, 0);
        target.held.clear();
        target.stuck.clear();
        target.strays.clear();
        for link in &mut target.links {
            (link.place, link.moved) = (0, 0);
        }
    }
    plan
}

/// A report of a sync that left something.
pub fn report() -> ReportDto {
    let written = WrittenDto { placed: 12, updated: 1, removed: 0, adopted: 2, deferred: 1, wedged: 1 };
    let plan = plan();
    ReportDto { passes: 3, written, in_step: false, troubles: plan.troubles.clone(), plan }
}

/// What a scan found; nothing was removed yet.
pub fn sweep() -> SweepDto {
    let counts =
        |rows: &[(&str, u64)]| rows.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
    SweepDto {
        removed: false,
        calendars: vec![
            SweptCalendarDto {
                calendar: work(),
                days: Some(DaysDto { from: "2021-12-02".to_owned(), to: "2029-11-30".to_owned() }),
                found: counts(&[("of_link", 12), ("unknown_link", 3), ("foreign", 2)]),
                left: counts(&[("copied", 1)]),
                standing: 0,
            },
            SweptCalendarDto {
                calendar: family(),
                days: None,
                found: counts(&[]),
                left: counts(&[]),
                standing: 0,
            },
        ],
        links: vec![link(family(), work())],
        troubles: Vec::new(),
    }
}

/// What became of it.
pub fn swept() -> SweepDto {
    let mut swept = SweepDto { removed: true, ..sweep() };
    swept.calendars[0].standing = 1;
    swept
}

/// What clean did.
pub fn clean() -> CleanDto {
    let links = vec![CleanedLink { link: link(family(), work()), mirrors: 12 }];
    CleanDto { links, removed: 12, unreached: vec![unreached()] }
}

/// How things stand, badly.
pub fn status() -> StatusDto {
    let at = "2026-12-01T09:00:00Z".to_owned();
    let calendar = CalendarStatusDto {
        calendar: work(),
        read_at: Some(at.clone()),
        read_age_s: Some(45),
        due_at: Some("2026-12-01T10:00:00Z".to_owned()),
        verified_at: Some(at.clone()),
        verified_age_s: Some(7_300),
        repairs: 2,
        canary: Some(CanaryDto {
            at: at.clone(),
            listed: true,
            told: Some(true),
            mark_kept: false,
            altered: false,
            same_as: None,
        }),
        items: 120,
        mirrors: 40,
        wedged: 1,
        held: 25,
        foreign_marks: 9,
        read_only: false,
        missing: false,
        failure: Some(FailureDto {
            since: at.clone(),
            attempts: 3,
            message: "dav.example.org cannot be reached (connection refused)".to_owned(),
            needs_person: false,
        }),
    };
    StatusDto {
        daemon_pid: Some(4_711),
        worker_pid: None,
        calendars: vec![calendar],
        links: links(),
        paused: true,
        paused_until: Some("2026-12-01T08:00:00Z".to_owned()),
        latency: vec![LatencyDto { link: link(work(), family()), writes: 48, p50_ms: 175, p95_ms: 1_240 }],
        wedges: vec![WedgeDto {
            calendar: work(),
            link: Some("Our family → Work".to_owned()),
            reason: "quota_exceeded".to_owned(),
            hint: "make room if the mailbox is full; a limit on changes ends by itself. It is tried again every hour".to_owned(),
            message: Some("dav.example.org: HTTP 507".to_owned()),
            since: at.clone(),
            event_at: Some(at),
        }],
        waiting: 1,
        needs_person: true,
        damage: Some(damage()),
    }
}

/// A database that was moved aside.
pub fn damage() -> DamageDto {
    DamageDto {
        at: "2026-12-01T09:00:00Z".to_owned(),
        what: "a row of table items is damaged".to_owned(),
        moved_to: Some("/var/lib/starmesh/starmesh.db.damaged-20261201T090000Z".to_owned()),
        restored_from: DamageSource::Copy,
    }
}

/// A journey.
pub fn journey() -> JourneyDto {
    let at = |milliseconds: u32| {
        format!("2026-12-01T09:00:{:02}.{:03}Z", milliseconds / 1_000, milliseconds % 1_000)
    };
    JourneyDto {
        at: at(1_250),
        link: link(work(), family()),
        action: ActionDto::Placed,
        time: Some(TimeDto {
            start: "2026-12-03T13:00:00Z".to_owned(),
            end: "2026-12-03T14:30:00Z".to_owned(),
            all_day: false,
        }),
        steps: StepsDto {
            signalled: at(0),
            taken: at(10),
            pulled: at(400),
            planned: at(410),
            placed: at(1_250),
        },
    }
}

/// One of each event.
pub fn run_events() -> Vec<RunEvent> {
    vec![
        RunEvent::Started { links: 2, pid: 4_711 },
        RunEvent::PullStarted { calendar: work() },
        RunEvent::PullProgress { calendar: work(), items: 50 },
        RunEvent::PullWaits { calendar: work(), seconds: 30 },
        RunEvent::Pulled { calendar: work(), changed: 1 },
        RunEvent::PullFailed {
            calendar: work(),
            message: "dav.example.org cannot be reached (connection refused)".to_owned(),
            needs_person: false,
        },
        RunEvent::Planned { calendar: family(), operations: 1, held: 25 },
        RunEvent::PlaceProgress { calendar: family(), done: 1, total: 2 },
        RunEvent::Placed(Box::new(journey())),
        RunEvent::Wedged { calendar: family(), reason: "read_only".to_owned() },
        RunEvent::Reloaded,
        RunEvent::Quiet,
        RunEvent::Missed { count: 3 },
        RunEvent::Stopped,
    ]
}

/// A failure with everything.
pub fn error() -> AppError {
    AppError::new(ErrorCode::RemovalsHeld, "25 removals held: unexpectedly many busy blocks would go")
        .hint("look at `starmesh plan`; if it is right, `starmesh sync --allow-removals 25` lets them go")
        .action(Action::AllowRemovals { count: 25 })
}

/// What the doctor found: one of each kind.
pub fn doctor() -> DoctorDto {
    let findings = vec![
        FindingDto::good(CheckDto::DataFolder, "the data folder can be written, by its owner only"),
        FindingDto::note(CheckDto::Process, "no engine runs: nothing is kept in step until one does")
            .action("`starmesh run` keeps everything in step; docs/headless.md starts it with the system"),
        FindingDto::not_checked(CheckDto::Clock, "no server told its time"),
        FindingDto::failed(CheckDto::Connection, "it does not answer")
            .because(AppError::new(ErrorCode::Offline, "dav.example.org does not accept a connection"))
            .action("check the network connection and the proxy; nothing is lost meanwhile")
            .at_host("dav.example.org")
            .of_account("home"),
        FindingDto::good(CheckDto::Marks, "7 busy blocks kept their mark").of_calendar(family()),
        FindingDto::note(CheckDto::Links, "the link is paused: nothing is placed, changed or removed for it")
            .of_link(link(work(), family()))
            .action("`starmesh link resume` lets it run again"),
        FindingDto::warning(CheckDto::Brake, "30 removals wait for you").of_calendar(work()),
    ];
    DoctorDto {
        version: "0.1.0".to_owned(),
        at: "2026-12-01T09:00:00Z".to_owned(),
        verdict: VerdictDto::Failed,
        findings,
    }
}

/// What an import would change.
pub fn import() -> ImportDto {
    let change =
        SettingChangeDto { key: "zone".to_owned(), from: None, to: Some("Europe/Berlin".to_owned()) };
    let needed = SignInNeededDto {
        account: "office".to_owned(),
        command: "starmesh account signin office".to_owned(),
    };
    ImportDto {
        imported: false,
        settings: vec![change],
        accounts_added: vec!["office".to_owned()],
        calendars_added: vec!["office/main".to_owned()],
        groups_added: vec!["pair-2".to_owned()],
        links_added: vec!["Work → Main".to_owned(), "Main → Work".to_owned()],
        links_paused: vec!["Main → Work".to_owned()],
        links_resumed: Vec::new(),
        policies_kept: vec!["Work → Our family".to_owned()],
        sign_in: vec![needed],
    }
}

/// Steps, one in each state.
pub fn steps() -> Vec<StepDto> {
    let step = |day: u32, command: &str, open, undone, placed| StepDto {
        at: format!("2026-12-0{day}T09:00:00Z"),
        commands: vec![command.to_owned()],
        open,
        undone,
        written: WritesDto { placed, updated: 0, removed: 0 },
    };
    vec![
        step(3, "settings set", false, true, 0),
        step(2, "link set", true, false, 0),
        step(1, "group add", false, false, 12),
    ]
}

/// What an undo changes, wherever it can.
pub fn undo() -> UndoDto {
    let setting = SettingChangeDto {
        key: "window".to_owned(),
        from: Some("90".to_owned()),
        to: Some("180".to_owned()),
    };
    let (there, back) = (link(work(), family()), link(family(), work()));
    UndoDto {
        done: false,
        redo: false,
        step: steps().pop(),
        changes: ConfigurationDto {
            settings: vec![setting],
            everything_paused: Some(false),
            accounts_back: vec!["office".to_owned()],
            groups_back: vec![group()],
            groups_changed: vec![group()],
            groups_gone: vec!["pair-1".to_owned()],
            links_back: vec![there.clone()],
            links_gone: vec![back.clone()],
            links_cleaned: vec![back.clone()],
            links_paused: vec![there.clone()],
            links_resumed: vec![back],
            rules: vec![RulesDto { link: there, policy: PolicyDto::from(&policy()) }],
            calendars_paused: vec![work()],
            calendars_resumed: vec![family()],
        },
        stays: vec!["the account “club” stays; `starmesh account remove club` takes it away".to_owned()],
        sign_in: import().sign_in,
        plan: Some(plan_in_step()),
        written: None,
        troubles: Vec::new(),
        left_to: None,
    }
}
