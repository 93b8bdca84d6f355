//! The harness itself: what it says of a server must be true before anything is built on it.

use starmesh_tests::Outcome;
use starmesh_tests::dav::Dav;
use starmesh_tests::servers::{BOB, Kind, Rights, Server};

const EVENT: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Somebody//Something//EN\r\nBEGIN:VEVENT\r\n\
    UID:one\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260102T100000Z\r\nDTEND:20260102T110000Z\r\n\
    SUMMARY:One\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

async fn a_calendar_lives(kind: Kind) -> Outcome<()> {
    let mut server = Server::start(kind)?;
    let dav = Dav::new(&server)?;
    let calendar = server.calendar("work");
    dav.mkcalendar(&calendar, "Work & play").await?;
    assert_eq!(dav.list(&calendar).await?.len(), 0);
    let href = format!("{calendar}one.ics");
    dav.put_ics(&href, EVENT).await?;
    let before = dav.list(&calendar).await?;
    assert!(before[&href].body.contains("SUMMARY:One"));
    server.restart()?;
    assert_eq!(dav.list(&calendar).await?, before, "the data outlive the process, etags included");
    dav.delete(&href).await?;
    assert_eq!(dav.get(&href).await?, None);
    server.stop()?;
    assert!(dav.get(&href).await.is_err(), "a stopped server does not answer");
    Ok(())
}

#[tokio::test]
async fn a_calendar_lives_on_radicale() -> Outcome<()> {
    a_calendar_lives(Kind::Radicale(Rights::Owner)).await
}

#[tokio::test]
async fn a_calendar_lives_on_an_open_radicale() -> Outcome<()> {
    a_calendar_lives(Kind::Radicale(Rights::Open)).await
}

#[tokio::test]
async fn a_calendar_lives_on_xandikos() -> Outcome<()> {
    a_calendar_lives(Kind::Xandikos).await
}

#[tokio::test]
async fn a_calendar_lives_on_cyrus() -> Outcome<()> {
    a_calendar_lives(Kind::Cyrus).await
}

#[tokio::test]
async fn a_calendar_lives_on_sabre() -> Outcome<()> {
    a_calendar_lives(Kind::Sabre).await
}

#[tokio::test]
async fn a_fixed_calendar_is_written_by_bob_only() -> Outcome<()> {
    let server = Server::start(Kind::Radicale(Rights::FixedCalendars))?;
    let (alice, bob) = (Dav::new(&server)?, Dav::of(&server, BOB)?);
    alice.mkcalendar(&server.calendar("own"), "Own").await?;
    bob.mkcalendar(&server.calendar("fixed"), "Fixed").await?;
    let href = format!("{}one.ics", server.calendar("fixed"));
    assert!(alice.put_ics(&href, EVENT).await.is_err(), "Alice cannot write");
    bob.put_ics(&href, EVENT).await?;
    assert!(alice.get(&href).await?.is_some(), "Alice can read");
    Ok(())
}

#[tokio::test]
async fn an_untrusted_certificate_stops_a_client() -> Outcome<()> {
    let server = Server::start(Kind::RadicaleSelfSigned)?;
    assert_eq!(server.url().scheme(), "https");
    assert!(Dav::new(&server)?.get("/").await.is_err());
    Ok(())
}
