//! The switches of the CalDAV server.

use starmesh_sim::caldav::{
    AcrossCalendars, AfterPut, Challenge, ComponentFilter, DeadToken, EtagSource, Fault, FaultPlan,
    IfMatchStar, MissingParent, Privileges, ReadOnlyRefusal, Rewrite, Scripted, SecondUid, Spelling,
    Switches, SyncRefusal, TokenGrain,
};
use starmesh_sim::dice::Dice;

use super::super::wire::DAV_PARTITION;
use super::{DAY_S, Leeway, one, rate};

/// Draws them.
pub(super) fn draw(dice: &mut Dice, leeway: Leeway) -> Switches {
    let mut it = Switches::default();
    spellings(&mut it, dice);
    listings(&mut it, dice, leeway);
    it.etags.source = one(dice, EtagSource::Change, &[EtagSource::Text]);
    it.etags.after_put = one(dice, AfterPut::Told, &[AfterPut::Weak, AfterPut::Absent, AfterPut::Encoded]);
    // A weak etag allows no precondition (RFC 9110, section 13.1.1), and a server that overwrites knows none for
    // a create: what a person does to a mirror right before such a write, no client can see.
    it.etags.weak = !leeway.touches && dice.chance(100);
    // Nor can anybody change what must not be changed without one.
    it.writes.if_match_required = !it.etags.weak && dice.chance(300);
    it.queries.omitted_per_mille = rate(dice, leeway.faults, 100);
    it.throttle.per_minute = one(dice, None, &[None, Some(60)]);
    it.throttle.status = one(dice, 429, &[503]);
    it.throttle.retry_after_s = one(dice, Some(5), &[None, Some(20)]);
    it.throttle.as_date = dice.chance(300);
    it.throttle.pause_s = one(dice, 5, &[30]);
    self::writes(&mut it, dice, leeway);
    it.scheduling.tag_only = dice.chance(300);
    faults(&mut it, dice, leeway);
    it
}

fn listings(it: &mut Switches, dice: &mut Dice, leeway: Leeway) {
    let sync = &mut it.sync;
    sync.offered = dice.chance(700);
    sync.refusal =
        one(dice, SyncRefusal::SupportedReport, &[SyncRefusal::NotImplemented, SyncRefusal::BadRequest]);
    sync.ctag = dice.chance(700);
    let dead =
        [DeadToken::PreconditionFailed, DeadToken::ServerError, DeadToken::Gone, DeadToken::Everything];
    sync.dead_token = one(dice, DeadToken::Forbidden, &dead);
    sync.memory_s = one(dice, None, &[Some(300), Some(DAY_S)]);
    sync.page_max = one(dice, None, &[Some(1), Some(3)]);
    sync.lists_itself = dice.chance(300);
    sync.extra_rows_per_mille = rate(dice, true, 400);
    sync.strict_depth = dice.chance(300);
    sync.grain = one(dice, TokenGrain::Change, &[TokenGrain::Change, TokenGrain::Second]);
    sync.lag_ms = if leeway.faults { one(dice, 0, &[0, 1_500, 4_000]) } else { 0 };
}

fn writes(it: &mut Switches, dice: &mut Dice, leeway: Leeway) {
    let writes = &mut it.writes;
    // Where listings lag besides, nothing leads to what was created under another name and not answered, and
    // its identity is as taken as that of one that was deleted: no client can tell the two apart.
    writes.relocates = it.sync.lag_ms == 0 && dice.chance(200);
    writes.if_none_match = leeway.touches || dice.chance(850);
    writes.across_calendars = one(dice, AcrossCalendars::Free, &[AcrossCalendars::Refused]);
    writes.if_match_star = one(dice, IfMatchStar::Literal, &[IfMatchStar::Inverted, IfMatchStar::Ignored]);
    if leeway.faults {
        writes.objects_max = one(dice, None, &[None, Some(12)]);
        writes.size_max = one(dice, writes.size_max, &[writes.size_max, writes.size_max, 200]);
    }
    writes.rewrite = one(dice, Rewrite::AsSent, &[Rewrite::Ordered, Rewrite::Stamped]);
    let second = [
        SecondUid::PreconditionFailed,
        SecondUid::UniqueSchedulingObject,
        SecondUid::Conflict,
        SecondUid::BadRequest,
        SecondUid::Stored,
    ];
    writes.second_uid = one(dice, SecondUid::NoUidConflict, &second);
    // A server that names what is created, and takes any UID twice, knows nothing that is unique: two devices
    // would both create, and so would one whose answer was lost.
    if writes.relocates && writes.second_uid == SecondUid::Stored {
        writes.relocates = false;
    }
    it.queries.components = one(dice, ComponentFilter::Obeyed, &[ComponentFilter::Ignored]);
    // Nor is what such a server named found again once it is out of sight of listings by condition.
    if !writes.relocates {
        it.queries.horizon_days = one(dice, None, &[None, Some(30)]);
    }
    writes.trash = dice.chance(300);
    writes.end_required = dice.chance(300);
    writes.strict_names = dice.chance(300);
    writes.missing_parent = one(dice, MissingParent::Conflict, &[MissingParent::NotFound]);
    let refusals = [ReadOnlyRefusal::Forbidden, ReadOnlyRefusal::MethodNotAllowed];
    writes.read_only = one(dice, ReadOnlyRefusal::NeedPrivileges, &refusals);
}

fn faults(it: &mut Switches, dice: &mut Dice, leeway: Leeway) {
    let mut on = |most| rate(dice, leeway.faults, most);
    it.faults = FaultPlan {
        too_many: on(20),
        busy: on(20),
        unavailable: on(40),
        error: on(40),
        html: on(20),
        login_page: on(10),
        unauthorized: on(5),
        not_found: on(5),
        cut_before: on(20),
        cut_after: on(40),
        torn_body: on(20),
        dead_token: on(40),
    };
    if leeway.faults && dice.chance(200) {
        let after = u32::try_from(dice.below(20)).unwrap_or(0);
        let fault = Fault::Status { status: 423, body: String::new(), retry_after_s: None };
        let method = Some("PUT".to_owned());
        it.scripted.push(Scripted { method, path: String::new(), after, times: Some(2), fault });
    }
}

fn spellings(it: &mut Switches, dice: &mut Dice) {
    it.hrefs.at_encoded = dice.chance(400);
    it.hrefs.lower_escapes = dice.chance(400);
    it.hrefs.absolute = dice.chance(400);
    it.hrefs.slash_redirect = dice.chance(300);
    it.hrefs.cdata = dice.chance(300);
    it.hrefs.spelling = one(dice, Spelling::Short, &[Spelling::Numbered, Spelling::DefaultNamespace]);
    let found = &mut it.discovery;
    found.well_known = one(dice, Some(301), &[None, Some(308)]);
    found.principals = dice.chance(800);
    found.strict_depth = dice.chance(300);
    found.home_at = dice.chance(200).then(|| DAV_PARTITION.to_owned());
    found.privileges =
        one(dice, Privileges::Parts, &[Privileges::Write, Privileges::All, Privileges::Untold]);
    found.components_told = dice.chance(700);
    found.other_collections = dice.chance(300);
    found.challenge = one(dice, Challenge::Basic, &[Challenge::Several, Challenge::Missing]);
}

/// Ends what goes wrong; what is disputed stays.
pub(in super::super) fn heal_caldav(it: &mut Switches) {
    it.faults = FaultPlan::default();
    it.scripted.clear();
    it.sync.lag_ms = 0;
    it.queries.omitted_per_mille = 0;
    it.writes.objects_max = None;
    it.writes.size_max = Switches::default().writes.size_max;
}
