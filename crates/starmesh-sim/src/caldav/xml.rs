//! XML as the server reads and writes it.

use std::borrow::Cow;
use std::fmt::Write as _;

use roxmltree::{Document, Node};

use super::switches::Spelling;

/// Namespace of WebDAV.
pub(super) const DAV: &str = "DAV:";
/// Namespace of CalDAV.
pub(super) const CALDAV: &str = "urn:ietf:params:xml:ns:caldav";
/// Namespace of Apple's calendar server.
pub(super) const CALENDAR_SERVER: &str = "http://calendarserver.org/ns/";
/// Namespace of Apple's iCal.
pub(super) const APPLE: &str = "http://apple.com/ns/ical/";
/// Namespace of Nextcloud.
pub(super) const NEXTCLOUD: &str = "http://nextcloud.com/ns";

/// The namespaces that a document declares at its root, each with its short prefix.
const DECLARED: [(&str, &str); 5] =
    [(DAV, "d"), (CALDAV, "cal"), (CALENDAR_SERVER, "cs"), (APPLE, "ical"), (NEXTCLOUD, "nc")];

/// An element to be written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Element {
    space: Cow<'static, str>,
    name: Cow<'static, str>,
    attributes: Vec<(&'static str, String)>,
    content: Vec<Content>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Content {
    Element(Element),
    Text(String),
    Raw(String),
}

impl Element {
    pub(super) fn new(space: impl Into<Cow<'static, str>>, name: impl Into<Cow<'static, str>>) -> Self {
        Self { space: space.into(), name: name.into(), attributes: Vec::new(), content: Vec::new() }
    }

    pub(super) fn dav(name: &'static str) -> Self {
        Self::new(DAV, name)
    }

    pub(super) fn caldav(name: &'static str) -> Self {
        Self::new(CALDAV, name)
    }

    #[must_use]
    pub(super) fn with(mut self, child: Self) -> Self {
        self.content.push(Content::Element(child));
        self
    }

    #[must_use]
    pub(super) fn with_all(mut self, children: impl IntoIterator<Item = Self>) -> Self {
        self.content.extend(children.into_iter().map(Content::Element));
        self
    }

    #[must_use]
    pub(super) fn with_text(mut self, text: impl Into<String>) -> Self {
        self.content.push(Content::Text(text.into()));
        self
    }

    /// Text that stands as it is, in a section of its own.
    #[must_use]
    pub(super) fn with_raw(mut self, text: impl Into<String>) -> Self {
        self.content.push(Content::Raw(text.into()));
        self
    }

    #[must_use]
    pub(super) fn with_attribute(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.attributes.push((name, value.into()));
        self
    }

    /// A document with this element as its root.
    pub(super) fn document(&self, spelling: Spelling) -> String {
        let mut text = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
        self.write(&mut text, spelling, true);
        text
    }

    fn write(&self, text: &mut String, spelling: Spelling, is_root: bool) {
        let declared = DECLARED.iter().position(|(space, _)| *space == self.space);
        let name = match declared {
            Some(0) if spelling == Spelling::DefaultNamespace => self.name.to_string(),
            Some(at) if spelling == Spelling::Numbered => format!("ns{at}:{}", self.name),
            Some(at) => format!("{}:{}", DECLARED[at].1, self.name),
            None => format!("x:{}", self.name),
        };
        text.push('<');
        text.push_str(&name);
        if is_root {
            declare(text, spelling);
        }
        if declared.is_none() {
            // Writing into a string cannot fail.
            let _written = write!(text, " xmlns:x=\"{}\"", escape(&self.space));
        }
        for (attribute, value) in &self.attributes {
            let _written = write!(text, " {attribute}=\"{}\"", escape(value));
        }
        if self.content.is_empty() {
            text.push_str("/>");
            return;
        }
        text.push('>');
        for content in &self.content {
            match content {
                Content::Element(child) => child.write(text, spelling, false),
                Content::Text(inner) => text.push_str(&escape(inner)),
                Content::Raw(inner) => {
                    // The one thing that such a section cannot hold is its own end.
                    text.push_str("<![CDATA[");
                    text.push_str(&inner.replace("]]>", "]]]]><![CDATA[>"));
                    text.push_str("]]>");
                }
            }
        }
        text.push_str("</");
        text.push_str(&name);
        text.push('>');
    }
}

fn declare(text: &mut String, spelling: Spelling) {
    for (at, (space, prefix)) in DECLARED.iter().enumerate() {
        let declaration = match spelling {
            Spelling::DefaultNamespace if at == 0 => format!(" xmlns=\"{space}\""),
            Spelling::Numbered => format!(" xmlns:ns{at}=\"{space}\""),
            Spelling::Short | Spelling::DefaultNamespace => format!(" xmlns:{prefix}=\"{space}\""),
        };
        text.push_str(&declaration);
    }
}

fn escape(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    escaped.replace('\r', "&#13;")
}

/// A property that a client asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Name {
    pub(super) space: String,
    pub(super) name: String,
}

impl Name {
    pub(super) fn is(&self, space: &str, name: &str) -> bool {
        self.space == space && self.name == name
    }

    /// An empty element of that name.
    pub(super) fn element(&self) -> Element {
        Element::new(self.space.clone(), self.name.clone())
    }
}

/// What a client wants to know of each resource.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Wanted {
    /// These properties.
    Named(Vec<Name>),
    /// What the server thinks fit.
    All,
}

impl Wanted {
    /// What a request's root element asks for.
    pub(super) fn of(root: Node<'_, '_>) -> Self {
        match child(root, DAV, "prop") {
            Some(prop) => {
                let names = prop.children().filter(Node::is_element).map(|node| Name {
                    space: node.tag_name().namespace().unwrap_or_default().to_owned(),
                    name: node.tag_name().name().to_owned(),
                });
                Self::Named(names.collect())
            }
            None => Self::All,
        }
    }
}

/// The document in a request's body; `None` for what is no XML.
pub(super) fn parse(body: &str) -> Option<Document<'_>> {
    Document::parse(body.trim_start_matches('\u{feff}').trim()).ok()
}

/// The first child of that name.
pub(super) fn child<'a, 'i>(node: Node<'a, 'i>, space: &str, name: &str) -> Option<Node<'a, 'i>> {
    children(node, space, name).next()
}

/// The children of that name.
pub(super) fn children<'a, 'i>(
    node: Node<'a, 'i>,
    space: &str,
    name: &str,
) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(move |child| child.has_tag_name((space, name)))
}

/// The text of an element, trimmed.
pub(super) fn text<'a>(node: Node<'a, '_>) -> &'a str {
    node.text().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_the_same_document() {
        let odd = Name { space: "urn:odd".to_owned(), name: "thing".to_owned() };
        let root = Element::dav("multistatus")
            .with(Element::caldav("a").with_attribute("name", "\"<").with_text("1 & 2\r\n"))
            .with(Element::dav("b").with_raw("x ]]> <y>"))
            .with(odd.element());
        for spelling in [Spelling::Short, Spelling::Numbered, Spelling::DefaultNamespace] {
            let text = root.document(spelling);
            let document = parse(&text).unwrap();
            let root = document.root_element();
            assert!(root.has_tag_name((DAV, "multistatus")), "{text}");
            let a = child(root, CALDAV, "a").unwrap();
            assert_eq!((a.attribute("name"), a.text()), (Some("\"<"), Some("1 & 2\r\n")));
            assert_eq!(child(root, DAV, "b").unwrap().text(), Some("x ]]> <y>"));
            assert!(child(root, "urn:odd", "thing").is_some());
        }
    }
}
