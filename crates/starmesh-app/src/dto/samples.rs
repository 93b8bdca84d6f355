//! One example of each answer, the same in every snapshot.

use std::collections::BTreeMap;

use super::{
    AccountDto, AccountRemoved, ActionDto, CalendarDto, CalendarRef, CalendarStatusDto, CleanDto,
    CleanedLink, FailureDto, GroupChange, GroupDto, HeldDto, JourneyDto, LeftOut, LeftOutReason, LinkDto,
    LinkPlanDto, LinkRef, LinkStateDto, PlanDto, QuestionDto, ReportDto, RunEvent, ShapeDto, StatusDto,
    StepsDto, StuckDto, TargetPlanDto, TimeDto, TroubleDto, Unreached, WedgeDto, WindowDto, WrittenDto,
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

/// Links, one in each state.
pub fn links() -> Vec<LinkDto> {
    let states = [LinkStateDto::Active, LinkStateDto::Paused, LinkStateDto::Retiring];
    let dto = |(state, mirrors)| LinkDto {
        link: link(work(), family()),
        state,
        mirrors,
        groups: if state == LinkStateDto::Retiring { Vec::new() } else { vec!["pair-1".to_owned()] },
    };
    states.into_iter().zip([12, 0, 1]).map(dto).collect()
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
    }
}

/// A plan with nothing to do.
pub fn plan_in_step() -> PlanDto {
    let mut plan = plan();
    plan.in_step = true;
    plan.troubles.clear();
    plan.questions.clear();
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
        verified_at: Some(at.clone()),
        verified_age_s: Some(7_300),
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
