use oauth2::{PkceCodeChallenge, PkceCodeVerifier};
use secrecy::ExposeSecret;
use starmesh_provider::env::SystemEntropy;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::super::client::tests::client;
use super::super::{BrowserSignIn, Grant, LoopbackHost, OAuthClient, SIGN_IN_LIMIT, SignInError};
use super::*;

struct Flow {
    endpoint: Arc<Endpoint>,
    sign_in: BrowserSignIn,
    parameters: HashMap<String, String>,
    port: u16,
}

impl Flow {
    async fn begin(client: OAuthClient, answers: &[(u16, &'static str)]) -> Self {
        let endpoint = Endpoint::answering(answers.iter().copied());
        let sign_in =
            BrowserSignIn::begin(client, endpoint.clone(), HandClock::new(), &SystemEntropy).await.unwrap();
        let parameters: HashMap<_, _> = sign_in.address().query_pairs().into_owned().collect();
        let port = parameters["redirect_uri"].rsplit(':').next().unwrap().parse().unwrap();
        Self { endpoint, sign_in, parameters, port }
    }

    /// Waits for the sign-in while a browser asks for these paths, one after the other.
    async fn finish(self, paths: &[String]) -> (Result<Grant, SignInError>, Vec<String>, Arc<Endpoint>) {
        let port = self.port;
        let visit = async move {
            let mut pages = Vec::new();
            for path in paths {
                pages.push(get(port, path).await);
            }
            pages
        };
        let (ended, pages) = tokio::join!(self.sign_in.finish(), visit);
        (ended, pages, self.endpoint)
    }

    fn path(&self, rest: &str) -> String {
        format!("/?state={}&{rest}", self.parameters["state"])
    }
}

/// What a browser gets; empty when nobody listens any more.
async fn get(port: u16, path: &str) -> String {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)).await else { return String::new() };
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n");
    let mut page = Vec::new();
    if stream.write_all(request.as_bytes()).await.is_ok() {
        // A listener that is gone in the meantime leaves the page empty.
        let _broken = stream.read_to_end(&mut page).await;
    }
    String::from_utf8(page).unwrap()
}

#[tokio::test]
async fn a_code_is_exchanged_with_the_verifier_whose_challenge_went_ahead() {
    let flow = Flow::begin(client(), &[GRANTED]).await;
    let parameters = flow.parameters.clone();
    let path = flow.path("code=abc");
    let (ended, pages, endpoint) = flow.finish(&[path]).await;
    let grant = ended.unwrap();
    assert_eq!(grant.access.expose_secret(), "access-1");
    assert_eq!(grant.refresh.unwrap().expose_secret(), "refresh-1");
    assert!(pages[0].contains("200 OK") && pages[0].contains("Signed in"), "{}", pages[0]);
    assert!(!pages[0].contains("abc"), "the page repeats nothing");
    let asked = &endpoint.asked()[0];
    let verifier = PkceCodeVerifier::new(asked["code_verifier"].clone());
    let challenge = PkceCodeChallenge::from_code_verifier_sha256(&verifier);
    assert_eq!(parameters["code_challenge"], challenge.as_str());
    assert_eq!(parameters["code_challenge_method"], "S256");
    assert_eq!(parameters["prompt"], "select_account");
    assert_eq!(asked["redirect_uri"], parameters["redirect_uri"]);
    assert_eq!((asked["code"].as_str(), asked["grant_type"].as_str()), ("abc", "authorization_code"));
    assert!(!asked.contains_key("client_secret"), "a client without a secret sends none");
}

#[tokio::test]
async fn a_wrong_or_missing_state_ends_the_sign_in_and_no_code_is_used() {
    for path in ["/?state=other&code=stolen", "/?code=stolen", "/?state=&code=stolen"] {
        let flow = Flow::begin(client(), &[]).await;
        let (ended, pages, endpoint) = flow.finish(&[path.to_owned()]).await;
        assert_eq!(ended.err(), Some(SignInError::OtherFlow), "{path}");
        assert!(pages[0].contains("400 Bad Request"), "{}", pages[0]);
        assert_eq!(endpoint.asked().len(), 0, "{path}");
    }
}

#[tokio::test]
async fn whoever_comes_second_finds_nobody() {
    let flow = Flow::begin(client(), &[GRANTED]).await;
    let port = flow.port;
    let (first, second) = (flow.path("code=abc"), flow.path("code=def"));
    let (ended, _, endpoint) = flow.finish(&[first]).await;
    assert!(ended.is_ok());
    assert_eq!(get(port, &second).await, "");
    assert_eq!(endpoint.asked().len(), 1);
}

