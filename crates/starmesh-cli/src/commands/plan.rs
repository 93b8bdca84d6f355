//! `starmesh plan`, `apply` and `sync`.

use clap::Args;
use starmesh_app::dto::{PlanDto, ReportDto, TroubleDto};
use starmesh_app::{Access, Action, AppError, ErrorCode, PlanRequest, Prepared, Starmesh, quoted};

use crate::context::Context;
use crate::progress::Progress;
use crate::terminal::Approval;
use crate::text;

#[derive(Args, Debug)]
pub(crate) struct PlanArgs {
    /// Let up to N removals go on each link that are held as unexpectedly many
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    allow_removals: u64,
    /// Go on beside busy blocks of another installation
    #[arg(long)]
    beside_foreign: bool,
    /// Try again what stands still
    #[arg(long)]
    retry_wedged: bool,
}

#[derive(Args, Debug)]
pub(crate) struct ApplyArgs {
    #[command(flatten)]
    plan: PlanArgs,
    /// Approve the plan that is shown
    #[arg(long, short)]
    yes: bool,
}

impl PlanArgs {
    fn request(&self) -> PlanRequest {
        PlanRequest {
            allow_removals: self.allow_removals,
            beside_foreign: self.beside_foreign,
            retry_wedged: self.retry_wedged,
        }
    }
}

/// What happens after a plan was approved.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Course {
    Apply,
    Sync,
}

impl Course {
    fn command(self) -> &'static str {
        match self {
            Self::Apply => "apply",
            Self::Sync => "sync",
        }
    }
}

pub(crate) async fn plan(context: &Context, args: &PlanArgs) -> Result<(), AppError> {
    let starmesh = context.open(Access::Read).await?;
    let progress = Progress::new(&context.out);
    let plan = starmesh.plan(args.request(), &|event| progress.hear(event)).await;
    progress.clear();
    starmesh.close().await;
    let plan = plan?;
    context.out.answer(&plan, || text::plan(&plan))?;
    unreached(&plan.troubles)
}

pub(crate) async fn apply(context: &Context, args: &ApplyArgs) -> Result<(), AppError> {
    carry_out(context, args, Course::Apply).await
}

pub(crate) async fn sync(context: &Context, args: &ApplyArgs) -> Result<(), AppError> {
    carry_out(context, args, Course::Sync).await
}

async fn carry_out(context: &Context, args: &ApplyArgs, course: Course) -> Result<(), AppError> {
    let starmesh = context.open(Access::Write).await?;
    let done = approve_and_write(context, &starmesh, args, course).await;
    starmesh.close().await;
    done
}

async fn approve_and_write(
    context: &Context,
    starmesh: &Starmesh,
    args: &ApplyArgs,
    course: Course,
) -> Result<(), AppError> {
    let progress = Progress::new(&context.out);
    let prepared = starmesh.prepare(args.plan.request(), &|event| progress.hear(event)).await;
    progress.clear();
    let prepared = prepared?;
    if let Some(question) = prepared.question(course.command()) {
        context.out.answer(&prepared.dto, || text::plan(&prepared.dto))?;
        return Err(question);
    }
    if !context.out.json {
        context.out.line(&text::plan(&prepared.dto))?;
    }
    if let Err(refusal) = approve(context, args, course, &prepared) {
        if context.out.json {
            context.out.answer(&prepared.dto, String::new)?;
        }
        return Err(refusal);
    }
    let listener = |event: &_| progress.hear(event);
    let report = match course {
        Course::Apply => starmesh.apply(prepared, &listener).await,
        Course::Sync => starmesh.sync(prepared, &listener).await,
    };
    progress.clear();
    let report = report?;
    context.out.answer(&report, || text::report(&report))?;
    outcome(&report, course)
}

/// A plan with writes is carried out only when a person approved it.
fn approve(context: &Context, args: &ApplyArgs, course: Course, prepared: &Prepared) -> Result<(), AppError> {
    if args.yes || prepared.needs_no_approval() {
        return Ok(());
    }
    let writes = text::count(prepared.dto.writes(), "write");
    context.terminal.approve(&Approval {
        question: &format!("Carry out {writes}?"),
        waits: &format!("the plan of {writes}"),
        nothing: "nothing was written",
        hint: &format!("`starmesh {} --yes` approves the plan shown", course.command()),
    })
}

/// What is left to say after the work: a person comes first, then what failed.
fn outcome(report: &ReportDto, course: Course) -> Result<(), AppError> {
    if report.troubles.iter().any(|trouble| trouble.needs_person) {
        return unreached(&report.troubles);
    }
    held(&report.plan, course)?;
    if let Some(question) = report.plan.questions.first() {
        let failure = question.failure();
        return Err(match failure.hint {
            Some(_) => failure,
            None => failure.hint("`starmesh plan` explains what to do"),
        });
    }
    unreached(&report.troubles)?;
    if report.in_step
        || (course == Course::Apply && report.written.deferred == 0 && report.written.wedged == 0)
    {
        return Ok(());
    }
    // Those that were wedged now rest; those that rested before were not tried.
    let standing = report.written.wedged.max(report.plan.resting());
    let left = text::count(report.written.deferred + standing, "write");
    Err(AppError::new(ErrorCode::Incomplete, format!("{left} could not be made"))
        .hint("`starmesh status` says what stands still; the next pass tries the rest again"))
}

fn held(plan: &PlanDto, course: Course) -> Result<(), AppError> {
    let (all, most) = (plan.held(), plan.held_most());
    if all == 0 {
        return Ok(());
    }
    Err(AppError::new(
        ErrorCode::RemovalsHeld,
        format!("{} held: unexpectedly many busy blocks would go", text::count(all, "removal")),
    )
    .hint(format!(
        "look at `starmesh plan`; if it is right, `starmesh {} --allow-removals {most}` lets them go",
        course.command()
    ))
    .action(Action::AllowRemovals { count: most }))
}

/// Calendars that could not be reached.
pub(crate) fn unreached(troubles: &[TroubleDto]) -> Result<(), AppError> {
    let Some(first) = troubles.iter().find(|trouble| trouble.needs_person).or(troubles.first()) else {
        return Ok(());
    };
    let mut names: Vec<String> = troubles
        .iter()
        .map(|trouble| trouble.calendar.as_ref().map_or(&trouble.account, |calendar| &calendar.name).clone())
        .collect();
    names.sort();
    names.dedup();
    let error = AppError::new(first.code, format!("not reached: {} ({})", names.join(", "), first.message));
    Err(match first.code {
        ErrorCode::SignInRefused => error
            .hint(format!("`starmesh account signin {}` signs in again", quoted(&first.account)))
            .action(Action::SignIn { account: first.account.clone() }),
        _ => error.hint("links of other calendars are not concerned; nothing is lost"),
    })
}
