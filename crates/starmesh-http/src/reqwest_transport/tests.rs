//! The real client against sockets of this process.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

/// Answers one connection with `bytes` and closes it. Gives the URL.
async fn one_answer(bytes: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        let _read = stream.read(&mut request).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream.shutdown().await.unwrap();
    });
    url
}

async fn get(transport: &ReqwestTransport, url: &str) -> Result<Response, HttpError> {
    transport.send(http::Request::get(url).body(Vec::new()).unwrap()).await
}

fn transport() -> ReqwestTransport {
    ReqwestTransport::new(&HttpOptions::default()).unwrap()
}

#[tokio::test]
async fn a_server_that_speaks_http_1_0_and_closes_is_understood() {
    let url = one_answer(b"HTTP/1.0 207 Multi-Status\r\nX-A: b\r\n\r\n<x/>").await;
    let response = get(&transport(), &url).await.unwrap();
    assert_eq!(response.status(), 207);
    assert_eq!(response.headers()["x-a"], "b");
    assert_eq!(response.body(), b"<x/>");
}

#[tokio::test]
async fn an_answer_above_the_limit_is_refused() {
    let url = one_answer(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123456789").await;
    let error = get(&transport().with_body_limit(8), &url).await.unwrap_err();
    assert!(matches!(error, HttpError::TooLarge { limit_bytes: 8, .. }), "{error:?}");
}

#[tokio::test]
async fn a_truncated_answer_is_no_answer() {
    let url = one_answer(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n123456789").await;
    let error = get(&transport(), &url).await.unwrap_err();
    assert!(matches!(error, HttpError::Unreachable { cause: Unreachable::Broken, .. }), "{error:?}");
}

#[tokio::test]
async fn a_closed_port_is_out_of_reach() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let error = get(&transport(), &url).await.unwrap_err();
    assert!(matches!(error, HttpError::Unreachable { cause: Unreachable::Connect, .. }), "{error:?}");
}

#[tokio::test]
async fn a_server_without_tls_behind_https_is_not_trusted() {
    let url = one_answer(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.replace("http:", "https:");
    let error = get(&transport(), &url).await.unwrap_err();
    assert!(matches!(error, HttpError::Untrusted { .. }), "{error:?}");
}

#[tokio::test]
async fn a_silent_server_runs_into_the_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let timeouts = Timeouts { read: Duration::from_millis(50), ..Timeouts::default() };
    let transport = ReqwestTransport::new(&HttpOptions { timeouts, ..HttpOptions::default() }).unwrap();
    let error = get(&transport, &url).await.unwrap_err();
    assert!(matches!(error, HttpError::Unreachable { cause: Unreachable::Timeout, .. }), "{error:?}");
}

#[test]
fn a_broken_root_certificate_is_told() {
    let options = HttpOptions {
        extra_roots: vec![b"-----BEGIN CERTIFICATE-----\n!\n".to_vec()],
        ..HttpOptions::default()
    };
    let outcome = ReqwestTransport::new(&options);
    assert!(matches!(outcome, Err(HttpError::Request(_))), "{outcome:?}");
}
