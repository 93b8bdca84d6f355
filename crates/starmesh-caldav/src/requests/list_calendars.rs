//! The calendars of a home (RFC 4791, section 5.2).

use roxmltree::Node;
use starmesh_http::{Request, Response};
use starmesh_ical::zone_of_timezone_text;
use starmesh_provider::RemoteCalendar;
use url::Url;

use super::propfind;
use crate::href::{collection_name, collection_url, last_segment};
use crate::wire::{
    APPLE, CALDAV, CALENDAR_SERVER, DAV, NEXTCLOUD, ResourceAnswer, WireError, child, children, parse,
    responses_about, text_of,
};

/// Lists the calendars that hold events.
pub(crate) struct ListCalendars;

/// Any of these privileges lets us write (RFC 3744, section 3): Radicale tells `write` alone, Xandikos
/// `all` alone, sabre all its parts.
const WRITE_PRIVILEGES: [&str; 4] = ["write", "write-content", "bind", "all"];

/// Collections of these kinds are not for us: the scheduling boxes, subscriptions that the server pulls
/// from elsewhere, and the trash bin of Nextcloud.
const NOT_OURS: [(&str, &str); 4] = [
    (CALDAV, "schedule-inbox"),
    (CALDAV, "schedule-outbox"),
    (CALENDAR_SERVER, "subscribed"),
    (NEXTCLOUD, "deleted-calendar"),
];

impl ListCalendars {
    /// For all calendars in `home`, and `home` itself where it is one.
    pub(crate) fn prepare_home(home: &Url) -> Request {
        Self::prepare(home, "1")
    }

    /// For the one calendar at `calendar`.
    pub(crate) fn prepare_one(calendar: &Url) -> Request {
        Self::prepare(calendar, "0")
    }

    fn prepare(url: &Url, depth: &'static str) -> Request {
        propfind(
            url,
            depth,
            &[
                "d:resourcetype",
                "d:displayname",
                "d:current-user-privilege-set",
                "c:supported-calendar-component-set",
                "c:calendar-timezone",
                "a:calendar-color",
            ],
        )
    }

    pub(crate) fn parse(url: &Url, response: &Response) -> Result<Vec<RemoteCalendar>, WireError> {
        let body = text_of(response)?;
        let document = parse(&body)?;
        Ok(responses_about(url, &document)?.filter_map(|answer| calendar(url, answer)).collect())
    }
}

fn calendar(url: &Url, answer: ResourceAnswer<'_, '_>) -> Option<RemoteCalendar> {
    let kind = answer.property(DAV, "resourcetype")?;
    let is_calendar = child(kind, CALDAV, "calendar").is_some();
    let is_not_ours = NOT_OURS.iter().any(|(namespace, name)| child(kind, namespace, name).is_some());
    if !is_calendar || is_not_ours || !holds_events(answer) {
        return None;
    }
    let mut url = url.clone();
    let path = url.join(answer.href()?).ok()?.path().to_owned();
    url.set_path(&path);
    let url = collection_url(&url);
    Some(RemoteCalendar {
        name: collection_name(&url),
        display_name: answer.property_text(DAV, "displayname").unwrap_or_default().to_owned(),
        short_name: last_segment(&url),
        color: answer.property_text(APPLE, "calendar-color").and_then(color),
        zone: answer.property_text(CALDAV, "calendar-timezone").and_then(zone_of_timezone_text),
        read_only: answer.property(DAV, "current-user-privilege-set").is_some_and(is_read_only),
        hides_marks: false,
    })
}

/// An absent list of components means that all are taken.
fn holds_events(answer: ResourceAnswer<'_, '_>) -> bool {
    let Some(set) = answer.property(CALDAV, "supported-calendar-component-set") else { return true };
    let mut components = children(set, CALDAV, "comp").filter_map(|comp| comp.attribute("name")).peekable();
    components.peek().is_none() || components.any(|name| name.eq_ignore_ascii_case("VEVENT"))
}

