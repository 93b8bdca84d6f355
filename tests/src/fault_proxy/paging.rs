//! Reports of changes cut into pages with 507 (RFC 6578, section 3.6), as Cyrus cuts them.

use std::collections::HashMap;

use roxmltree::Document;

use super::exchange::{Answer, Asked};

/// Begins the tokens that the proxy makes up for the pages in between.
const TOKEN_PREFIX: &str = "data:,proxy-page-";

/// Cuts reports, and keeps what it cut off.
pub(super) struct Paging {
    size: usize,
    kept: HashMap<String, Rest>,
}

/// What is left of a report.
#[derive(Clone)]
struct Rest {
    responses: Vec<String>,
    token: String,
}

impl Paging {
    pub(super) fn new(size: usize) -> Self {
        Self { size: size.max(1), kept: HashMap::new() }
    }

    /// The page that `asked` goes on with, where its token is one of ours.
    pub(super) fn next_page(&mut self, asked: &Asked) -> Option<Answer> {
        let body = asked.body_text();
        let at = body.find(TOKEN_PREFIX)?;
        let token: String = body[at..].chars().take_while(|c| *c != '<').collect();
        let rest = self.kept.get(&token)?.clone();
        Some(self.page(&asked.path, rest))
    }

    /// The first page of `answer`, where it is a report of changes; else `answer` itself.
    pub(super) fn first_page(&mut self, asked: &Asked, answer: Answer) -> Answer {
        if asked.method != "REPORT" || !asked.body_text().contains("sync-collection") || answer.status != 207
        {
            return answer;
        }
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        let document = Document::parse(&text).expect("a server's report is well-formed");
        let responses =
            document.descendants().filter(|node| node.has_tag_name(("DAV:", "response"))).map(|response| {
                let part = |name| {
                    response
                        .descendants()
                        .find(|node| node.has_tag_name(("DAV:", name)))
                        .and_then(|node| node.text())
                };
                let href = part("href").unwrap_or_default().trim();
                match part("getetag") {
                    Some(etag) => format!(
                        "<response><href>{href}</href><propstat><prop><getetag>{}</getetag></prop>\
                     <status>HTTP/1.1 200 OK</status></propstat></response>",
                        etag.trim()
                    ),
                    None => format!(
                        "<response><href>{href}</href><status>HTTP/1.1 404 Not Found</status></response>"
                    ),
                }
            });
        let responses = responses.collect();
        let token = document
            .descendants()
            .find(|node| node.has_tag_name(("DAV:", "sync-token")))
            .and_then(|node| node.text());
        let token = token.unwrap_or_default().trim().to_owned();
        self.page(&asked.path, Rest { responses, token })
    }

    fn page(&mut self, collection: &str, rest: Rest) -> Answer {
        let (now, later) = rest.responses.split_at(self.size.min(rest.responses.len()));
        let mut body = now.concat();
        let token = if later.is_empty() {
            rest.token
        } else {
            body.extend([
                "<response><href>",
                collection,
                "</href><status>HTTP/1.1 507 Insufficient Storage</status>\
                 <error><number-of-matches-within-limits/></error></response>",
            ]);
            let token = format!("{TOKEN_PREFIX}{}", self.kept.len());
            self.kept.insert(token.clone(), Rest { responses: later.to_vec(), token: rest.token });
            token
        };
        let body =
            format!("<multistatus xmlns=\"DAV:\">{body}<sync-token>{token}</sync-token></multistatus>");
        Answer::status(207).body("application/xml", &body)
    }
}
