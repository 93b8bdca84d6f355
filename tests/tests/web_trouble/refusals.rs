//! Every row of both providers' tables of errors, as a person gets to read it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;
use starmesh_tests::{Failure, Outcome};

use crate::{At, Scene, Trouble};

/// Google's errors (guide "Handle API errors"), and what stands in front of Google.
const GOOGLE: [Trouble; 24] = [
    Trouble::Coded(400, "timeRangeEmpty"),
    Trouble::Coded(400, "invalid"),
    Trouble::Coded(400, "badRequest"),
    Trouble::Coded(401, "authError"),
    Trouble::Coded(403, "userRateLimitExceeded"),
    Trouble::Coded(403, "rateLimitExceeded"),
    Trouble::Coded(403, "quotaExceeded"),
    Trouble::Coded(403, "insufficientPermissions"),
    Trouble::Coded(403, "notACalendarUser"),
    Trouble::Coded(403, "forbiddenForNonOrganizer"),
    Trouble::Coded(403, "requiredAccessLevel"),
    Trouble::Coded(404, "notFound"),
    Trouble::Coded(409, "duplicate"),
    Trouble::Coded(409, "conflict"),
    Trouble::Coded(410, "fullSyncRequired"),
    Trouble::Coded(410, "updatedMinTooLongAgo"),
    Trouble::Coded(410, "deleted"),
    Trouble::Coded(412, "conditionNotMet"),
    Trouble::Coded(429, "rateLimitExceeded"),
    Trouble::Coded(500, "backendError"),
    Trouble::Coded(503, "backendError"),
    Trouble::Page(502),
    Trouble::Empty(503),
    Trouble::Empty(504),
];

/// Microsoft's errors (page "Microsoft Graph error responses"), and what stands in front of Microsoft.
const MICROSOFT: [Trouble; 30] = [
    Trouble::Coded(400, "ErrorInvalidRequest"),
    Trouble::Coded(400, "TimeZoneNotSupportedException"),
    Trouble::Coded(400, "ErrorDuplicateTransactionId"),
    Trouble::Coded(400, "ErrorInvalidExtendedProperty"),
    Trouble::Coded(400, "ErrorInvalidProperty"),
    Trouble::Coded(400, "InvalidRequest"),
    Trouble::Coded(400, "InvalidDeltaToken"),
    Trouble::Coded(401, "InvalidAuthenticationToken"),
    Trouble::Coded(403, "ErrorAccessDenied"),
    Trouble::Coded(403, "Authorization_RequestDenied"),
    Trouble::Coded(403, "ErrorQuotaExceeded"),
    Trouble::Coded(404, "ErrorItemNotFound"),
    Trouble::Coded(404, "MailboxNotEnabledForRESTAPI"),
    Trouble::Coded(404, "ResourceNotFound"),
    Trouble::Coded(409, "Conflict"),
    Trouble::Coded(409, "ErrorDuplicateTransactionId"),
    Trouble::Coded(410, "SyncStateNotFound"),
    Trouble::Coded(412, "ErrorIrresolvableConflict"),
    Trouble::Coded(429, "ApplicationThrottled"),
    Trouble::Coded(429, "TooManyRequests"),
    Trouble::Coded(500, "ErrorInternalServerTransientError"),
    Trouble::Coded(500, "InternalServerError"),
    Trouble::Coded(503, "serviceNotAvailable"),
    Trouble::Coded(504, "UnknownError"),
    Trouble::Coded(507, "insufficientStorage"),
    Trouble::Coded(509, "bandwidthLimitExceeded"),
    Trouble::Page(500),
    Trouble::Page(502),
    Trouble::Empty(503),
    Trouble::Empty(504),
];

/// Rows that are tried at once, each share of them on a scene of its own: most of the time of a row is
/// waiting before the provider is asked again. Neighbours, which are alike, go to different shares.
const SHARES: usize = 8;