/// A server that names no privilege at all says nothing about writing.
fn is_read_only(set: Node<'_, '_>) -> bool {
    let mut names = children(set, DAV, "privilege")
        .flat_map(|privilege| privilege.children())
        .filter(Node::is_element)
        .map(|privilege| privilege.tag_name().name())
        .peekable();
    names.peek().is_some() && !names.any(|name| WRITE_PRIVILEGES.contains(&name))
}

/// `#RRGGBB`; Apple's property has two more digits for the opacity.
fn color(text: &str) -> Option<String> {
    let digits = text.strip_prefix('#')?;
    let is_color = matches!(digits.len(), 6 | 8) && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_color.then(|| format!("#{}", &digits[..6]))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{multistatus, url};
    use super::*;

    fn listed(inner: &str) -> Vec<RemoteCalendar> {
        ListCalendars::parse(&url("https://p1.example.org/ada/"), &multistatus(inner)).unwrap()
    }

    fn response(href: &str, kinds: &str, more: &str) -> String {
        format!(
            "<d:response><d:href>{href}</d:href><d:propstat><d:prop><d:resourcetype><d:collection/>{kinds}\
             </d:resourcetype>{more}</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>"
        )
    }

    #[test]
    fn a_calendar_is_read_with_all_it_has() {
        let timezone = "<c:calendar-timezone><![CDATA[BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nTZID:Europe/Paris\r\n\
                        END:VTIMEZONE\r\nEND:VCALENDAR\r\n]]></c:calendar-timezone>";
        let calendars = listed(&response(
            "/ada/My%20Work",
            "<c:calendar/>",
            &format!(
                "<d:displayname>Work &amp; play</d:displayname><a:calendar-color>#FF2968FF</a:calendar-color>{timezone}\
                 <d:current-user-privilege-set><d:privilege><d:read/></d:privilege><d:privilege><d:write/></d:privilege>\
                 </d:current-user-privilege-set><c:supported-calendar-component-set><c:comp name=\"VTODO\"/>\
                 <c:comp name=\"VEVENT\"/></c:supported-calendar-component-set>"
            ),
        ));
        let expected = RemoteCalendar {
            name: starmesh_core::ids::LastingName::new("https://p1.example.org/ada/My%20Work/"),
            display_name: "Work & play".to_owned(),
            short_name: "My Work".to_owned(),
            color: Some("#FF2968".to_owned()),
            zone: Some("Europe/Paris".to_owned()),
            read_only: false,
            hides_marks: false,
        };
        assert_eq!(calendars, [expected]);
    }

    #[test]
    fn what_is_no_calendar_of_events_is_left_out() {
        let inner = [
            response("/ada/", "", ""),
            response("/ada/inbox/", "<c:calendar/><c:schedule-inbox/>", ""),
            response("/ada/outbox/", "<c:schedule-outbox/>", ""),
            response("/ada/holidays/", "<c:calendar/><s:subscribed/>", ""),
            response("/ada/trash/", "<c:calendar/><x:deleted-calendar xmlns:x=\"http://nextcloud.com/ns\"/>", ""),
            response(
                "/ada/tasks/",
                "<c:calendar/>",
                "<c:supported-calendar-component-set><c:comp name=\"VTODO\"/></c:supported-calendar-component-set>",
            ),
            response("/ada/home/", "<c:calendar/>", ""),
        ]
        .concat();
        let names: Vec<_> = listed(&inner).into_iter().map(|calendar| calendar.short_name).collect();
        assert_eq!(names, ["home"]);
    }

    #[test]
    fn privileges_decide_about_writing() {
        let with = |privileges: &str| {
            let set = format!("<d:current-user-privilege-set>{privileges}</d:current-user-privilege-set>");
            listed(&response("/ada/c/", "<c:calendar/>", &set))[0].read_only
        };
        assert!(with("<d:privilege><d:read/></d:privilege>"));
        assert!(!with("<d:privilege><d:all/></d:privilege>"));
        assert!(!with("<d:privilege><d:read/></d:privilege><d:privilege><d:write-content/></d:privilege>"));
        assert!(!with(""));
        assert!(!listed(&response("/ada/c/", "<c:calendar/>", ""))[0].read_only);
    }
}
