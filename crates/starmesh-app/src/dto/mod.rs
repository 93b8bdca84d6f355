//! What the façade answers with: plain values with stable names (`docs/json.md`), the same for the command
//! line's `--json` and for every other shell. Nothing here can hold a secret or the content of an event.

mod account;
mod activity;
#[cfg(feature = "bindings")]
pub mod bindings;
mod calendar;
mod damage;
mod doctor;
mod group;
mod plan;
mod policy;
mod report;
mod settings;
mod status;
mod sweep;
mod transfer;
mod undo;
mod why;

#[cfg(any(test, feature = "samples"))]
pub mod samples;
#[cfg(test)]
mod snapshots;

pub use account::{AccountDto, AccountRemoved, GrantDto, Unreached};
pub use activity::{ActionDto, JourneyDto, RunEvent, StepsDto, TimeDto};
pub use calendar::{CalendarDto, CalendarRef, CalendarsDto};
pub use damage::{DamageDto, DamageSource};
pub use doctor::{CheckDto, DoctorDto, FindingDto, VerdictDto};
pub use group::{
    GroupChange, GroupDto, LeftOut, LeftOutReason, LinkDto, LinkRef, LinkStateDto, PausedCalendar, PausesDto,
    ShapeDto,
};
pub use plan::{HeldDto, LinkPlanDto, PlanDto, QuestionDto, StuckDto, TargetPlanDto, TroubleDto, WindowDto};
pub use policy::{ChoiceDto, PolicyDto, PolicyEffect};
pub use report::{CleanDto, CleanedLink, KeyImported, ReportDto, WrittenDto};
pub use settings::{SettingDto, SettingsDto};
pub use status::{CalendarStatusDto, CanaryDto, FailureDto, LatencyDto, StatusDto, WedgeDto};
pub use sweep::{DaysDto, SweepDto, SweptCalendarDto};
pub use transfer::{ImportDto, SettingChangeDto, SignInNeededDto};
pub use undo::{ConfigurationDto, RulesDto, StepDto, UndoDto, WritesDto};
pub use why::{WhyDto, WhyEvent, WhyLink, WhyOutcome};
