//! The XML of WebDAV: multistatus answers (RFC 4918, section 13) and preconditions (section 16).

use roxmltree::{Document, Node, ParsingOptions};
use starmesh_http::Response;
use url::Url;

use crate::href::{normal_path, resource_id};

/// Namespace of WebDAV.
pub(crate) const DAV: &str = "DAV:";
/// Namespace of CalDAV.
pub(crate) const CALDAV: &str = "urn:ietf:params:xml:ns:caldav";
/// Namespace of Apple's calendar server.
pub(crate) const CALENDAR_SERVER: &str = "http://calendarserver.org/ns/";
/// Namespace of Apple's iCal.
pub(crate) const APPLE: &str = "http://apple.com/ns/ical/";
/// Namespace of Nextcloud.
pub(crate) const NEXTCLOUD: &str = "http://nextcloud.com/ns";

/// The most XML nodes of an answer that are read: some 200,000 members of a calendar.
const NODES_MAX: u32 = 4_000_000;

/// Why an answer cannot be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum WireError {
    /// A web page: a login form, a captive portal, a wrong address.
    #[error("answered with a web page instead of calendar data")]
    WebPage,
    /// A document type, the vehicle of entity bombs.
    #[error("answered with XML that declares a document type, which is refused")]
    DocumentType,
    /// More nodes than we read.
    #[error("answered with XML of more than {NODES_MAX} nodes")]
    TooManyNodes,
    /// No XML, or cut off.
    #[error("answered with broken XML")]
    Broken,
    /// XML of another kind.
    #[error("answered with XML that is not what was asked for")]
    Unexpected,
    /// A success that holds nothing but the status of the collection that was asked about: Xandikos tells
    /// so that it is not there. Taken for a list, it would be an empty one.
    #[error("refuses the calendar (HTTP {0} inside its answer)")]
    Itself(u16),
}

/// The text of an XML answer, to be parsed with [`parse`]. Bytes that XML forbids are replaced: one bad
/// character in one event must not hide all others.
pub(crate) fn text_of(response: &Response) -> Result<String, WireError> {
    let text = String::from_utf8_lossy(response.body());
    let text = text.trim_start_matches('\u{feff}').trim();
    if begins_web_page(text) {
        return Err(WireError::WebPage);
    }
    let forbidden =
        |c: char| (c < ' ' && !matches!(c, '\t' | '\n' | '\r')) || matches!(c, '\u{fffe}' | '\u{ffff}');
    Ok(text.replace(forbidden, " "))
}

/// The document in `text`.
pub(crate) fn parse(text: &str) -> Result<Document<'_>, WireError> {
    let options = ParsingOptions { allow_dtd: false, nodes_limit: NODES_MAX, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).map_err(|error| match error {
        roxmltree::Error::DtdDetected => WireError::DocumentType,
        roxmltree::Error::NodesLimitReached => WireError::TooManyNodes,
        _ => WireError::Broken,
    })
}

/// The answers for single resources in a multistatus document.
pub(crate) fn responses<'a, 'i>(
    document: &'a Document<'i>,
) -> Result<impl Iterator<Item = ResourceAnswer<'a, 'i>>, WireError> {
    let root = document.root_element();
    if !root.has_tag_name((DAV, "multistatus")) {
        return Err(WireError::Unexpected);
    }
    Ok(children(root, DAV, "response").map(|node| ResourceAnswer { node }))
}

/// The same for a collection: an answer that refuses the collection itself is none about its members.
pub(crate) fn responses_about<'a, 'i>(
    collection: &Url,
    document: &'a Document<'i>,
) -> Result<impl Iterator<Item = ResourceAnswer<'a, 'i>>, WireError> {
    let refusal = responses(document)?
        .filter(|answer| answer.href().is_some_and(|href| is_same(collection, href)))
        .find_map(|answer| answer.status().filter(|status| !(200..300).contains(status) && *status != 507));
    match refusal {
        Some(status) => Err(WireError::Itself(status)),
        None => responses(document),
    }
}

fn is_same(collection: &Url, href: &str) -> bool {
    let own = normal_path(collection.path());
    resource_id(collection, href)
        .is_some_and(|id| id.as_str().trim_end_matches('/') == own.trim_end_matches('/'))
}

/// What a multistatus says about one resource.
#[derive(Clone, Copy)]
pub(crate) struct ResourceAnswer<'a, 'i> {
    node: Node<'a, 'i>,
}

impl<'a, 'i> ResourceAnswer<'a, 'i> {
    /// The resource, as the server spells it.
    pub(crate) fn href(&self) -> Option<&'a str> {
        text(child(self.node, DAV, "href")?)
    }

    /// The status of the resource itself; `None` where only its properties have one.
    pub(crate) fn status(&self) -> Option<u16> {
        status_code(text(child(self.node, DAV, "status")?)?)
    }

    /// A property, where the server has it.
    pub(crate) fn property(&self, namespace: &str, name: &str) -> Option<Node<'a, 'i>> {
        children(self.node, DAV, "propstat")
            .filter(|propstat| {
                let status = child(*propstat, DAV, "status").and_then(text).and_then(status_code);
                status.is_none_or(|status| (200..300).contains(&status))
            })
            .filter_map(|propstat| child(propstat, DAV, "prop"))
            .find_map(|prop| child(prop, namespace, name))
    }

    /// The text of a property, trimmed, unless it is empty.
    pub(crate) fn property_text(&self, namespace: &str, name: &str) -> Option<&'a str> {
        text(self.property(namespace, name)?)
    }
}

