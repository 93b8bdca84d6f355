//! The scenes in which promises are checked, at the providers' own stores.

use starmesh_app::{AppError, LinkScope, PlanRequest};

use super::line::{Line, Promise};
use super::oracle::{Oracle, broken, writes};
use super::person::Person;
use super::play::{Known, Play};

impl Play<'_> {
    /// What is promised for as long as busy blocks stand.
    pub(super) async fn verify(&self, person: &Person<'_>) -> Result<(), AppError> {
        self.scene("What is promised, checked in the providers' own stores")?;
        let oracle = Oracle { cast: self.cast, person };
        self.checked(Promise::OneBlockEach, oracle.check_blocks()?)?;
        Oracle::check_folder(self.scratch.path())?;
        self.checked(Promise::NothingButTime, oracle.found()?.values().map(Vec::len).sum())?;
        self.checked(Promise::Untouched, oracle.check_untouched()?)?;
        oracle.check_silence()?;
        self.checked(Promise::Silence, 0)?;
        let before = writes(self.cast);
        let prepared = self.starmesh.prepare(PlanRequest::default(), &|_| {}).await?;
        let report = self.starmesh.sync(prepared, &|_| {}).await?;
        if !report.in_step || writes(self.cast) != before {
            return Err(broken("another pass found something to write"));
        }
        self.checked(Promise::Quiet, 0)
    }

    /// Removes every busy block, and ends the notifications.
    pub(super) async fn take_back(&self, person: &Person<'_>, known: &Known) -> Result<(), AppError> {
        self.scene("Everything taken back")?;
        for watched in &known.watched {
            self.starmesh.unwatch_calendar(watched).await?;
        }
        let prepared = self.starmesh.prepare_clean(&LinkScope::All, &|_| {}).await?;
        let cleaned = self.starmesh.clean(prepared, &|_| {}).await?;
        let oracle = Oracle { cast: self.cast, person };
        oracle.check_empty()?;
        oracle.check_silence()?;
        self.stage.show(&Line::Checked { promise: Promise::TakenBack, count: cleaned.removed })?;
        self.checked(Promise::Untouched, oracle.check_untouched()?)
    }

    fn checked(&self, promise: Promise, count: usize) -> Result<(), AppError> {
        self.stage.show(&Line::Checked { promise, count: count as u64 })
    }
}
