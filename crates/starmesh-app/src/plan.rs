//! Plans: what would be written, and why. A plan for looking at is made on a copy of what is known, so it
//! works beside a running engine and leaves no trace.

use std::collections::BTreeMap;

use starmesh_core::ids::LinkId;
use starmesh_core::reconcile::{Action, Outcome, StrayKind, StuckReason, TargetPlan};
use starmesh_core::time::Window;
use starmesh_engine::{Engine, Plan, PlanOptions, Question, Standstill, Trouble};
use starmesh_store::state::{Changes, Settings, State};

use crate::dto::{
    HeldDto, LinkPlanDto, PlanDto, QuestionDto, StuckDto, TargetPlanDto, TroubleDto, WindowDto,
};
use crate::error::{ErrorCode, Result};
use crate::names::Directory;
use crate::open::Starmesh;
use crate::progress::{Listener, follow};

/// What a person asks of a plan.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct PlanRequest {
    /// How many removals may go on each link that the brake would hold.
    pub allow_removals: u64,
    /// Go on beside busy blocks of another installation.
    pub beside_foreign: bool,
    /// Try again what stands still.
    pub retry_wedged: bool,
}

impl Starmesh {
    /// What would be written now. Reads every linked calendar, writes nothing anywhere.
    pub async fn plan(&self, request: PlanRequest, listener: Listener<'_>) -> Result<PlanDto> {
        let state = self.snapshot().await?;
        let engine = self.engine(state.clone());
        let (_, _, dto) = self.make_plan(&state, &engine, request, listener).await?;
        Ok(dto)
    }

    /// How many links stand still because somebody said so.
    pub(crate) async fn links_paused(&self, state: &State) -> Result<u64> {
        let still = Standstill::load(state, self.world.clock.now()).await?;
        Ok(state.links().await?.iter().filter(|link| still.of(link).is_some()).count() as u64)
    }

    /// Plans over `state`.
    pub(crate) async fn make_plan(
        &self,
        state: &State,
        engine: &Engine,
        request: PlanRequest,
        listener: Listener<'_>,
    ) -> Result<(Plan, PlanOptions, PlanDto)> {
        let directory = Directory::load(state).await?;
        let settings = state.settings().await?;
        let options = PlanOptions {
            narrowing: is_narrower(&settings),
            allow_removals: request.allow_removals,
            retry_wedged: request.retry_wedged,
            links: None,
            despite_pauses: false,
        };
        let mut events = engine.subscribe();
        let mut plan = follow(&mut events, &directory, listener, engine.plan(&options)).await?;
        if request.beside_foreign && !plan.questions.is_empty() {
            answer_beside(state, &plan.questions).await?;
            plan = follow(&mut events, &directory, listener, engine.plan(&options)).await?;
        }
        let window = Window::around(self.world.clock.now(), settings.window_days);
        let mut dto = plan_dto(&directory, &settings, &window, &plan);
        dto.links_paused = self.links_paused(state).await?;
        Ok((plan, options, dto))
    }
}

/// True when the window is narrower than when a plan was last approved.
pub(crate) fn is_narrower(settings: &Settings) -> bool {
    settings.window_days < settings.window_days_approved
}

/// Remembers that a person wants to go on beside marks that do not verify.
async fn answer_beside(state: &State, questions: &[Question]) -> Result<()> {
    let mut changes = Changes::new();
    for question in questions {
        let Question::ForeignMarks { calendar, .. } = question else { continue };
        let mut read = state.read(calendar).await?;
        read.beside_foreign = true;
        changes.put_read(calendar, &read);
    }
    Ok(state.commit(changes).await?)
}

/// A plan in people's names and numbers.
pub(crate) fn plan_dto(directory: &Directory, settings: &Settings, window: &Window, plan: &Plan) -> PlanDto {
    let targets: Vec<TargetPlanDto> =
        plan.targets.iter().map(|target| target_dto(directory, target)).collect();
    let mut dto = PlanDto {
        window: WindowDto {
            from: window.range.lo.date_naive().to_string(),
            to: window.range.hi.date_naive().to_string(),
            days: settings.window_days,
            narrower: is_narrower(settings),
        },
        in_step: false,
        targets,
        troubles: plan.troubles.iter().map(|trouble| trouble_dto(directory, trouble)).collect(),
        questions: plan.questions.iter().map(|question| question_dto(directory, question)).collect(),
        links_paused: 0,
    };
    dto.targets
        .sort_by(|a, b| (&a.calendar.name, &a.calendar.path).cmp(&(&b.calendar.name, &b.calendar.path)));
    dto.in_step = dto.writes() == 0
        && dto.held() == 0
        && dto.resting() == 0
        && dto.questions.is_empty()
        && dto.troubles.is_empty();
    dto
}

