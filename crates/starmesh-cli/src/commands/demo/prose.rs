//! Everything the demo tells, as a person reads it: at most 80 columns.

use anstyle::{AnsiColor, Style};
use chrono_tz::Tz;

use super::cast::Place;
use super::journey::{Steps, instant};
use super::line::{Deed, GroupShape, Kept, Line, Promise, Way};
use super::statistics::Figures;
use crate::text::count;

/// How wide the left side of a journey is.
const LEFT_WIDTH: usize = 28;
/// How wide a figure is.
const FIGURE_WIDTH: usize = 8;

/// How to print.
#[derive(Clone, Copy)]
pub(super) struct Prose {
    pub(super) colour: bool,
    pub(super) zone: Tz,
}

impl Prose {
    /// The words for a line.
    pub(super) fn of(self, line: &Line) -> String {
        match line {
            Line::Scene { title } => format!("\n{}", self.headline(title)),
            Line::Started { seed, rtt_ms, way } => started(*seed, *rtt_ms, *way),
            Line::Provider { provider, address, calendars } => {
                format!("  {:<10} {address:<25} {}", provider.title(), titles(calendars, ", "))
            }
            Line::SignedIn { provider, calendars, .. } => self.check(&format!(
                "signed in at {}: OAuth 2 with PKCE, {} found",
                provider.title(),
                count(*calendars, "calendar")
            )),
            Line::Booked { events, blocks } => format!(
                "  {} in them block {}, each with a title nobody else may see",
                count(*events, "event"),
                count(*blocks, "hour")
            ),
            Line::Grouped { shape, calendars, pairs } => grouped(*shape, calendars, *pairs),
            Line::Synced { planned, placed, took_ms } => self.check(&format!(
                "{} planned, {placed} placed in {}",
                count(*planned, "busy block"),
                seconds(*took_ms)
            )),
            Line::Watching { calendars } => format!(
                "  {} tell of changes by web hook. The relay that carries them to you\n  is a program of its \
                 own; here they are handed over in process.",
                count(*calendars, "calendar")
            ),
            Line::Running { links } => self.running(*links),
            Line::Change { change, calendar, start, end, .. } => self.change(*change, *calendar, start, end),
            Line::Journey { source, target, ms, number, .. } => self.journey(*source, *target, *ms, *number),
            Line::Totals { changes, journeys, booked, moved, cancelled, took_ms, ms } => self.totals(
                &format!(
                    "{} ({booked} booked, {moved} moved, {cancelled} cancelled), {} in {}",
                    count(*changes, "change"),
                    count(*journeys, "journey"),
                    seconds(*took_ms)
                ),
                ms.as_ref(),
            ),
            Line::Checked { promise, count: number } => self.check(&promised(*promise, *number)),
            Line::Kept(all) => kept(all),
            Line::Ended { took_ms } => {
                format!("\nNothing is left of it: no file, no process. It took {}.", seconds(*took_ms))
            }
        }
    }

