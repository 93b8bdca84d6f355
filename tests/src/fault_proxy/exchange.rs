//! One exchange through the proxy: read a request, ask the server, answer, close.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::{Client, Method};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use url::Url;

use super::{Fault, State};

/// A request as it came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Asked {
    /// Its method.
    pub method: String,
    /// Its path.
    pub path: String,
    /// Its headers, with lower-case names.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

/// An answer as it goes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers, with lower-case names; the length is added.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

impl Asked {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn body_text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Answer {
    /// An answer with nothing but a status.
    pub fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// The same with a header.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same with a body of this type.
    #[must_use]
    pub fn body(mut self, kind: &str, body: &str) -> Self {
        body.as_bytes().clone_into(&mut self.body);
        self.with("content-type", kind)
    }

    /// The same without a header.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self
    }
}

/// Headers that speak of one connection only, or of a coding that the proxy undoes.
const OF_THE_CONNECTION: [&str; 6] =
    ["connection", "content-length", "transfer-encoding", "host", "accept-encoding", "keep-alive"];

pub(super) async fn serve(mut stream: TcpStream, upstream: Url, state: Arc<Mutex<State>>) {
    // A client that goes away in the middle is its own business.
    let Ok(Some(mut asked)) = read_request(&mut stream).await else { return };
    let paged = {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        state.asked.push(asked.clone());
        let at_the_gate = state.gate.as_ref().and_then(|gate| gate(&mut asked));
        at_the_gate.or_else(|| state.paging.as_mut().and_then(|paging| paging.next_page(&asked)))
    };
    let planned = take_fault(&state, &asked);
    let mut breaks_off = false;
    let answer = match (planned, paged) {
        (Some(Fault::Instead(answer)), _) | (_, Some(answer)) => answer,
        (Some(Fault::LoseAnswer), None) => {
            forward(&upstream, &asked).await;
            return;
        }
        (Some(Fault::Change(change)), None) => change(forward(&upstream, &asked).await),
        (Some(Fault::BreakOff), None) => {
            breaks_off = true;
            forward(&upstream, &asked).await
        }
        (None, None) => {
            let answer = forward(&upstream, &asked).await;
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            match state.paging.as_mut() {
                Some(paging) => paging.first_page(&asked, answer),
                None => answer,
            }
        }
    };
    let _gone = write_answer(&mut stream, &answer, breaks_off).await;
}

/// Takes the first fault that hits `asked`. A fault that changes answers can be planned once at a time.
fn take_fault(state: &Mutex<State>, asked: &Asked) -> Option<Fault> {
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    let at = state.planned.iter().position(|planned| planned.times > 0 && planned.on.hits(asked))?;
    let planned = &mut state.planned[at];
    planned.times -= 1;
    let copy = match &planned.fault {
        Fault::Instead(answer) => Some(Fault::Instead(answer.clone())),
        Fault::LoseAnswer => Some(Fault::LoseAnswer),
        Fault::BreakOff => Some(Fault::BreakOff),
        Fault::Change(_) => None,
    };
    copy.or_else(|| Some(state.planned.remove(at).fault))
}

async fn read_request(stream: &mut TcpStream) -> io::Result<Option<Asked>> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
    let mut lines = head.split("\r\n");
    let mut start = lines.next().unwrap_or_default().split(' ');
    let (method, path) =
        (start.next().unwrap_or_default().to_owned(), start.next().unwrap_or_default().to_owned());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length: usize = headers
        .iter()
        .find(|(name, _)| name == "content-length")
        .and_then(|(_, value)| value.parse().ok())
        .unwrap_or(0);
    let mut body = bytes.split_off(head_end + 4);
    while body.len() < length {
        if stream.read_buf(&mut body).await? == 0 {
            return Ok(None);
        }
    }
    Ok(Some(Asked { method, path, headers, body }))
}

async fn forward(upstream: &Url, asked: &Asked) -> Answer {
    let client = Client::builder()
        .no_proxy()
        .no_gzip()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a plain client can be built");
    let method = Method::from_bytes(asked.method.as_bytes()).expect("a method that came in can go out");
    let mut request = client.request(method, upstream.join(&asked.path).expect("a path that came in"));
    for (name, value) in asked.headers.iter().filter(|(name, _)| !OF_THE_CONNECTION.contains(&name.as_str()))
    {
        request = request.header(name, value);
    }
    let answer = request.body(asked.body.clone()).send().await.expect("the server answers its proxy");
    let status = answer.status().as_u16();
    let headers = answer
        .headers()
        .iter()
        .filter(|(name, _)| !OF_THE_CONNECTION.contains(&name.as_str()))
        .map(|(name, value)| (name.as_str().to_owned(), value.to_str().unwrap_or_default().to_owned()))
        .collect();
    let body = answer.bytes().await.expect("the server's whole answer").to_vec();
    Answer { status, headers, body }
}

async fn write_answer(stream: &mut TcpStream, answer: &Answer, breaks_off: bool) -> io::Result<()> {
    let mut head = format!("HTTP/1.1 {} Proxied\r\n", answer.status);
    for (name, value) in &answer.headers {
        head.extend([name.as_str(), ": ", value, "\r\n"]);
    }
    let length = answer.body.len().to_string();
    head.extend(["content-length: ", &length, "\r\nconnection: close\r\n\r\n"]);
    let sent = if breaks_off { &answer.body[..answer.body.len() / 2] } else { &answer.body };
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(sent).await?;
    stream.shutdown().await
}
