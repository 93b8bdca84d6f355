//! Calendars at a real CalDAV server.

use std::fs;
use std::path::Path;

use async_trait::async_trait;

use super::{Home, Touch};
use crate::cli::Starmesh;
use crate::dav::{Dav, Listing, Resource};
use crate::ics::Event;
use crate::mirrors::Block;
use crate::servers::{Kind, Server, User};
use crate::world::display_name;
use crate::{Failure, Outcome};

pub(crate) struct CaldavHome {
    pub(crate) server: Server,
    pub(crate) dav: Dav,
    user: User,
}

impl CaldavHome {
    pub(crate) fn start(kind: Kind, user: User) -> Outcome<Self> {
        let server = Server::start(kind)?;
        let dav = Dav::of(&server, user)?;
        Ok(Self { server, dav, user })
    }

    pub(crate) fn path(&self, calendar: &str) -> String {
        format!("{}{calendar}/", self.server.home_of(self.user))
    }

    pub(crate) fn href(&self, calendar: &str, uid: &str) -> String {
        format!("{}{uid}.ics", self.path(calendar))
    }

    async fn get(&self, href: &str) -> Outcome<Resource> {
        self.dav.get(href).await?.ok_or_else(|| Failure::new(format!("{href} is not there")))
    }
}

#[async_trait]
impl Home for CaldavHome {
    async fn sign_in(&self, app: &Starmesh, account: &str) -> Outcome<()> {
        let url = self.server.url();
        app.add_account(account, url.as_str(), self.user.name, self.user.password).await?.expect(0)?;
        Ok(())
    }

    fn authority(&self) -> String {
        self.server.url().authority().to_owned()
    }

    async fn add_calendar(&mut self, calendar: &str) -> Outcome<()> {
        self.dav.mkcalendar(&self.path(calendar), &self.title(calendar)).await
    }

    /// The path is in lower case.
    fn title(&self, calendar: &str) -> String {
        display_name(calendar)
    }

    fn address(&self, _calendar: &str) -> String {
        self.user.name.to_owned()
    }

    async fn put(&self, calendar: &str, event: &Event) -> Outcome<()> {
        self.dav.put_ics(&self.href(calendar, &event.uid), &event.text()).await?;
        Ok(())
    }

    async fn delete(&self, calendar: &str, uid: &str) -> Outcome<()> {
        self.dav.delete(&self.href(calendar, uid)).await
    }

    async fn list(&self, calendar: &str) -> Outcome<Listing> {
        self.dav.list(&self.path(calendar)).await
    }

    async fn remove(&self, _calendar: &str, href: &str) -> Outcome<()> {
        self.dav.delete(href).await
    }

    async fn touch(&self, _calendar: &str, href: &str, touch: Touch<'_>) -> Outcome<()> {
        let text = self.get(href).await?.body;
        let text = match touch {
            Touch::Until(end) => {
                let end = Block::timed(end, chrono::TimeDelta::zero()).end;
                line_replaced(&text, "DTEND", &format!("DTEND:{end}"))?
            }
            Touch::Title(title) => line_replaced(&text, "SUMMARY", &format!("SUMMARY:{title}"))?,
            Touch::Guest(guest) => {
                let guests =
                    format!("ORGANIZER:mailto:me@example.org\r\nATTENDEE:mailto:{guest}\r\nEND:VEVENT");
                line_replaced(&text, "END:VEVENT", &guests)?
            }
        };
        self.dav.put_ics(href, &text).await?;
        Ok(())
    }

    /// Under another UID, as programs copy.
    async fn copy(&self, calendar: &str, href: &str) -> Outcome<String> {
        const UID: &str = "dragged-copy";
        let text = self.get(href).await?.body;
        let copy = self.href(calendar, UID);
        self.dav.put_ics(&copy, &line_replaced(&text, "UID", &format!("UID:{UID}"))?).await?;
        Ok(copy)
    }

    fn made(&self) -> Outcome<usize> {
        match self.server.kind() {
            Kind::Sabre => Err(Failure::new("sabre keeps all events in one file, which is not looked into")),
            _ => files(&self.server.data()),
        }
    }

    /// None of the servers sends mail.
    fn notified(&self) -> Vec<String> {
        Vec::new()
    }
}

/// `text` with `line` in place of the first line that begins with `name`, folds and all.
fn line_replaced(text: &str, name: &str, line: &str) -> Outcome<String> {
    let start = text.find(&format!("\n{name}")).ok_or_else(|| Failure::new(format!("no {name}")))? + 1;
    let mut length = 0;
    for (number, row) in text[start..].split_inclusive('\n').enumerate() {
        if number > 0 && !row.starts_with([' ', '\t']) {
            break;
        }
        length += row.len();
    }
    Ok(format!("{}{line}\r\n{}", &text[..start], &text[start + length..]))
}

/// How many events the server keeps, in a file for each.
fn files(folder: &Path) -> Outcome<usize> {
    let mut count = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        // Repositories and caches are the servers' own affair, and files come and go in them.
        if name.starts_with('.') {
            continue;
        }
        if entry.file_type()?.is_dir() {
            count += files(&entry.path())?;
        } else if name.ends_with(".ics") || is_message(&name) {
            count += 1;
        }
    }
    Ok(count)
}

/// Whether Cyrus would call an event's file so: a number and a dot.
fn is_message(name: &str) -> bool {
    name.strip_suffix('.').is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
}