    fn styled(self, style: Style, text: &str) -> String {
        if self.colour { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    fn headline(self, text: &str) -> String {
        self.styled(Style::new().bold().fg_color(Some(AnsiColor::Cyan.into())), text)
    }

    fn check(self, text: &str) -> String {
        format!("  {} {text}", self.styled(Style::new().fg_color(Some(AnsiColor::Green.into())), "✓"))
    }

    fn faint(self, text: &str) -> String {
        self.styled(Style::new().dimmed(), text)
    }

    fn running(self, links: u64) -> String {
        let columns =
            ["signal", "queue", "read", "plan", "place"].map(|name| format!("{name:>FIGURE_WIDTH$}"));
        let left = format!("  {} run", count(links, "link"));
        self.faint(&format!("{left:<LEFT_WIDTH$}{}   ms since", columns.concat()))
    }

    fn change(self, change: Deed, calendar: Place, start: &str, end: &str) -> String {
        let time = match (instant(start), instant(end)) {
            (Ok(start), Ok(end)) => {
                let (start, end) = (start.with_timezone(&self.zone), end.with_timezone(&self.zone));
                format!("{}–{}", start.format("%a %-d %b %H:%M"), end.format("%H:%M"))
            }
            _ => format!("{start} to {end}"),
        };
        let words = match change {
            Deed::Booked => format!("booked in {}", calendar.title()),
            Deed::Moved => format!("moved in {}", calendar.title()),
            Deed::Cancelled => format!("cancelled in {}", calendar.title()),
        };
        format!("  {}  {}", self.styled(Style::new().bold(), &words), time)
    }

    fn journey(self, source: Place, target: Place, ms: Steps, number: Option<u64>) -> String {
        let from = if number.is_some() { String::new() } else { format!("{} ", source.title()) };
        let left = format!("    {from}→ {}, {}", target.title(), target.provider().title());
        let figures =
            [ms.signal, ms.queue, ms.read, ms.plan, ms.place].map(|ms| format!("{ms:>+FIGURE_WIDTH$}"));
        format!(
            "{left:<LEFT_WIDTH$}{}   {}",
            figures.concat(),
            self.styled(Style::new().fg_color(Some(AnsiColor::Green.into())), "✓ there")
        )
    }

    fn totals(self, headline: &str, figures: Option<&Figures>) -> String {
        let mut lines = vec![format!("  {headline}")];
        if let Some(figures) = figures {
            let header = format!("{:<14}{:>9}{:>9}{:>9}", "  step", "p50", "p95", "p99");
            lines.push(self.faint(&header));
            for (name, step) in figures.rows() {
                lines.push(format!("  {name:<12}{:>6} ms{:>6} ms{:>6} ms", step.p50, step.p95, step.p99));
            }
        }
        lines.join("\n")
    }
}

fn started(seed: u64, rtt_ms: u64, way: Way) -> String {
    let distance = if rtt_ms == 0 { "next door".to_owned() } else { format!("{rtt_ms} ms away") };
    let way = match way {
        Way::Push => "told by notifications",
        Way::Poll => "found by looking",
    };
    format!(
        "The real program between two simulated providers, {distance}. Changes are\n\
         {way}; seed {seed}. Nothing leaves this machine, nothing stays."
    )
}

fn grouped(shape: GroupShape, calendars: &[Place], pairs: u64) -> String {
    let words = match (shape, calendars) {
        (GroupShape::Star, [hub, spokes @ ..]) => format!("star  {} — {}", hub.title(), titles(spokes, ", ")),
        _ => format!("mesh  {}", titles(calendars, " — ")),
    };
    format!("  {words:<38} {}", count(pairs, "pair"))
}

fn promised(promise: Promise, number: u64) -> String {
    match promise {
        Promise::OneBlockEach => format!(
            "{} stand, one for each event and calendar: none is\n    missing, none doubled, none the mirror of a mirror",
            count(number, "busy block")
        ),
        Promise::NothingButTime => {
            "a block says its time and nothing else: no title, place, guest or\n    reminder; and no title is in \
             the program's own folder"
                .to_owned()
        }
        Promise::Untouched => {
            format!("{} are as their owner left them, version for version", count(number, "event"))
        }
        Promise::Silence => "nobody was notified: the providers' ledger of messages is empty".to_owned(),
        Promise::Quiet => "another pass over everything writes nothing".to_owned(),
        Promise::TakenBack => format!("{} removed, none is left", count(number, "busy block")),
    }
}

fn kept(all: &Kept) -> String {
    let Kept { google, microsoft, data_dir, passphrase, token, program, day } = all;
    let start = format!("{day}T15:00:00Z");
    let end = format!("{day}T16:00:00Z");
    format!(
        r#"  Look on from another terminal:

    export STARMESH_DATA_DIR='{data_dir}'
    export STARMESH_PASSPHRASE='{passphrase}'
    {program} status
    {program} activity

  Book something, in Home at Google or in Work at Microsoft, and watch here:

    curl {google}/calendar/v3/calendars/primary/events \
      -H 'Authorization: Bearer {token}' -H 'Content-Type: application/json' \
      -d '{{"summary": "Dentist", "start": {{"dateTime": "{start}"}},
           "end": {{"dateTime": "{end}"}}}}'

    curl {microsoft}/v1.0/me/events \
      -H 'Authorization: Bearer {token}' -H 'Content-Type: application/json' \
      -d '{{"subject": "Review",
           "start": {{"dateTime": "{start}", "timeZone": "UTC"}},
           "end": {{"dateTime": "{end}", "timeZone": "UTC"}}}}'

  Every write, and every message that would have reached a person (none):

    curl {google}/__ledger

  Ctrl-C takes everything away.
"#
    )
}

fn titles(calendars: &[Place], between: &str) -> String {
    calendars.iter().map(|place| place.title()).collect::<Vec<_>>().join(between)
}

fn seconds(ms: i64) -> String {
    format!("{}.{} s", ms / 1_000, (ms % 1_000).abs() / 100)
}
