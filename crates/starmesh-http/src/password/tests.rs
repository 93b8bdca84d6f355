//! What is shown to whom, answer by answer.

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

use super::*;

const TLS: &str = "https://dav.example.org/cal/a%20b/?x=1";
const CLEAR: &str = "http://127.0.0.1:8100/cal/";
const MD5: &str = "Digest realm=\"R\", qop=\"auth\", nonce=\"n1\", opaque=\"o1\"";
const BASIC: &str = "Basic realm=\"R\"";

struct Scene {
    password: Password,
    url: Url,
}

impl Scene {
    fn at(url: &str) -> Self {
        Self { password: Password::from("pa ss".to_owned()), url: Url::parse(url).unwrap() }
    }

    /// What the next request shows.
    fn shows(&self) -> (String, Shown) {
        let (header, shown) = self.password.proof("ada", &self.url, &Method::GET).unwrap();
        (header.map_or_else(String::new, |header| header.to_str().unwrap().to_owned()), shown)
    }

    /// Sends a request, which is answered so.
    fn asks(&self, status: u16, challenges: &[&str]) -> Result<Verdict, HttpError> {
        let (_, shown) = self.shows();
        self.password.heard(&shown, &self.url, &response(status, challenges))
    }
}

fn response(status: u16, challenges: &[&str]) -> Response {
    let mut response = http::Response::builder().status(status);
    for challenge in challenges {
        response = response.header(WWW_AUTHENTICATE, *challenge);
    }
    response.body(Vec::new()).unwrap()
}

#[test]
fn over_tls_basic_goes_first_and_gives_way_to_digest_for_good() {
    let scene = Scene::at(TLS);
    assert_eq!(scene.shows().1, Shown::Basic);
    assert_eq!(scene.asks(401, &[MD5]), Ok(Verdict::Again));
    for count in 1..=3 {
        let (header, shown) = scene.shows();
        assert_eq!(shown, Shown::Digest("n1".to_owned()));
        assert!(header.contains(&format!("nc={count:08x}")), "{header}");
        assert!(header.contains("uri=\"/cal/a%20b/?x=1\"") && header.contains("opaque=\"o1\""), "{header}");
        assert!(!header.contains("pa ss"), "{header}");
        assert_eq!(scene.password.heard(&shown, &scene.url, &response(207, &[])), Ok(Verdict::Answer));
    }
}

#[test]
fn in_clear_the_server_is_asked_before_the_password_is_shown() {
    let asked = Scene::at(CLEAR);
    assert_eq!(asked.shows(), (String::new(), Shown::Nothing));
    assert_eq!(asked.asks(401, &[MD5]), Ok(Verdict::Again));
    assert_eq!(asked.shows().1, Shown::Digest("n1".to_owned()));

    let basic = Scene::at(CLEAR);
    assert_eq!(basic.asks(401, &[BASIC]), Ok(Verdict::Again));
    assert_eq!(basic.shows().1, Shown::Basic);

    let open = Scene::at(CLEAR);
    assert_eq!(open.asks(301, &[]), Ok(Verdict::Answer), "a redirect says nothing of the sign-in");
    assert_eq!(open.asks(207, &[]), Ok(Verdict::Again), "whoever is not known may be shown less");
    assert_eq!(open.shows().1, Shown::Basic);
}

#[test]
fn the_strongest_challenge_is_answered_wherever_it_stands() {
    let scene = Scene::at(TLS);
    let both = format!("{BASIC}, {MD5}");
    let sha = "Digest realm=\"R\", qop=\"auth,auth-int\", algorithm=SHA-256, nonce=\"n2\", opaque=\"o2\"";
    let session = "Digest realm=\"R\", qop=\"auth\", algorithm=SHA-256-sess, nonce=\"n3\"";
    let whole_body = "Digest realm=\"R\", qop=\"auth-int\", algorithm=SHA-256, nonce=\"n4\"";
    let asked = Asked::by(&response(401, &[session, &both, whole_body, sha]));
    assert!(asked.basic);
    assert_eq!(asked.digest.as_ref().map(DigestClient::nonce), Some("n2"));

    scene.asks(401, &[MD5, sha]).unwrap();
    let (header, _) = scene.shows();
    let part = |name: &str| {
        let rest = header.split_once(&format!("{name}=")).unwrap().1;
        rest.split(',').next().unwrap().trim_matches('"').to_owned()
    };
    let hash = |text: &str| HEXLOWER.encode(&Sha256::digest(text));
    let wanted = format!(
        "{}:n2:00000001:{}:auth:{}",
        hash("ada:R:pa ss"),
        part("cnonce"),
        hash("GET:/cal/a%20b/?x=1")
    );
    assert_eq!(part("algorithm"), "SHA-256");
    assert_eq!(part("response"), hash(&wanted));
}

