//! An event as an answer writes it, for one reader.

use chrono::NaiveDate;
use serde_json::{Map, Value, json};

use super::extended;
use super::filter::is_extension;
use super::options::{Expand, Select};
use super::prefer::Prefer;
use crate::microsoft::switches::AllDayRead;
use crate::microsoft::world::access::Access;
use crate::microsoft::world::calendar::Sight;
use crate::microsoft::world::item::{Details, Item};
use crate::microsoft::world::timing::{Timing, Wall, write_instant, write_local};
use crate::microsoft::world::{NamedZone, World};

/// How much of a body `bodyPreview` shows, in characters.
const PREVIEW_CHARS: usize = 255;

/// One reader's view of a calendar.
pub(crate) struct Reading<'a> {
    pub(crate) world: &'a World,
    pub(crate) access: Access,
    pub(crate) prefer: &'a Prefer,
    pub(crate) select: Select,
    pub(crate) expand: Expand,
}

impl<'a> Reading<'a> {
    /// The view of an answer to a write: everything, and nothing beside it.
    pub(crate) fn plain(world: &'a World, access: Access, prefer: &'a Prefer) -> Self {
        Self { world, access, prefer, select: Select::default(), expand: Expand::default() }
    }

    /// The id of an event, or of one date of a series.
    pub(crate) fn id(&self, item: &Item, day: Option<NaiveDate>) -> String {
        self.world.event_id(self.prefer.ids, self.access.place, item.no, day)
    }

    /// An event, a series, or one date of it; `None` for a date on which it does not happen.
    pub(crate) fn event(&self, item: &Item, day: Option<NaiveDate>) -> Option<Value> {
        let occurrence = match day {
            Some(day) => Some(item.occurrence(day)?),
            None => None,
        };
        let details = occurrence.as_ref().and_then(|found| found.exception).unwrap_or(&item.main);
        let timing = occurrence.as_ref().map_or(&item.main.timing, |found| &found.timing);
        let kind = match (&item.series, &occurrence) {
            (None, _) => "singleInstance",
            (Some(_), None) => "seriesMaster",
            (Some(_), Some(found)) if found.exception.is_some() => "exception",
            (Some(_), Some(_)) => "occurrence",
        };
        let mut all = details.props.clone();
        let body = details.props.get("body").unwrap_or(&Value::Null);
        let (body, preview) = self.body(body);
        let start_zone = item.zone_name.as_deref().unwrap_or(timing.start.zone.name());
        let end_zone = item.zone_name.as_deref().unwrap_or(timing.end.zone.name());
        let id = self.id(item, day);
        let recurrence = match (&item.series, day) {
            (Some(series), None) => series.recurrence.write(start_zone),
            _ => Value::Null,
        };
        let computed = json!({
            "body": body,
            "bodyPreview": preview,
            "changeKey": item.change_key(),
            "createdDateTime": write_instant(item.created),
            "lastModifiedDateTime": write_instant(item.modified),
            "iCalUId": item.ical_uid(day),
            "type": kind,
            "seriesMasterId": day.map(|_| self.id(item, None)),
            "originalStartTimeZone": start_zone,
            "originalEndTimeZone": end_zone,
            "isAllDay": timing.all_day,
            "start": self.wall(timing, &timing.start),
            "end": self.wall(timing, &timing.end),
            "recurrence": recurrence,
            "webLink": format!("https://outlook.office365.com/owa/?itemid={id}&exvsurl=1&path=/calendar/item"),
            "hasAttachments": false,
        });
        extend(&mut all, computed);
        for (name, value) in self.unless_set(item) {
            all.entry(name).or_insert(value);
        }
        if let Some(transaction) = &item.transaction {
            all.insert("transactionId".into(), json!(transaction));
        }
        if let (Some(day), Some(_)) = (day, &item.series) {
            let original = item.main.timing.on(day).start.instant();
            all.insert("originalStart".into(), json!(write_instant(original)));
        }
        self.veil(&mut all, item, day);
        all.retain(|name, _| self.select.has(name));
        self.on_request(&mut all, item, day, details);
        all.insert("id".into(), json!(id));
        all.insert("@odata.etag".into(), json!(etag(item)));
        Some(Value::Object(all))
    }

