//! Many requests as one (guide "Send batch requests"): `multipart/mixed` with an HTTP message in each part.
//!
//! Answers are matched by their `Content-ID`, since the server runs and tells the parts in any order. That
//! the whole was accepted says nothing about any part.

use std::collections::BTreeMap;

use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use starmesh_http::{Request, Response};
use url::Url;

/// The most requests in one batch. Today's guide says 1000, older editions and most programs 50.
pub(crate) const BATCH_MAX: usize = 50;

/// A batch of `parts`, each with the number by which its answer is known. `boundary` must occur in none.
pub(crate) fn prepare(url: &Url, boundary: &str, parts: &[(usize, &Request)]) -> Request {
    let mut body = Vec::new();
    for (number, part) in parts {
        let target = part.uri().path_and_query().map_or("/", |target| target.as_str());
        let head = format!(
            "--{boundary}\r\nContent-Type: application/http\r\nContent-ID: <item{number}>\r\n\r\n{} {target}\r\n",
            part.method()
        );
        body.extend_from_slice(head.as_bytes());
        for (name, value) in part.headers() {
            body.extend_from_slice(name.as_str().as_bytes());
            body.extend_from_slice(b": ");
            body.extend_from_slice(value.as_bytes());
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"\r\n");
        body.extend_from_slice(part.body());
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    let mut request = Request::new(body);
    *request.method_mut() = http::Method::POST;
    *request.uri_mut() = url.as_str().parse().unwrap_or_default();
    let kind = HeaderValue::from_str(&format!("multipart/mixed; boundary={boundary}"));
    // A boundary is made of letters and digits; any other would be refused by the server.
    request.headers_mut().insert(CONTENT_TYPE, kind.unwrap_or(HeaderValue::from_static("multipart/mixed")));
    request
}

/// The answers in `response`, by number; `None` when it is no batch. Parts that cannot be read are left out,
/// and their requests have no answer.
pub(crate) fn parse(response: &Response) -> Option<BTreeMap<usize, Response>> {
    let kind = response.headers().get(CONTENT_TYPE)?.to_str().ok()?;
    let delimiter = format!("--{}", boundary_of(kind)?);
    let mut parts = split(response.body(), delimiter.as_bytes()).into_iter();
    parts.next()?;
    Some(parts.take_while(|part| !part.starts_with(b"--")).filter_map(read_part).collect())
}

/// The boundary that a media type of `multipart/mixed` names.
fn boundary_of(kind: &str) -> Option<&str> {
    let mut parameters = kind.split(';').map(str::trim);
    let is_multipart = parameters.next()?.get(..10)?.eq_ignore_ascii_case("multipart/");
    let boundary = parameters.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("boundary").then(|| value.trim().trim_matches('"'))
    })?;
    (is_multipart && !boundary.is_empty()).then_some(boundary)
}

/// One part: its own headers, then an HTTP message.
fn read_part(part: &[u8]) -> Option<(usize, Response)> {
    let (head, message) = split_head(part.trim_ascii_start())?;
    let id =
        headers(head).find_map(|(name, value)| name.eq_ignore_ascii_case("content-id").then_some(value))?;
    let id = id.trim_matches(['<', '>']);
    let number = id.strip_prefix("response-").unwrap_or(id).strip_prefix("item")?.parse().ok()?;
    let message = message.trim_ascii_start();
    // An answer without a body may end right after its status line or headers.
    let (head, body) = split_head(message).unwrap_or((message, b""));
    let head = std::str::from_utf8(head).ok()?;
    let status: u16 = head.lines().next()?.split_ascii_whitespace().nth(1)?.parse().ok()?;
    let mut response = Response::new(body.trim_ascii_end().to_vec());
    *response.status_mut() = http::StatusCode::from_u16(status).ok()?;
    for (name, value) in headers(head.as_bytes()) {
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value))
        {
            response.headers_mut().append(name, value);
        }
    }
    Some((number, response))
}

fn headers(head: &[u8]) -> impl Iterator<Item = (&str, &str)> {
    let head = std::str::from_utf8(head).unwrap_or_default();
    head.lines().filter_map(|line| line.split_once(':')).map(|(name, value)| (name.trim(), value.trim()))
}

/// What stands before and after the first empty line.
fn split_head(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end =
        |mark: &[u8]| text.windows(mark.len()).position(|window| window == mark).map(|at| (at, mark.len()));
    let (at, length) = [end(b"\r\n\r\n"), end(b"\n\n")].into_iter().flatten().min()?;
    Some((&text[..at], &text[at + length..]))
}

