//! The steps in which a person configured, as they are recorded.

use starmesh_store::state::{Changes, Course, Deed, Step, Writes};

use crate::dto::{StepDto, WritesDto, WrittenDto};
use crate::error::Result;
use crate::open::Starmesh;
use crate::when::written;

impl Starmesh {
    /// Commits what a person configured, together with the step that takes it back. The caller has the turn.
    pub(crate) async fn commit_deed(&self, deed: Deed, changes: Changes) -> Result<()> {
        // An engine at work carries it out before any plan is shown again.
        let course = if self.daemon()?.is_some() { Course::AtOnce } else { Course::Later };
        self.commit_step(deed, course, changes).await
    }

    /// The same for a command that carries out itself what it changes.
    pub(crate) async fn commit_own_deed(&self, deed: Deed, changes: Changes) -> Result<()> {
        self.commit_step(deed, Course::Itself, changes).await
    }

    async fn commit_step(&self, deed: Deed, course: Course, mut changes: Changes) -> Result<()> {
        self.state.record(&mut changes, deed, course, self.world.clock.now()).await?;
        Ok(self.state.commit(changes).await?)
    }

    /// Ends the step that is being configured: a plan was carried out.
    pub(crate) async fn end_step(&self, written: WrittenDto) -> Result<()> {
        let WrittenDto { placed, updated, removed, .. } = written;
        let turn = self.folder.turn()?;
        self.state.close_step(Writes { placed, updated, removed }).await?;
        drop(turn);
        Ok(())
    }

    /// The process of `starmesh run` on this folder, when one runs.
    pub(crate) fn daemon(&self) -> Result<Option<u32>> {
        let holder = self.folder.holder();
        let daemon = self.folder.daemon_pid()?;
        Ok(holder.filter(|pid| daemon == Some(*pid) && *pid != std::process::id()))
    }

    /// The steps that can be taken back or made again, the newest first.
    pub async fn steps(&self) -> Result<Vec<StepDto>> {
        Ok(self.state.steps().await?.iter().rev().map(step_dto).collect())
    }
}

pub(crate) fn step_dto(step: &Step) -> StepDto {
    let Writes { placed, updated, removed } = step.written;
    StepDto {
        at: written(step.at),
        commands: step.deeds.iter().map(|deed| command(*deed).to_owned()).collect(),
        open: step.open,
        undone: step.undone,
        written: WritesDto { placed, updated, removed },
    }
}

/// The command that does it.
fn command(deed: Deed) -> &'static str {
    match deed {
        Deed::GroupAdded => "group add",
        Deed::GroupLeft => "group remove --calendar",
        Deed::GroupRemoved => "group remove",
        Deed::RulesSet => "link set",
        Deed::SettingSet => "settings set",
        Deed::Paused => "pause",
        Deed::Resumed => "resume",
        Deed::Imported => "settings import",
        Deed::Cleaned => "clean",
        Deed::AccountRemoved => "account remove",
    }
}