    /// What delta says about a date of a series: when, and of what.
    pub(crate) fn stub(&self, item: &Item, day: NaiveDate) -> Option<Value> {
        let occurrence = item.occurrence(day)?;
        let timing = &occurrence.timing;
        Some(json!({
            "@odata.type": "#microsoft.graph.event",
            "@odata.etag": etag(item),
            "id": self.id(item, Some(day)),
            "seriesMasterId": self.id(item, None),
            "type": "occurrence",
            "start": self.wall(timing, &timing.start),
            "end": self.wall(timing, &timing.end),
        }))
    }

    /// A `dateTimeTimeZone` in the preferred zone.
    pub(crate) fn wall(&self, timing: &Timing, wall: &Wall) -> Value {
        let zone: &NamedZone = &self.prefer.zone;
        let dates_kept = timing.all_day && self.world.switches.all_day_read == AllDayRead::DatesKept;
        if timing.all_day && *zone != wall.zone {
            let met = if dates_kept { "all_day_read.dates_kept" } else { "all_day_read.instants_kept" };
            self.world.meet(met);
        }
        let local = if dates_kept { wall.local } else { zone.wall(wall.instant()) };
        json!({"dateTime": write_local(local), "timeZone": zone.name()})
    }

    /// What the service says of an event unless it came from outside with something else.
    fn unless_set(&self, item: &Item) -> Map<String, Value> {
        let owner = self.world.calendars.get(&item.calendar).map(|calendar| calendar.mailbox);
        let owner = owner.and_then(|owner| self.world.mailboxes.get(&owner));
        let organizer = owner.map(|owner| {
            json!({"emailAddress": {"name": owner.name, "address": owner.mail.as_deref().unwrap_or(&owner.upn)}})
        });
        let defaults = json!({
            "isCancelled": false,
            "isDraft": false,
            "isOrganizer": true,
            "organizer": organizer,
            "responseStatus": {"response": "organizer", "time": "0001-01-01T00:00:00Z"},
            "onlineMeeting": null,
        });
        let mut map = Map::new();
        extend(&mut map, defaults);
        map
    }

    /// Properties that only come when they are asked for.
    fn on_request(
        &self,
        all: &mut Map<String, Value>,
        item: &Item,
        day: Option<NaiveDate>,
        details: &Details,
    ) {
        if self.access.rights.sight < Sight::Everything {
            return;
        }
        let exception = day.and_then(|day| item.series.as_ref()?.exceptions.get(&day));
        let of_series = day.is_some() && exception.is_none();
        for (name, ids, many) in [
            ("singleValueExtendedProperties", &self.expand.single, false),
            ("multiValueExtendedProperties", &self.expand.multi, true),
        ] {
            let Some(found) = extended::read(details, ids, many) else { continue };
            let inherits = self.world.switches.occurrences_inherit_extended;
            if of_series {
                let met = if inherits {
                    "occurrences_inherit_extended.yes"
                } else {
                    "occurrences_inherit_extended.no"
                };
                self.world.meet(met);
            }
            if !of_series || inherits {
                all.insert(name.into(), found);
            }
        }
        if let Some(wanted) = &self.expand.extensions {
            let meant = |name: &str| wanted.is_empty() || wanted.iter().any(|id| is_extension(name, id));
            let found: Vec<_> = details
                .extensions
                .iter()
                .filter(|(name, _)| meant(name))
                .map(|(name, members)| extension_json(name, members))
                .collect();
            all.insert("extensions".into(), Value::Array(found));
        }
        let (Some(series), None) = (&item.series, day) else { return };
        if self.select.names("cancelledOccurrences") {
            let master = self.id(item, None);
            let gone = series.cancelled.iter().map(|day| format!("OID.{master}.{day}"));
            all.insert("cancelledOccurrences".into(), gone.collect());
        }
        if self.expand.exceptions {
            let days = series.exceptions.keys();
            let reading = Self::plain(self.world, self.access, self.prefer);
            let found = days.filter_map(|day| reading.event(item, Some(*day)));
            all.insert("exceptionOccurrences".into(), found.collect());
        }
    }

