//! `events.list` and `events.instances`: which rows, in which order, on which page.

mod instances;
mod page;
mod query;
mod rows;

use chrono::TimeDelta;
use http::StatusCode;
use serde_json::{Value, json};

pub(super) use self::instances::instances;
use self::page::{Paged, page_of};
pub(super) use self::query::ListQuery;
use self::query::Order;
use self::rows::{Row, Rows};
use super::calendar::{Calendar, Role};
use super::call::{Answer, Turn};
use super::moment::stamp;
use super::problem::Problem;
use super::scope::Need;
use super::tokens::{PageToken, SyncToken, open, seal};
use super::view::View;
use crate::web::Reply;

/// GET calendars/{c}/events
pub(super) fn list(turn: &mut Turn<'_>, name: &str) -> Answer {
    let dead = turn.world.dice.chance(turn.switches.faults.dead_token);
    let size_fault = page::draw_fault(&mut turn.world.dice, &turn.switches.faults);
    let repeats = turn.world.dice.clone();
    // So that the next request draws anew.
    turn.world.dice.below(2);
    let query = ListQuery::parse(turn.call)?;
    let calendar = turn.calendar(name, Role::FreeBusyReader, Need::ReadEvents)?;
    let start = Start::of(turn, calendar, &query, dead)?;
    if query.sync.is_none()
        && query
            .updated_min
            .is_some_and(|min| turn.now - min > TimeDelta::seconds(turn.switches.updated_min_reach_s))
    {
        turn.world.met.meet("updated_min_reach");
        return Err(Problem::updated_min());
    }
    let role = turn.world.role(turn.me(), &calendar.id).unwrap_or(Role::FreeBusyReader);
    let view = View {
        calendar,
        role,
        me: turn.me(),
        shown_zone: query.zone.as_deref().unwrap_or(&calendar.zone),
        attendees_max: query.attendees_max,
        switches: turn.switches,
        met: &turn.world.met,
    };
    let rows = Rows { view: &view, query: &query, since: start.sync.as_ref(), now: turn.now };
    let found = match &start.sync {
        None => rows.whole(),
        Some(_) => rows.delta(repeats),
    };
    let paged =
        page_of(found, start.page.as_ref().and_then(|page| page.after.as_ref()), query.max, size_fault);
    Ok(Reply::json(StatusCode::OK, envelope(turn, &view, &query, &start, &paged)))
}

/// Where a list begins: the tokens of the request, checked.
struct Start {
    sync: Option<SyncToken>,
    page: Option<PageToken>,
    /// The newest change that the list shows.
    change: u64,
}

impl Start {
    fn of(turn: &Turn<'_>, calendar: &Calendar, query: &ListQuery, dead: bool) -> Result<Self, Problem> {
        let gone = |why| gone(turn, why);
        let sync = match &query.sync {
            None => None,
            Some(text) => {
                let token: SyncToken =
                    open(text).ok_or_else(|| Problem::invalid("Invalid sync token value."))?;
                if token.list != calendar.id || token.user != turn.me() || token.query != query.lasting() {
                    let message = "The sync token does not belong to this query.";
                    return Err(Problem::invalid(message));
                }
                let old = turn
                    .switches
                    .sync_token_life_s
                    .is_some_and(|life_s| turn.now - token.issued >= TimeDelta::seconds(life_s));
                if token.epoch != calendar.epoch || old || dead {
                    return Err(gone(match (dead, old, token.epoch < calendar.rights_epoch) {
                        (true, ..) => "fault.dead_token",
                        (_, true, _) => "sync_token_life",
                        (_, _, true) => "rights_change_ends_tokens",
                        _ => "sync_token.ended",
                    }));
                }
                Some(token)
            }
        };
        let page = match &query.page {
            None => None,
            Some(text) => {
                let token: PageToken =
                    open(text).ok_or_else(|| Problem::invalid_parameter("pageToken", text))?;
                if token.list != calendar.id || token.user != turn.me() || token.query != query.whole() {
                    return Err(Problem::invalid_parameter("pageToken", text));
                }
                if token.epoch != calendar.epoch || dead {
                    return Err(gone(if dead { "fault.dead_page_token" } else { "sync_token.ended" }));
                }
                Some(token)
            }
        };
        let change = page.as_ref().map_or_else(|| visible_change(turn, calendar), |page| page.change);
        Ok(Self { sync, page, change })
    }
}

/// The refusal of a token that is dead for this reason.
pub(super) fn gone(turn: &Turn<'_>, why: &'static str) -> Problem {
    let has_reason = turn.switches.gone_has_reason;
    turn.world.met.meet(why);
    turn.world.met.meet(if has_reason { "gone_has_reason.yes" } else { "gone_has_reason.no" });
    Problem::full_sync(turn.switches)
}

/// The newest change that lists show.
fn visible_change(turn: &Turn<'_>, calendar: &Calendar) -> u64 {
    if turn.switches.list_lag_ms <= 0 {
        return calendar.change;
    }
    let seen = turn.now - TimeDelta::milliseconds(turn.switches.list_lag_ms);
    let unseen = calendar.events.values().filter_map(|event| event.first_unseen(seen)).min();
    let Some(first) = unseen else { return calendar.change };
    turn.world.met.meet("list_lag");
    first - 1
}

fn envelope(
    turn: &Turn<'_>,
    view: &View<'_>,
    query: &ListQuery,
    start: &Start,
    paged: &Paged<Row<'_>>,
) -> Value {
    let calendar = view.calendar;
    let entry = turn.world.lists.get(turn.me()).and_then(|list| list.entries.get(&calendar.id));
    let updated = chrono::DateTime::from_timestamp_millis(calendar.updated_ms).unwrap_or(turn.now);
    let items: Vec<Value> = paged.rows.iter().map(|row| row.render(view)).collect();
    let mut body = json!({
        "kind": "calendar#events",
        "etag": format!("\"p{}\"", calendar.updated_ms),
        "summary": calendar.summary,
        "updated": stamp(updated),
        "timeZone": view.shown_zone,
        "accessRole": view.role.name(),
        "defaultReminders": entry.map(|entry| entry.reminders.clone()).unwrap_or_default(),
        "items": items,
    });
    if let Some(description) = &calendar.description {
        body["description"] = json!(description);
    }
    if paged.short && paged.more {
        view.met.meet(if paged.rows.is_empty() { "fault.empty_page" } else { "fault.short_page" });
    }
    if paged.more {
        let last = paged.rows.last().map(|row| (row.rank, row.id.to_string()));
        let token = PageToken {
            list: calendar.id.clone(),
            user: turn.me().to_owned(),
            query: query.whole(),
            after: last.or_else(|| start.page.as_ref().and_then(|page| page.after.clone())),
            change: start.change,
            epoch: calendar.epoch,
            pages: start.page.as_ref().map_or(1, |page| page.pages + 1),
        };
        body["nextPageToken"] = json!(seal(&token));
        return body;
    }
    let ordered = query.order == Order::StartTime && turn.switches.no_token_when_ordered;
    if ordered {
        view.met.meet("no_token_when_ordered");
    }
    if turn.switches.omit_sync_token {
        view.met.meet("omit_sync_token");
    }
    if !(query.is_search() || ordered || turn.switches.omit_sync_token) {
        let window = start.sync.as_ref().map_or((query.lo, query.hi), |sync| sync.window);
        let token = SyncToken {
            list: calendar.id.clone(),
            user: turn.me().to_owned(),
            change: start.change,
            epoch: calendar.epoch,
            query: query.lasting(),
            window,
            issued: turn.now,
        };
        body["nextSyncToken"] = json!(seal(&token));
    }
    body
}
