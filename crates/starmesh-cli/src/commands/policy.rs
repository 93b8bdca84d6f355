//! `starmesh link set`.

use clap::{Args, ValueEnum};
use starmesh_app::dto::PolicyEffect;
use starmesh_app::{
    Access, AllDay, AppError, Deleted, LinkScope, PolicyChange, PreparedPolicy, Starmesh, Undecided,
};

use crate::context::Context;
use crate::duration::parse_duration;
use crate::progress::Progress;
use crate::terminal::Approval;
use crate::text;

const EXAMPLES: &str = "\
Whatever lets busy blocks go is shown first, and goes only once it was approved.

A colour says nothing of an event: it is the link's. One that you give a busy block by hand stays where the link has none,
until the block is next written; where the link has one, yours is replaced by it, and no colour at all is left so. Microsoft
has no colours without names that others read, so links into its calendars take none.

Examples:
  starmesh link set 'family->work' --hours 'Mon-Fri 08:00-18:00 Europe/Berlin'
  starmesh link set --into work --label 'Private appointment' --min-length 15min
  starmesh link set --into family --color teal
  starmesh link set --group mesh-1 --tentative skip --all-day off
  starmesh link set 'work->family' --never-keyword lunch --never-keyword gym
  starmesh link set 'work->family' --never-keyword none
  starmesh link set --out-of family --off
  starmesh link set --all --default";

#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SetArgs {
    #[command(flatten)]
    scope: ScopeArgs,
    #[command(flatten)]
    rules: RuleArgs,
    /// Only show what it would do
    #[arg(long)]
    dry_run: bool,
    /// Approve the removals that are shown
    #[arg(long, short)]
    yes: bool,
}

#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
struct ScopeArgs {
    /// The links, each written 'SOURCE->TARGET'
    #[arg(value_name = "LINK")]
    links: Vec<String>,
    /// Every link into this calendar
    #[arg(long, value_name = "CAL")]
    into: Option<String>,
    /// Every link out of this calendar
    #[arg(long, value_name = "CAL")]
    out_of: Option<String>,
    /// Every link that this group makes
    #[arg(long, value_name = "GROUP")]
    group: Option<String>,
    /// All links
    #[arg(long)]
    all: bool,
}

#[derive(Args, Debug)]
#[group(id = "rules", required = true, multiple = true)]
struct RuleArgs {
    /// Begin with the rules that links have unless told otherwise
    #[arg(long)]
    default: bool,
    /// Mirror nothing over these links: the way to have one direction of a pair only
    #[arg(long, conflicts_with = "on")]
    off: bool,
    /// Mirror again
    #[arg(long)]
    on: bool,
    /// What busy blocks are called, or `none` for what the setting says
    #[arg(long, value_name = "TEXT")]
    label: Option<String>,
    /// The colour of busy blocks, or `none`: red, orange, yellow, green, teal, blue, purple, pink, gray
    #[arg(long, value_name = "NAME")]
    color: Option<String>,
    /// Events that may or may not happen
    #[arg(long, value_enum)]
    tentative: Option<UndecidedArg>,
    /// Invitations without an answer
    #[arg(long, value_enum)]
    unanswered: Option<UndecidedArg>,
    /// Events of whole days
    #[arg(long, value_enum)]
    all_day: Option<AllDayArg>,
    /// Mirror only what touches these hours, or `none` for all: 'Mon-Thu 09:00-17:30, Fri 09:00-14:00 Europe/Berlin'
    #[arg(long, value_name = "HOURS")]
    hours: Option<String>,
    /// Mirror only what is at least this long, in whole minutes: 15min, 1h, 0min
    #[arg(long, value_name = "TIME", value_parser = parse_minutes)]
    min_length: Option<u32>,
    /// Mirror only what has this in its subject; repeat for more, `none` for no such rule
    #[arg(long, value_name = "WORD")]
    only_keyword: Vec<String>,
    /// Do not mirror what has this in its subject; repeat for more, `none` for no such rule
    #[arg(long, value_name = "WORD")]
    never_keyword: Vec<String>,
    /// Mirror only what is in this category (at Google: has this colour); repeat for more, `none` for no such rule
    #[arg(long, value_name = "NAME")]
    only_category: Vec<String>,
    /// Do not mirror what is in this category (at Google: has this colour); repeat for more, `none` for no such rule
    #[arg(long, value_name = "NAME")]
    never_category: Vec<String>,
    /// Busy blocks that a person deletes
    #[arg(long, value_enum)]
    deleted: Option<DeletedArg>,
}

#[derive(Clone, Copy, ValueEnum, Debug)]
enum UndecidedArg {
    /// Mirror as tentative
    Tentative,
    /// Mirror as busy
    Busy,
    /// Do not mirror
    Skip,
}

#[derive(Clone, Copy, ValueEnum, Debug)]
enum AllDayArg {
    /// Mirror those that block time
    Opaque,
    /// Mirror none
    Off,
    /// Mirror all, also those shown as free
    All,
}