/// One row in words: what happens while everything is answered so, and while only writes are.
async fn row(scene: &Scene, at: At, trouble: Trouble, hour: u32) -> Outcome<String> {
    let good = at.other();
    let mut text = format!("{trouble:?}\n");
    scene.answer(at, None, trouble);
    let reading = scene.app.run(&["--json", "plan"]).await?;
    writeln!(text, "  reading: {}", words(reading.code, &reading.error()?))?;
    expect_about(at, &reading.error()?)?;

    scene.heal();
    scene.answer(at, Some("POST"), trouble);
    let before = scene.mirrors()?;
    scene.book(good, 10, hour)?;
    let writing = scene.app.run(&["--json", "apply", "--yes"]).await?;
    match writing.error() {
        Ok(error) => writeln!(text, "  writing: {}", words(writing.code, &error))?,
        Err(_) => writeln!(text, "  writing: exit {}", writing.code)?,
    }
    let status = scene.app.json(&["status"]).await?;
    for wedge in status["wedges"].as_array().into_iter().flatten() {
        writeln!(text, "  stands still: {}: {}", plain(&wedge["reason"]), plain(&wedge["message"]))?;
    }
    let after = scene.mirrors()?;
    let [good_second, bad] = match at {
        At::Google => [3, 0],
        At::Microsoft => [1, 2],
    };
    if after[good_second] != before[good_second] + 1 {
        return Err(Failure::new(format!("{trouble:?} at {at:?} kept the other account from its mirrors")));
    }
    if (bad..bad + 2).any(|calendar| after[calendar] < before[calendar]) {
        return Err(Failure::new(format!("{trouble:?} at {at:?} removed mirrors")));
    }
    let mut wanted = before;
    for (calendar, count) in wanted.iter_mut().enumerate() {
        let booked_in = if good == At::Google { 0 } else { 2 };
        *count += usize::from(calendar != booked_in);
    }
    scene.settles(wanted).await.map_err(|failure| failure.during(format!("{trouble:?} at {at:?}")))?;
    Ok(text)
}

fn words(exit: i32, error: &Value) -> String {
    format!("exit {exit}, {}: {}", plain(&error["code"]), plain(&error["message"]))
}

/// Text without the address of this run.
fn plain(value: &Value) -> String {
    let text = value.as_str().unwrap_or_default();
    let words = text.split(' ').map(|word| match word.find("127.0.0.1") {
        Some(at) => format!("{}HOST", &word[..at]),
        None => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}

/// The error names what is concerned, and nothing of anybody's events or of the provider's own text.
fn expect_about(at: At, error: &Value) -> Outcome<()> {
    let text = error.to_string();
    let calendars = match at {
        At::Google => ["ada@example.test", "Club"],
        At::Microsoft => ["Calendar", "Project"],
    };
    let about = text.contains(at.account()) || calendars.iter().any(|name| text.contains(name));
    let secret = ["Secret", "dentist", "<html"].iter().any(|word| text.contains(word));
    if about && !secret { Ok(()) } else { Err(Failure::new(format!("about {at:?}: {text}"))) }
}

async fn table(at: At, rows: &[Trouble]) -> Outcome<String> {
    let shares = (0..SHARES).map(async |first| {
        let scene = Scene::new().await?;
        let mut texts = Vec::new();
        for (hour, (number, trouble)) in (0..).zip(rows.iter().enumerate().skip(first).step_by(SHARES)) {
            texts.push((number, row(&scene, at, *trouble, hour).await?));
        }
        Ok::<_, Failure>(texts)
    });
    let shares = futures::future::join_all(shares).await.into_iter().collect::<Outcome<Vec<_>>>()?;
    let texts: BTreeMap<usize, String> = shares.into_iter().flatten().collect();
    Ok(texts.into_values().collect())
}

#[tokio::test]
async fn every_error_of_google_is_one_sentence_and_stops_its_own_account_alone() -> Outcome<()> {
    insta::assert_snapshot!(table(At::Google, &GOOGLE).await?);
    Ok(())
}

#[tokio::test]
async fn every_error_of_microsoft_is_one_sentence_and_stops_its_own_account_alone() -> Outcome<()> {
    insta::assert_snapshot!(table(At::Microsoft, &MICROSOFT).await?);
    Ok(())
}