/// What stands between the delimiters that begin a line.
fn split<'a>(body: &'a [u8], delimiter: &[u8]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while at + delimiter.len() <= body.len() {
        let begins_line = at == 0 || body[at - 1] == b'\n';
        if begins_line && &body[at..at + delimiter.len()] == delimiter {
            pieces.push(&body[start..at]);
            at += delimiter.len();
            start = at;
        } else {
            at += 1;
        }
    }
    pieces.push(&body[start..]);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url() -> Url {
        Url::parse("https://www.googleapis.com/batch/calendar/v3").unwrap()
    }

    fn answer(kind: &str, body: &str) -> Response {
        http::Response::builder().header(CONTENT_TYPE, kind).body(body.as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn parts_name_paths_without_a_host_and_keep_their_headers() {
        let put = http::Request::builder()
            .method("PUT")
            .uri("https://www.googleapis.com/calendar/v3/calendars/c/events/e?sendUpdates=none")
            .header("if-match", "\"7\"")
            .body(b"{}".to_vec())
            .unwrap();
        let get = http::Request::builder().uri("https://www.googleapis.com/x").body(Vec::new()).unwrap();
        let request = prepare(&url(), "b0", &[(0, &put), (7, &get)]);
        assert_eq!(request.method(), "POST");
        assert_eq!(request.headers()[CONTENT_TYPE], "multipart/mixed; boundary=b0");
        assert_eq!(
            String::from_utf8(request.into_body()).unwrap(),
            "--b0\r\nContent-Type: application/http\r\nContent-ID: <item0>\r\n\r\n\
             PUT /calendar/v3/calendars/c/events/e?sendUpdates=none\r\nif-match: \"7\"\r\n\r\n{}\r\n\
             --b0\r\nContent-Type: application/http\r\nContent-ID: <item7>\r\n\r\nGET /x\r\n\r\n\r\n--b0--\r\n"
        );
    }

    #[test]
    fn answers_are_matched_by_content_id_in_any_order() {
        let body = "--batch_x\r\nContent-Type: application/http\r\nContent-ID: <response-item1>\r\n\r\n\
                    HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\n\r\n{\"error\":{}}\r\n\
                    --batch_x\r\ncontent-id: response-item0\r\n\r\nHTTP/1.1 200 OK\r\nETag: \"1\"\r\n\r\n\r\n{\"id\":\"a\"}\r\n\r\n\
                    --batch_x\r\nContent-ID: <response-item2>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n\r\n--batch_x--";
        let parts = parse(&answer("multipart/mixed; charset=x; boundary=\"batch_x\"", body)).unwrap();
        let seen: Vec<_> = parts
            .iter()
            .map(|(number, part)| {
                (*number, part.status().as_u16(), std::str::from_utf8(part.body()).unwrap().trim())
            })
            .collect();
        assert_eq!(seen, [(0, 200, "{\"id\":\"a\"}"), (1, 404, "{\"error\":{}}"), (2, 204, "")]);
        assert_eq!(parts[&0].headers()["etag"], "\"1\"");
    }

    #[test]
    fn lone_line_feeds_and_a_missing_end_are_read_too() {
        let body = "preamble\n--b\nContent-ID: <response-item4>\n\nHTTP/1.1 200 OK\n\n{}\n--b\nContent-ID: <response-item5>\n\nHTTP/1.1 503 X";
        let parts = parse(&answer("multipart/mixed; boundary=b", body)).unwrap();
        assert_eq!((parts[&4].status().as_u16(), parts[&4].body().as_slice()), (200, b"{}".as_slice()));
        assert_eq!(parts[&5].status().as_u16(), 503);
    }

    #[test]
    fn a_boundary_inside_a_body_divides_nothing() {
        let body =
            "--b\r\nContent-ID: <response-item0>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{\"a\":\"x--b\"}\r\n--b--";
        assert_eq!(
            parse(&answer("multipart/mixed; boundary=b", body)).unwrap()[&0].body(),
            b"{\"a\":\"x--b\"}"
        );
    }

    #[test]
    fn garbage_is_no_batch_and_an_unreadable_part_no_answer() {
        assert!(parse(&answer("text/html", "<html>")).is_none());
        assert!(parse(&answer("multipart/mixed", "--b--")).is_none());
        let body = "--b\r\nContent-ID: <response-item0>\r\n\r\nnonsense\r\n--b\r\nno head--b--";
        assert!(parse(&answer("multipart/mixed; boundary=b", body)).unwrap().is_empty());
    }
}