#[derive(Clone, Copy, ValueEnum, Debug)]
enum DeletedArg {
    /// Place again
    Restore,
    /// Leave away, until the event moves
    Respect,
}

/// Whole minutes of a length such as `15min` or `1h`.
fn parse_minutes(text: &str) -> Result<u32, String> {
    let length = parse_duration(text)?;
    let minutes = u32::try_from(length.as_secs() / 60).map_err(|_| "too long".to_owned())?;
    if length.as_secs().is_multiple_of(60) && length.subsec_nanos() == 0 {
        Ok(minutes)
    } else {
        Err("whole minutes: 15min, 1h".to_owned())
    }
}

impl ScopeArgs {
    fn scope(&self) -> LinkScope {
        match (&self.into, &self.out_of, &self.group) {
            (Some(calendar), _, _) => LinkScope::Into(calendar.clone()),
            (_, Some(calendar), _) => LinkScope::OutOf(calendar.clone()),
            (_, _, Some(group)) => LinkScope::Group(group.clone()),
            _ if self.all => LinkScope::All,
            _ => LinkScope::Named(self.links.clone()),
        }
    }
}

impl RuleArgs {
    fn change(&self) -> PolicyChange {
        let undecided = |arg: Option<UndecidedArg>| {
            arg.map(|arg| match arg {
                UndecidedArg::Tentative => Undecided::Tentative,
                UndecidedArg::Busy => Undecided::Busy,
                UndecidedArg::Skip => Undecided::Skip,
            })
        };
        PolicyChange {
            reset: self.default,
            on: if self.off { Some(false) } else { self.on.then_some(true) },
            label: self.label.clone(),
            color: self.color.clone(),
            tentative: undecided(self.tentative),
            unanswered: undecided(self.unanswered),
            all_day: self.all_day.map(|arg| match arg {
                AllDayArg::Opaque => AllDay::Opaque,
                AllDayArg::Off => AllDay::Off,
                AllDayArg::All => AllDay::All,
            }),
            hours: self.hours.clone(),
            min_minutes: self.min_length,
            keywords_only: words(&self.only_keyword),
            keywords_never: words(&self.never_keyword),
            categories_only: words(&self.only_category),
            categories_never: words(&self.never_category),
            deleted: self.deleted.map(|arg| match arg {
                DeletedArg::Restore => Deleted::Restored,
                DeletedArg::Respect => Deleted::Respected,
            }),
        }
    }
}

/// Nothing given leaves a list as it is, `none` alone empties it.
fn words(given: &[String]) -> Option<Vec<String>> {
    match given {
        [] => None,
        [none] if none == "none" => Some(Vec::new()),
        words => Some(words.to_vec()),
    }
}

pub(crate) async fn set(context: &Context, args: &SetArgs) -> Result<(), AppError> {
    let starmesh = context.open(Access::Configure).await?;
    let done = show_and_set(context, &starmesh, args).await;
    starmesh.close().await;
    done
}

async fn show_and_set(context: &Context, starmesh: &Starmesh, args: &SetArgs) -> Result<(), AppError> {
    let progress = Progress::new(&context.out);
    let (scope, change) = (args.scope.scope(), args.rules.change());
    let prepared = starmesh.prepare_policy(&scope, &change, &|event| progress.hear(event)).await;
    progress.clear();
    let prepared = prepared?;
    if args.dry_run {
        return answer(context, &prepared.effects, false);
    }
    if let Err(refusal) = approve(context, args, &prepared) {
        answer(context, &prepared.effects, false)?;
        return Err(refusal);
    }
    let effects = starmesh.set_policy(prepared).await?;
    answer(context, &effects, true)
}

fn answer(context: &Context, effects: &[PolicyEffect], set: bool) -> Result<(), AppError> {
    context.out.answer(&serde_json::json!({ "set": set, "links": effects }), || text::policy(effects, set))
}

/// Only what lets busy blocks go has to be approved.
fn approve(context: &Context, args: &SetArgs, prepared: &PreparedPolicy) -> Result<(), AppError> {
    if args.yes || prepared.removals() == 0 {
        return Ok(());
    }
    if !context.out.json {
        context.out.line(&text::policy(&prepared.effects, false))?;
    }
    let blocks = text::count(prepared.removals(), "busy block");
    context.terminal.approve(&Approval {
        question: &format!("Let {blocks} go?"),
        waits: &format!("{blocks} would go, which"),
        nothing: "nothing was set",
        hint: "--yes approves the removals shown",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_whole_minutes() {
        assert_eq!(parse_minutes("15min"), Ok(15));
        assert_eq!(parse_minutes("1h"), Ok(60));
        assert!(parse_minutes("90s").is_err());
    }

    #[test]
    fn none_empties_a_list_and_nothing_leaves_it() {
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        assert_eq!(words(&[]), None);
        assert_eq!(words(&owned(&["none"])), Some(Vec::new()));
        assert_eq!(words(&owned(&["none", "gym"])), Some(owned(&["none", "gym"])));
    }
}