/// The first child with this name.
pub(crate) fn child<'a, 'i>(node: Node<'a, 'i>, namespace: &str, name: &str) -> Option<Node<'a, 'i>> {
    children(node, namespace, name).next()
}

/// The children with this name.
pub(crate) fn children<'a, 'i>(
    node: Node<'a, 'i>,
    namespace: &str,
    name: &str,
) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(move |child| child.has_tag_name((namespace, name)))
}

/// The text of an element, trimmed, unless it is empty. CDATA and text are one here.
pub(crate) fn text<'a>(node: Node<'a, '_>) -> Option<&'a str> {
    node.text().map(str::trim).filter(|text| !text.is_empty())
}

/// The names of the preconditions that a refusal lists, without their namespaces; empty where the body is
/// no WebDAV error.
pub(crate) fn preconditions(response: &Response) -> Vec<String> {
    let Ok(body) = text_of(response) else { return Vec::new() };
    let Ok(document) = parse(&body) else { return Vec::new() };
    let root = document.root_element();
    let errors = root.descendants().filter(|node| node.has_tag_name((DAV, "error")));
    errors
        .flat_map(|error| error.children())
        .filter(Node::is_element)
        .map(|condition| condition.tag_name().name().to_owned())
        .collect()
}

/// The code in `HTTP/1.1 404 Not Found`.
fn status_code(line: &str) -> Option<u16> {
    line.split_ascii_whitespace().find_map(|word| word.parse().ok().filter(|code| (100..600).contains(code)))
}

fn begins_web_page(text: &str) -> bool {
    let start: String = text.chars().take(256).collect::<String>().to_ascii_lowercase();
    start.starts_with("<!doctype html") || start.starts_with("<html") || start.contains("<html")
}

/// True when an answer is a page for a person: a gateway's, or one that asks to log in.
pub(crate) fn is_web_page(response: &Response) -> bool {
    text_of(response) == Err(WireError::WebPage)
}

/// `text` as the content of an XML element.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: &str) -> Response {
        http::Response::builder().status(207).body(body.as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn prefixes_order_and_several_propstats_do_not_matter() {
        let text = text_of(&answer(
            "\u{feff} <?xml version=\"1.0\"?><ns0:multistatus xmlns:ns0=\"DAV:\"><ns0:response><ns0:propstat>\
             <ns0:status>HTTP/1.1 404 Not Found</ns0:status><ns0:prop><ns0:getetag/></ns0:prop></ns0:propstat>\
             <ns0:propstat><ns0:prop><ns0:displayname><![CDATA[ A & B ]]></ns0:displayname></ns0:prop>\
             <ns0:status>HTTP/1.1 200 OK</ns0:status></ns0:propstat><ns0:href> /a/ </ns0:href></ns0:response>\
             </ns0:multistatus>",
        ))
        .unwrap();
        let document = parse(&text).unwrap();
        let all: Vec<_> = responses(&document).unwrap().collect();
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].href(), Some("/a/"));
        assert_eq!(all[0].status(), None);
        assert_eq!(all[0].property_text(DAV, "displayname"), Some("A & B"));
        assert!(all[0].property(DAV, "getetag").is_none(), "a property with status 404 is absent");
    }

    #[test]
    fn bombs_pages_and_broken_answers_are_named() {
        let bomb = "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY b \"bb\"><!ENTITY c \"&b;&b;\">]><a>&c;</a>";
        assert_eq!(parse(&text_of(&answer(bomb)).unwrap()).unwrap_err(), WireError::DocumentType);
        let page = "<!DOCTYPE html><html><body>Log in</body></html>";
        assert_eq!(text_of(&answer(page)).unwrap_err(), WireError::WebPage);
        let cut = "<multistatus xmlns=\"DAV:\"><response><href>/a";
        assert_eq!(parse(cut).unwrap_err(), WireError::Broken);
        let other = "<a/>";
        assert!(matches!(responses(&parse(other).unwrap()).map(|_| ()), Err(WireError::Unexpected)));
    }

    #[test]
    fn a_refused_collection_is_no_empty_one() {
        let url = Url::parse("https://example.org/ada@x.org/cal/").unwrap();
        let about = |href: &str, status: u16| {
            let text = format!(
                "<multistatus xmlns=\"DAV:\"><response><href>{href}</href><status>HTTP/1.1 {status} X</status></response></multistatus>"
            );
            responses_about(&url, &parse(&text).unwrap()).map(Iterator::count)
        };
        assert_eq!(about("http://internal:8080/ada%40x.org/cal", 404), Err(WireError::Itself(404)));
        assert_eq!(about("/ada@x.org/cal/", 403), Err(WireError::Itself(403)));
        assert_eq!(about("/ada@x.org/cal/", 507), Ok(1), "a page that is cut short");
        assert_eq!(about("/ada@x.org/cal/a.ics", 404), Ok(1), "a member that is gone");
    }

    #[test]
    fn a_forbidden_character_does_not_hide_the_rest() {
        let text = text_of(&answer("<a>x\u{b}y</a>")).unwrap();
        assert_eq!(parse(&text).unwrap().root_element().text(), Some("x y"));
    }

    #[test]
    fn preconditions_are_found_by_name() {
        let refusal = answer(
            "<d:error xmlns:d=\"DAV:\"><c:no-uid-conflict xmlns:c=\"urn:ietf:params:xml:ns:caldav\">\
             <d:href>/x</d:href></c:no-uid-conflict></d:error>",
        );
        assert_eq!(preconditions(&refusal), ["no-uid-conflict"]);
        assert_eq!(preconditions(&answer("Forbidden")), Vec::<String>::new());
    }
}
