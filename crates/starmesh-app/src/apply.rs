//! Apply and sync: a plan is made, a person approves exactly it, it is carried out.

use std::collections::BTreeMap;

use starmesh_core::ids::CalendarId;
use starmesh_core::time::Window;
use starmesh_engine::{Engine, PlaceReport, Plan, PlanOptions};
use starmesh_store::state::{Changes, State};

use crate::dto::{PlanDto, QuestionDto, ReportDto, TroubleDto, WrittenDto};
use crate::error::{Action, AppError, ErrorCode, Result};
use crate::names::Directory;
use crate::open::Starmesh;
use crate::plan::{PlanRequest, is_narrower, plan_dto, question_dto, trouble_dto};
use crate::progress::{Listener, follow};

/// A plan that waits for approval. What was read for it is kept; nothing was written to a calendar.
pub struct Prepared {
    /// What it holds.
    pub dto: PlanDto,
    plan: Plan,
    options: PlanOptions,
    engine: Engine,
}

impl Prepared {
    /// True when there is nothing to approve.
    pub fn needs_no_approval(&self) -> bool {
        self.dto.writes() == 0
    }

    /// What only a person can answer, as the failure it is: an unanswered question stops everything.
    pub fn question(&self, command: &str) -> Option<AppError> {
        let mut names = Vec::new();
        let mut total = 0;
        for question in &self.dto.questions {
            match question {
                QuestionDto::ForeignMarks { calendar, count } => {
                    names.push(calendar.name.clone());
                    total += u64::from(*count);
                }
                // The other calendars go on: what was paired wrongly concerns nobody else.
                QuestionDto::SameCalendar { .. } => {}
            }
        }
        (total > 0).then(|| {
            let message = format!(
                "{} holds {total} busy blocks of another installation, or of a key that was lost",
                names.join(", ")
            );
            AppError::new(ErrorCode::ForeignMarks, message)
                .hint(format!(
                    "bring that installation's key with `starmesh key import FILE`, or go on beside it with \
                     `starmesh {command} --beside-foreign`"
                ))
                .action(Action::ImportKey)
        })
    }
}

impl Starmesh {
    /// Makes the plan that [`apply`](Self::apply) or [`sync`](Self::sync) carries out. With
    /// [`PlanRequest::beside_foreign`] the answer is remembered.
    pub async fn prepare(&self, request: PlanRequest, listener: Listener<'_>) -> Result<Prepared> {
        let engine = self.engine(self.state.clone());
        let (plan, options, dto) = self.make_plan(&self.state, &engine, request, listener).await?;
        self.remember_held(&plan)?;
        Ok(Prepared { dto, plan, options, engine })
    }

    /// Carries out exactly this plan.
    pub async fn apply(&self, prepared: Prepared, listener: Listener<'_>) -> Result<ReportDto> {
        let Prepared { mut dto, mut plan, engine, .. } = prepared;
        let directory = Directory::load(&self.state).await?;
        let mut events = engine.subscribe();
        let canaries = follow(&mut events, &directory, listener, engine.try_canaries(&plan)).await?;
        plan.leave_out(&canaries.stopped);
        let mut placed = follow(&mut events, &directory, listener, engine.place(&plan)).await?;
        placed.troubles.extend(canaries.troubles);
        dto.questions.extend(canaries.questions.iter().map(|question| question_dto(&directory, question)));
        let troubles = troubles(&directory, &plan, &placed);
        let done = troubles.is_empty() && placed.deferred == 0 && placed.wedged == 0;
        approve_window(&self.state, done).await?;
        let written = written(&placed);
        self.end_step(written).await?;
        Ok(ReportDto {
            passes: 1,
            written,
            in_step: done && dto.held() == 0 && dto.resting() == 0 && dto.questions.is_empty(),
            troubles,
            plan: dto,
        })
    }