#[tokio::test]
async fn a_browser_that_asks_for_an_icon_first_is_waited_for() {
    let flow = Flow::begin(client(), &[GRANTED]).await;
    let paths = ["/favicon.ico".to_owned(), flow.path("code=abc")];
    let (ended, pages, _) = flow.finish(&paths).await;
    assert!(ended.is_ok());
    assert!(pages[0].contains("404 Not Found"), "{}", pages[0]);
}

#[tokio::test]
async fn a_refusal_in_the_browser_says_why() {
    let admin = SignInError::AdminConsent { link: client().admin_consent() };
    for (rest, error) in [
        ("error=access_denied&error_description=AADSTS65004%3A+declined", SignInError::Declined),
        ("error=access_denied&error_description=AADSTS90094%3A+admin", admin),
        ("nothing=1", SignInError::NoAnswer),
    ] {
        let flow = Flow::begin(client(), &[]).await;
        let path = flow.path(rest);
        assert_eq!(flow.finish(&[path]).await.0.err(), Some(error), "{rest}");
    }
}

#[tokio::test]
async fn a_code_that_was_used_or_belongs_to_another_flow_is_refused_by_the_provider() {
    let used = r#"{"error":"invalid_grant","error_description":"AADSTS54005: code of ann@corp.example"}"#;
    let flow = Flow::begin(client(), &[(400, used)]).await;
    let path = flow.path("code=abc");
    let error = flow.finish(&[path]).await.0.err().unwrap();
    assert_eq!(error.to_string(), "the sign-in is no longer valid (invalid_grant, AADSTS54005)");
}

#[tokio::test]
async fn fewer_rights_than_needed_are_named() {
    let answer = r#"{"token_type":"Bearer","access_token":"a","refresh_token":"r","scope":"User.Read"}"#;
    let flow = Flow::begin(client(), &[(200, answer)]).await;
    let path = flow.path("code=abc");
    let missing = vec!["Calendars.ReadWrite".to_owned()];
    assert_eq!(flow.finish(&[path]).await.0.err(), Some(SignInError::ReducedScopes { missing }));
}

#[tokio::test]
async fn a_sign_in_that_would_not_last_is_no_sign_in() {
    let answer = r#"{"token_type":"Bearer","access_token":"a","expires_in":3599}"#;
    let flow = Flow::begin(client(), &[(200, answer)]).await;
    let path = flow.path("code=abc");
    assert_eq!(flow.finish(&[path]).await.0.err(), Some(SignInError::NotLasting));
}

#[tokio::test]
async fn what_is_no_answer_of_a_token_endpoint_is_told_without_its_text() {
    let host = || "login.example".to_owned();
    for (status, body, error) in [
        (200, "<html>secret</html>", SignInError::NotUnderstood { host: host() }),
        (200, r#"{"token_type":"Bearer","access":"secret"}"#, SignInError::NotUnderstood { host: host() }),
        (503, "", SignInError::Trouble { host: host() }),
    ] {
        let flow = Flow::begin(client(), &[(status, body)]).await;
        let path = flow.path("code=abc");
        assert_eq!(flow.finish(&[path]).await.0.err(), Some(error), "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_browser_that_never_comes_back_is_given_up() {
    let flow = Flow::begin(client(), &[]).await;
    let (ended, _, _) = flow.finish(&[]).await;
    assert_eq!(ended.err(), Some(SignInError::TimedOut(SIGN_IN_LIMIT)));
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = taken.local_addr().unwrap().port();
    let client = OAuthClient { port: Some(port), ..client() };
    let begun = BrowserSignIn::begin(client, Endpoint::answering([]), HandClock::new(), &SystemEntropy).await;
    assert_eq!(begun.err(), Some(SignInError::PortTaken { port }));
}

#[tokio::test]
async fn a_provider_that_wants_localhost_gets_localhost() {
    let client = OAuthClient { loopback: LoopbackHost::Name, ..client() };
    let flow = Flow::begin(client, &[GRANTED]).await;
    assert_eq!(flow.parameters["redirect_uri"], format!("http://localhost:{}", flow.port));
    let path = flow.path("code=abc");
    assert!(flow.finish(&[path]).await.0.is_ok());
}