#[test]
fn a_nonce_that_wore_out_is_answered_anew_whether_the_server_says_so_or_not() {
    for stale in [", stale=true", ""] {
        let scene = Scene::at(CLEAR);
        scene.asks(401, &[MD5]).unwrap();
        assert_eq!(scene.asks(207, &[]), Ok(Verdict::Answer));
        let fresh = format!("Digest realm=\"R\", qop=\"auth\", nonce=\"n2\"{stale}");
        assert_eq!(scene.asks(401, &[&fresh]), Ok(Verdict::Again), "{stale}");
        let (header, shown) = scene.shows();
        assert_eq!(shown, Shown::Digest("n2".to_owned()));
        assert!(header.contains("nc=00000001"), "{header}");
    }
}

#[test]
fn a_wrong_password_is_tried_once_a_request() {
    let scene = Scene::at(CLEAR);
    assert_eq!(scene.asks(401, &[MD5]), Ok(Verdict::Again));
    for nonce in ["n2", "n3"] {
        let fresh = format!("Digest realm=\"R\", qop=\"auth\", nonce=\"{nonce}\"");
        assert_eq!(scene.asks(401, &[&fresh]), Ok(Verdict::Answer));
    }
    // Likewise where a server takes either: it has judged the password.
    let either = Scene::at(TLS);
    assert_eq!(either.asks(401, &[BASIC, MD5]), Ok(Verdict::Answer));
}

#[test]
fn requests_under_way_share_a_challenge_and_each_is_counted() {
    let scene = Scene::at(CLEAR);
    let ((_, first), (_, second)) = (scene.shows(), scene.shows());
    let heard = |shown: &Shown, answer: &Response| scene.password.heard(shown, &scene.url, answer).unwrap();
    assert_eq!(heard(&first, &response(401, &[MD5])), Verdict::Again);
    let other = MD5.replace("n1", "n2");
    assert_eq!(heard(&second, &response(401, &[&other])), Verdict::Again);
    let ((one, _), (two, shown)) = (scene.shows(), scene.shows());
    assert!(one.contains("nonce=\"n1\"") && two.contains("nonce=\"n1\""), "the first challenge serves both");
    assert!(one.contains("nc=00000001") && two.contains("nc=00000002"), "{one} {two}");
    // Refused for a nonce that another request has replaced by then.
    let fresh = MD5.replace("n1", "n3");
    assert_eq!(scene.asks(207, &[]), Ok(Verdict::Answer));
    assert_eq!(scene.asks(401, &[&fresh]), Ok(Verdict::Again));
    assert_eq!(heard(&shown, &response(401, &[&fresh])), Verdict::Again);
}

#[test]
fn who_took_digest_is_not_shown_the_password_when_it_asks_for_it() {
    let scene = Scene::at(CLEAR);
    scene.asks(401, &[MD5]).unwrap();
    assert_eq!(scene.asks(207, &[]), Ok(Verdict::Answer));
    let refused = scene.asks(401, &[BASIC]);
    assert_eq!(refused, Err(HttpError::Downgraded { host: "127.0.0.1:8100".to_owned() }));
    assert_eq!(scene.shows().1, Shown::Digest("n1".to_owned()));
}

#[test]
fn an_answer_goes_to_the_place_that_asked_only() {
    let scene = Scene::at("https://dav.example.org/");
    scene.asks(401, &[MD5]).unwrap();
    let sibling = Url::parse("https://other.example.org/").unwrap();
    let (header, shown) = scene.password.proof("ada", &sibling, &Method::GET).unwrap();
    assert_eq!((header, shown), (None, Shown::Nothing));
    let own = response(401, &[&MD5.replace("n1", "n9")]);
    assert_eq!(scene.password.heard(&Shown::Nothing, &sibling, &own), Ok(Verdict::Again));
    let (_, shown) = scene.password.proof("ada", &sibling, &Method::GET).unwrap();
    assert_eq!(shown, Shown::Digest("n9".to_owned()));
}

#[test]
fn challenges_that_cannot_be_read_leave_everything_as_it_was() {
    let scene = Scene::at(TLS);
    assert_eq!(scene.asks(401, &[]), Ok(Verdict::Answer));
    assert_eq!(scene.asks(401, &["Digest nonsense", "Digest qop=\"auth\""]), Ok(Verdict::Answer));
    assert_eq!(scene.shows().1, Shown::Basic);
}