    /// Carries out this plan, then makes passes until nothing is left to do.
    pub async fn sync(&self, prepared: Prepared, listener: Listener<'_>) -> Result<ReportDto> {
        let Prepared { dto, mut plan, options, engine } = prepared;
        let directory = Directory::load(&self.state).await?;
        let mut events = engine.subscribe();
        let canaries = follow(&mut events, &directory, listener, engine.try_canaries(&plan)).await?;
        plan.leave_out(&canaries.stopped);
        let first = follow(&mut events, &directory, listener, engine.place(&plan)).await?;
        let at_rest =
            plan.is_quiet() && plan.troubles.is_empty() && first.adopted == 0 && first.deferred == 0;
        if at_rest && first.troubles.is_empty() && canaries.stopped.is_empty() {
            // Reading everything a second time would say the same.
            approve_window(&self.state, true).await?;
            let in_step = dto.in_step;
            let written = written(&first);
            self.end_step(written).await?;
            return Ok(ReportDto { passes: 1, written, in_step, troubles: Vec::new(), plan: dto });
        }
        // What a person allowed by number was spent on the plan that was approved.
        let options = PlanOptions { allow_removals: 0, ..options };
        let settled = follow(&mut events, &directory, listener, engine.settle(&options)).await?;

        let mut total = written(&first);
        let rest = written(&settled.total);
        total.placed += rest.placed;
        total.updated += rest.updated;
        total.removed += rest.removed;
        total.adopted += rest.adopted;
        total.wedged += rest.wedged;
        // What the first pass left for later was done, or left again, by the passes that settled.
        total.deferred = settled.last.operations() as u64;

        let last = &settled.last;
        let settings = self.state.settings().await?;
        let window = Window::around(self.world.clock.now(), settings.window_days);
        let left = last.troubles.iter().chain(&canaries.troubles);
        let troubles: Vec<TroubleDto> = left.map(|trouble| trouble_dto(&directory, trouble)).collect();
        let done = troubles.is_empty() && total.deferred == 0 && total.wedged == 0;
        let mut plan = plan_dto(&directory, &settings, &window, last);
        plan.links_paused = dto.links_paused;
        approve_window(&self.state, done).await?;
        self.end_step(total).await?;
        self.remember_held(last)?;
        Ok(ReportDto {
            passes: settled.passes + 1,
            written: total,
            in_step: done && plan.held() == 0 && plan.resting() == 0 && plan.questions.is_empty(),
            troubles,
            plan,
        })
    }

    fn remember_held(&self, plan: &Plan) -> Result<()> {
        let mut held: BTreeMap<CalendarId, u64> = BTreeMap::new();
        for target in &plan.targets {
            let count: usize = target.held.iter().map(|held| held.operations.len()).sum();
            if count > 0 {
                held.insert(target.target.clone(), count as u64);
            }
        }
        self.folder.write_held(&held)
    }
}

/// Remembers the window of an approved plan, so that the daemon may later remove nothing that a narrower one
/// would: unless narrowing was cut short, then the next plan shows the rest.
pub(crate) async fn approve_window(state: &State, done: bool) -> Result<()> {
    let mut settings = state.settings().await?;
    if settings.window_days == settings.window_days_approved || (is_narrower(&settings) && !done) {
        return Ok(());
    }
    settings.window_days_approved = settings.window_days;
    let mut changes = Changes::new();
    changes.put_settings(&settings);
    Ok(state.commit(changes).await?)
}

pub(crate) fn troubles(directory: &Directory, plan: &Plan, placed: &PlaceReport) -> Vec<TroubleDto> {
    let mut troubles: Vec<TroubleDto> = Vec::new();
    for trouble in plan.troubles.iter().chain(&placed.troubles) {
        let dto = trouble_dto(directory, trouble);
        if troubles.iter().all(|known| known.calendar != dto.calendar) {
            troubles.push(dto);
        }
    }
    troubles
}

pub(crate) fn written(placed: &PlaceReport) -> WrittenDto {
    WrittenDto {
        placed: placed.placed,
        updated: placed.updated,
        removed: placed.removed,
        adopted: placed.adopted,
        deferred: placed.deferred,
        wedged: placed.wedged,
    }
}