fn target_dto(directory: &Directory, plan: &TargetPlan) -> TargetPlanDto {
    let mut links: BTreeMap<LinkId, LinkPlanDto> = BTreeMap::new();
    let mut of_link = |id: &LinkId, change: &dyn Fn(&mut LinkPlanDto)| {
        change(links.entry(id.clone()).or_insert_with(|| LinkPlanDto {
            link: directory.link(id),
            place: 0,
            moved: 0,
            change: 0,
            remove: 0,
            mirrored: 0,
            skipped: BTreeMap::new(),
        }));
    };
    for operation in &plan.operations {
        of_link(&operation.link, &|link| match &operation.action {
            Action::Place { .. } => link.place += 1,
            Action::Update { body, time_before: Some(before), .. } if *before != body.time => link.moved += 1,
            Action::Update { .. } => link.change += 1,
            Action::Remove { .. } => link.remove += 1,
        });
    }
    for explanation in &plan.explanations {
        of_link(&explanation.link, &|link| match explanation.outcome {
            Outcome::Mirrored(_) => link.mirrored += 1,
            Outcome::Skipped(reason) => *link.skipped.entry(snake(&reason)).or_default() += 1,
        });
    }
    let links: Vec<LinkPlanDto> = links.into_values().collect();
    let sum = |of: fn(&LinkPlanDto) -> u64| links.iter().map(of).sum();
    let mut strays = BTreeMap::new();
    for stray in &plan.strays {
        *strays.entry(stray_name(stray.kind).to_owned()).or_default() += 1;
    }
    TargetPlanDto {
        calendar: directory.reference(&plan.target),
        place: sum(|link| link.place),
        moved: sum(|link| link.moved),
        change: sum(|link| link.change),
        remove: sum(|link| link.remove),
        adopt: plan.adopt.len() as u64,
        resting: plan.resting,
        held: plan
            .held
            .iter()
            .map(|held| HeldDto {
                link: directory.link(&held.link),
                removals: held.operations.len() as u64,
                limit: held.limit,
                removed_lately: held.removed_lately,
            })
            .collect(),
        stuck: stuck_dtos(directory, plan),
        strays,
        links,
    }
}

fn stuck_dtos(directory: &Directory, plan: &TargetPlan) -> Vec<StuckDto> {
    let mut counts: BTreeMap<(LinkId, StuckReason), u64> = BTreeMap::new();
    for stuck in &plan.stuck {
        *counts.entry((stuck.link.clone(), stuck.reason)).or_default() += 1;
    }
    let dto = |((link, reason), count)| StuckDto {
        link: directory.link(&link),
        reason: match reason {
            StuckReason::HasAttendees => "has_attendees",
            StuckReason::MarkStripped => "mark_stripped",
        }
        .to_owned(),
        count,
    };
    counts.into_iter().map(dto).collect()
}

fn stray_name(kind: StrayKind) -> &'static str {
    match kind {
        StrayKind::UnknownLink => "unknown_link",
        StrayKind::Copied => "copied",
        StrayKind::Foreign => "foreign",
    }
}

/// The name that a unit variant has on the wire.
pub(crate) fn snake(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        // A reason is a unit variant; one that is not would still be shown.
        other => format!("{other:?}"),
    }
}

/// A trouble in people's names.
pub(crate) fn trouble_dto(directory: &Directory, trouble: &Trouble) -> TroubleDto {
    let code = ErrorCode::of_provider(trouble.kind);
    TroubleDto {
        account: directory.account_name(&trouble.account),
        calendar: Some(directory.reference(&trouble.calendar)),
        code,
        message: trouble.message.clone(),
        needs_person: code.exit() == crate::error::ExitClass::NeedsPerson,
    }
}

pub(crate) fn question_dto(directory: &Directory, question: &Question) -> QuestionDto {
    match question {
        Question::ForeignMarks { calendar, count } => {
            QuestionDto::ForeignMarks { calendar: directory.reference(calendar), count: *count }
        }
        Question::SameCalendar { calendar, other } => QuestionDto::SameCalendar {
            calendar: directory.reference(calendar),
            other: directory.reference(other),
        },
    }
}
