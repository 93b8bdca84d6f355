//! One form for hrefs and collection URLs.
//!
//! Servers mix `@` and `%40`, upper and lower case in escapes, absolute and relative hrefs, all for one
//! resource. Ids are compared byte by byte, so each is brought into one form first.

use percent_encoding::percent_decode_str;
use starmesh_core::ids::{LastingName, RemoteId};
use url::Url;

/// The lasting name of the collection at `url`: scheme and host in lower case, no default port, no user,
/// query or fragment, unreserved characters decoded, a slash at the end.
pub(crate) fn collection_name(url: &Url) -> LastingName {
    LastingName::new(collection_url(url).as_str())
}

/// The URL of a collection in the form of [`collection_name`].
pub(crate) fn collection_url(url: &Url) -> Url {
    let mut path = normal_path(url.path());
    if !path.ends_with('/') {
        path.push('/');
    }
    let mut url = url.clone();
    url.set_path(&path);
    url.set_query(None);
    url.set_fragment(None);
    // Both fail only where there is no host, and then there is no user either.
    let _no_user = url.set_username("");
    let _no_password = url.set_password(None);
    url
}

/// The id of the resource that the answer to a request for `base` calls `href`.
///
/// Only the path counts: servers behind a proxy name themselves by hosts that cannot be reached.
pub(crate) fn resource_id(base: &Url, href: &str) -> Option<RemoteId> {
    let url = base.join(href.trim()).ok()?;
    Some(RemoteId::new(normal_path(url.path())))
}

/// The URL of a resource in the collection at `collection`.
pub(crate) fn resource_url(collection: &Url, id: &RemoteId) -> Url {
    let mut url = collection.clone();
    url.set_path(id.as_str());
    url.set_query(None);
    url
}

/// The last segment of the path of `url`, decoded.
pub(crate) fn last_segment(url: &Url) -> String {
    let path = url.path().trim_end_matches('/');
    let segment = path.rsplit('/').next().unwrap_or(path);
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

/// `path` with every escape decoded that needs none and every other one in upper case.
///
/// Escaped `+ & ; = / ? # %` stay as the server wrote them: some servers tell both spellings apart.
pub(crate) fn normal_path(path: &str) -> String {
    let bytes = path.as_bytes();
    let mut normal = String::with_capacity(path.len());
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        let escaped = (byte == b'%').then(|| bytes.get(at + 1..at + 3).and_then(hex_byte)).flatten();
        match escaped {
            Some(byte) if is_plain(byte) => normal.push(char::from(byte)),
            Some(byte) => push_escape(&mut normal, byte),
            None if is_plain(byte) || b"/+&;=".contains(&byte) => normal.push(char::from(byte)),
            None => push_escape(&mut normal, byte),
        }
        at += if escaped.is_some() { 3 } else { 1 };
    }
    normal
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~@:!$'()*,".contains(&byte)
}

fn hex_byte(digits: &[u8]) -> Option<u8> {
    let digits = std::str::from_utf8(digits)
        .ok()
        .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
    u8::from_str_radix(digits, 16).ok()
}

fn push_escape(text: &mut String, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    text.push('%');
    text.push(char::from(DIGITS[usize::from(byte >> 4)]));
    text.push(char::from(DIGITS[usize::from(byte & 15)]));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_path_are_one_path() {
        for (spelling, normal) in [
            ("/ada%40example.org/cal/", "/ada@example.org/cal/"),
            ("/ada@example.org/cal/", "/ada@example.org/cal/"),
            ("/%7Eada/a%2fb.ics", "/~ada/a%2Fb.ics"),
            ("/caf\u{e9}/", "/caf%C3%A9/"),
            ("/caf%c3%a9/", "/caf%C3%A9/"),
            ("/a b%20c", "/a%20b%20c"),
            ("/100%", "/100%25"),
            ("/100%zz", "/100%25zz"),
            ("/a+b%2Bc", "/a+b%2Bc"),
        ] {
            assert_eq!(normal_path(spelling), normal, "{spelling}");
            assert_eq!(normal_path(normal), normal, "the form is stable");
        }
    }

    #[test]
    fn a_collection_has_one_name() {
        for spelling in [
            "HTTPS://DAV.Example.org:443/ada%40x.org/Work",
            "https://dav.example.org/ada@x.org/Work/",
            "https://ada:secret@dav.example.org/ada@x.org/Work/?x=y#z",
        ] {
            let name = collection_name(&Url::parse(spelling).unwrap());
            assert_eq!(name.as_str(), "https://dav.example.org/ada@x.org/Work/");
        }
    }

    #[test]
    fn hrefs_are_resolved_against_the_collection() {
        let base = Url::parse("https://example.org/cal/").unwrap();
        for href in [
            "/cal/a.ics",
            "a.ics",
            "https://example.org/cal/a.ics",
            "http://internal:8080/cal/%61.ics",
            "\n /cal/a.ics ",
        ] {
            assert_eq!(resource_id(&base, href), Some(RemoteId::new("/cal/a.ics")), "{href}");
        }
        let url = resource_url(&base, &RemoteId::new("/cal/a%2Fb.ics"));
        assert_eq!(url.as_str(), "https://example.org/cal/a%2Fb.ics");
    }

    #[test]
    fn the_short_name_is_the_last_segment_decoded() {
        assert_eq!(last_segment(&Url::parse("https://example.org/ada/My%20Work/").unwrap()), "My Work");
        assert_eq!(last_segment(&Url::parse("https://example.org/").unwrap()), "");
    }
}
