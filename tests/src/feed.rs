//! A server that publishes one calendar as a file, under an address that is a secret.

use std::sync::{Arc, Mutex, PoisonError};

use crate::fault_proxy::{Answer, Asked, FaultProxy};
use crate::ics::Event;

/// The secret part of the address. No text that the program writes may hold it.
pub const FEED_TOKEN: &str = "geheimnis0private0feed0token";

/// The server; ends when dropped.
pub struct FeedServer {
    proxy: FaultProxy,
    file: Arc<Mutex<File>>,
}

/// What is published just now.
#[derive(Default)]
struct File {
    text: String,
    version: u64,
    /// In place of the file.
    trouble: Option<Answer>,
    served: Served,
}

/// How often the server answered in which way.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Served {
    /// With the whole file.
    pub whole: usize,
    /// That it is still the same.
    pub unchanged: usize,
}

impl FeedServer {
    /// A server that publishes `events`.
    pub async fn publishing(events: &[Event]) -> Self {
        let file = Arc::new(Mutex::new(File::default()));
        let served = Arc::clone(&file);
        let proxy = FaultProxy::alone(move |asked| {
            served.lock().unwrap_or_else(PoisonError::into_inner).answer(asked)
        });
        let server = Self { proxy: proxy.await, file };
        server.publish(events);
        server
    }

    /// The secret address.
    pub fn address(&self) -> String {
        format!("{}{FEED_TOKEN}/basic.ics?key={FEED_TOKEN}", self.proxy.url())
    }

    /// Publishes `events` and nothing else from now on.
    pub fn publish(&self, events: &[Event]) {
        self.publish_text(&Event::feed(events));
    }

    /// Publishes this text.
    pub fn publish_text(&self, text: &str) {
        self.with(|file| {
            text.clone_into(&mut file.text);
            file.version += 1;
            file.trouble = None;
        });
    }

    /// Answers so from now on, whoever asks.
    pub fn fail_with(&self, answer: Answer) {
        self.with(|file| file.trouble = Some(answer));
    }

    /// How often it answered in which way.
    pub fn served(&self) -> Served {
        self.with(|file| file.served)
    }

    fn with<T>(&self, act: impl FnOnce(&mut File) -> T) -> T {
        act(&mut self.file.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl File {
    fn answer(&mut self, asked: &Asked) -> Answer {
        if !asked.path.contains(FEED_TOKEN) || asked.method != "GET" {
            return Answer::status(404);
        }
        if let Some(trouble) = &self.trouble {
            return trouble.clone();
        }
        let etag = format!("\"{}\"", self.version);
        if asked.header("if-none-match") == Some(etag.as_str()) {
            self.served.unchanged += 1;
            return Answer::status(304).with("etag", &etag);
        }
        self.served.whole += 1;
        Answer::status(200).body("text/calendar; charset=utf-8", &self.text).with("etag", &etag)
    }
}