    /// Takes out what this reader may not see.
    fn veil(&self, all: &mut Map<String, Value>, item: &Item, day: Option<NaiveDate>) {
        let private = self.world.is_private(item.no, day) && !self.access.rights.private;
        let sight = self.access.rights.sight;
        if sight == Sight::Everything && !private {
            return;
        }
        if private {
            self.world.meet("private_in_list.bare");
        }
        let subject = match all.get("showAs").and_then(Value::as_str) {
            _ if sight >= Sight::Limited && !private => all.get("subject").cloned().unwrap_or_default(),
            _ if private => json!("Private Appointment"),
            Some("free") => json!("Free"),
            Some("tentative") => json!("Tentative"),
            Some("oof") => json!("Away"),
            Some("workingElsewhere") => json!("Working elsewhere"),
            _ => json!("Busy"),
        };
        let bare = json!({
            "subject": subject,
            "body": {"contentType": "html", "content": ""},
            "bodyPreview": "",
            "attendees": [],
            "categories": [],
            "onlineMeeting": null,
            "onlineMeetingUrl": null,
        });
        if sight < Sight::Limited || private {
            all.insert("location".into(), json!({"displayName": ""}));
            all.insert("locations".into(), json!([]));
        }
        all.remove("transactionId");
        extend(all, bare);
    }

    /// The body in the form the reader prefers, and the beginning of its text.
    fn body(&self, body: &Value) -> (Value, String) {
        let content = body["content"].as_str().unwrap_or_default();
        let html = body["contentType"].as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("html"));
        let text = if html { text_of(content) } else { content.into() };
        let preview = text.chars().take(PREVIEW_CHARS).collect();
        if self.prefer.text_body {
            return (json!({"contentType": "text", "content": text}), preview);
        }
        let content = match content {
            "" => String::new(),
            content if html && content.contains("<html") => content.into(),
            content if html => page_of(content),
            content => page_of(&escaped(content)),
        };
        (json!({"contentType": "html", "content": content}), preview)
    }
}

/// An open extension as answers write it.
pub(crate) fn extension_json(name: &str, members: &Map<String, Value>) -> Value {
    let mut all = members.clone();
    all.insert("@odata.type".into(), json!("#microsoft.graph.openTypeExtension"));
    all.insert("id".into(), json!(format!("Microsoft.OutlookServices.OpenTypeExtension.{name}")));
    all.insert("extensionName".into(), json!(name));
    Value::Object(all)
}

/// `@odata.etag` of an event.
pub(crate) fn etag(item: &Item) -> String {
    format!("W/\"{}\"", item.change_key())
}

fn extend(map: &mut Map<String, Value>, with: Value) {
    if let Value::Object(with) = with {
        map.extend(with);
    }
}

fn page_of(content: &str) -> String {
    format!(
        "<html><head>\r\n<meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\">\r\n</head>\r\n\
         <body>\r\n{content}\r\n</body>\r\n</html>\r\n"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\n', "<br>\r\n")
}

/// The text between the tags.
fn text_of(html: &str) -> String {
    let body =
        html.split_once("<body").map_or(html, |(_, body)| body.split_once('>').map_or("", |(_, it)| it));
    let mut text = String::new();
    let mut in_tag = false;
    for c in body.chars() {
        match c {
            '<' => in_tag = true,
            '>' if in_tag => in_tag = false,
            c if !in_tag => text.push(c),
            _ => {}
        }
    }
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").trim().into()
}
