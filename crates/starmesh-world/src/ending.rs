//! Liveness: once the faults end, everything has to come right by itself, and then nothing may move.

use std::time::Duration;

use starmesh_core::ids::AccountId;
use starmesh_core::reconcile::{Action, Operation, TargetPlan};
use starmesh_engine::{Plan, PlanOptions};
use starmesh_provider::RemoteCalendar;
use tokio::time::sleep;

use crate::span::{DAY, HOUR};
use crate::state::{Broken, World};
use crate::tally::MANY_DELETED;
use crate::verdict::compare;

/// How long the daemons have, in seconds: longer than every backoff.
const DAEMONS_S: u64 = 1_500;
/// How often, after the faults have ended, every device hears of every calendar: what a simulated service
/// did not tell in time, or told to nobody, is told by no later signal.
const SIGNALS: u32 = 2;
/// The time between two of these, in seconds.
const SIGNAL_S: u64 = 70;
/// How many passes reach the goal when nothing goes wrong (design, invariant 3).
const PASSES_MAX: u32 = 3;
/// The same at simulated services, which go on telling of mirrors that are gone and are not: each is looked for
/// where it stands, and nothing is written.
const PASSES_AT_SERVICES_MAX: u32 = 6;
/// The time between two passes, so that a second look at a suspicious calendar is a second look.
const BETWEEN_PASSES: Duration = Duration::from_secs(61);
/// How often a plan is made, or a list of calendars asked for, before its troubles count: together longer than any
/// budget lasts.
const PLANS_MAX: u32 = 12;
/// How long nothing may be written at the end, in seconds.
const QUIET_S: u64 = 400;
/// How close to midnight an ending does not begin, in seconds.
const MIDNIGHT_MARGIN: i64 = 3 * HOUR;
/// More removals than any world holds.
const ALL_REMOVALS: u64 = 1_000_000;

impl World {
    /// The faults end; the daemons, then passes by hand, bring everything right.
    pub(crate) async fn end(&mut self) -> Result<(), Broken> {
        self.tell("the faults end".to_owned());
        self.ground.heal();
        self.resume_all().await?;
        self.sign_in_everywhere()?;
        self.lossy = false;
        self.rest();
        let left = DAY - self.clock.seconds().rem_euclid(DAY);
        if left < MIDNIGHT_MARGIN {
            self.sleep_through(left + 60);
        }
        if self.ground.has_simulated() {
            for _ in 0..SIGNALS {
                self.signal_all();
                self.live(SIGNAL_S).await?;
            }
        }
        self.live(DAEMONS_S).await?;
        if self.keeps_to_itself() {
            // It may have done so at what was written only now.
            self.sleep_through(DAY);
            self.live(DAEMONS_S).await?;
        }
        for device in 0..self.devices.len() {
            self.devices[device].stop().await?;
        }
        self.check_violations()?;
        self.tell("the daemons have settled".to_owned());
        self.check_lists().await?;
        let moves = self.plan_all().await?;
        self.compare("after the daemons settled")?;
        if !moves.is_empty() {
            return Err(format!("the daemons left work undone: {}", moves.join("; ")));
        }
        self.release_held().await?;
        self.pass_until_quiet().await?;
        self.excuses.held.clear();
        self.compare("at the end")?;
        self.stay_quiet().await
    }

    /// What was refused for good is tried again after an hour, and what no service told is found by the whole
    /// read of the next day.
    fn rest(&mut self) {
        if !self.ground.has_simulated() {
            return;
        }
        if self.keeps_to_itself() {
            self.sleep_through(DAY);
        } else if self.refused || self.swarm.truths.refuses_writes() {
            self.sleep_through(HOUR + 60);
        }
    }

    fn keeps_to_itself(&self) -> bool {
        let services = self.swarm.services.values().copied().collect();
        self.swarm.truths.keeps_to_itself(&services)
    }

    /// Every account lists the calendars that it has, and says which of them it may write.
    async fn check_lists(&self) -> Result<(), Broken> {
        for (account, service) in &self.swarm.services {
            let listed = self.list_patiently(account).await?;
            for place in self.swarm.places.iter().filter(|place| place.account == *account) {
                let found = listed.iter().find(|calendar| calendar.name == place.name);
                let is_right = found.is_some_and(|found| {
                    found.read_only == place.read_only || self.swarm.truths.hides_rights(*service)
                });
                if !is_right {
                    let found = found.map(|found| found.read_only);
                    return Err(format!("{account}: {} is listed as {found:?}", place.id));
                }
            }
        }
        Ok(())
    }

    /// What an account lists, asked for as often as [`plan_patiently`](Self::plan_patiently) plans.
    async fn list_patiently(&self, account: &AccountId) -> Result<Vec<RemoteCalendar>, Broken> {
        let mut refused = String::new();
        for _ in 0..PLANS_MAX {
            match self.devices[0].list_calendars(account).await? {
                Ok(calendars) => return Ok(calendars),
                Err(error) if error.kind.is_transient() => refused = error.to_string(),
                Err(error) => return Err(format!("{account}: its calendars cannot be listed: {error}")),
            }
            sleep(BETWEEN_PASSES).await;
        }
        Err(format!("{account}: a list of its calendars is refused {PLANS_MAX} times in a row: {refused}"))
    }

    /// Every person signs in again where it is needed, and the devices start anew.
    fn sign_in_everywhere(&mut self) -> Result<(), Broken> {
        for account in self.ground.accounts() {
            for device in &self.devices {
                self.ground.sign_in(&account, device.number)?;
            }
        }
        if self.ground.has_simulated() {
            self.devices.iter_mut().for_each(crate::device::Device::start);
        }
        Ok(())
    }

    /// What every device would do now. Remembers what the brake holds.
    async fn plan_all(&mut self) -> Result<Vec<String>, Broken> {
        let mut moves = Vec::new();
        self.excuses.held.clear();
        for device in 0..self.devices.len() {
            let plan = self.plan_patiently(device).await?;
            if let Some(trouble) = plan.troubles.first() {
                moves.push(format!("device {device}: {}: {}", trouble.calendar, trouble.message));
            }
            // What the brake held may be few enough by now to go; nobody plans again for that alone.
            let many = self.watcher.oracle().sometimes.contains_key(MANY_DELETED);
            for target in &plan.targets {
                let (late, other): (Vec<_>, Vec<_>) = target.operations.iter().partition(|operation| {
                    many && matches!(operation.action, Action::Remove { counted: true, .. })
                });
                moves.extend(other.into_iter().map(|operation| described(device, target, operation)));
                self.excuses.held.extend(late.iter().map(|operation| operation.key));
                for held in &target.held {
                    self.excuses.held.extend(held.operations.iter().map(|operation| operation.key));
                }
            }
        }
        Ok(moves)
    }

    /// What a device would do now. Services keep their budgets when the faults end: who asks for too much in a
    /// minute asks again in the next.
    async fn plan_patiently(&mut self, device: usize) -> Result<Plan, Broken> {
        let mut refused = Vec::new();
        for _ in 0..PLANS_MAX {
            let plan = self.devices[device].plan(&PlanOptions::default()).await?;
            let Some(plan) = plan else { return Err("a plan died although nobody killed it".to_owned()) };
            if plan.troubles.iter().all(|trouble| !trouble.kind.is_transient()) {
                return Ok(plan);
            }
            refused = plan.troubles;
            sleep(BETWEEN_PASSES).await;
        }
        Err(format!(
            "device {device} is refused {PLANS_MAX} times in a row though the faults have ended: {refused:?}"
        ))
    }

    /// A person allows what the brake holds.
    async fn release_held(&mut self) -> Result<(), Broken> {
        if self.excuses.held.is_empty() {
            return Ok(());
        }
        self.watcher.oracle().note("the brake held removals");
        self.tell(format!("{} held removals are allowed", self.excuses.held.len()));
        for device in 0..self.devices.len() {
            let number = self.devices[device].number;
            self.watcher.oracle().allow_removals(number, true);
            let options = PlanOptions { allow_removals: ALL_REMOVALS, ..PlanOptions::default() };
            self.devices[device].settle(&options, None).await?;
            self.watcher.oracle().allow_removals(number, false);
            self.check_violations()?;
        }
        Ok(())
    }

    async fn pass_until_quiet(&mut self) -> Result<(), Broken> {
        let most = if self.ground.has_simulated() { PASSES_AT_SERVICES_MAX } else { PASSES_MAX };
        let mut moves = Vec::new();
        for number in 1..=most {
            let before = self.writes();
            for device in 0..self.devices.len() {
                self.devices[device].pass(&PlanOptions::default(), None).await?;
            }
            self.check_violations()?;
            if self.writes() == before || number == most {
                moves = self.plan_all().await?;
                if moves.is_empty() {
                    return Ok(());
                }
            }
            sleep(BETWEEN_PASSES).await;
        }
        Err(format!("after {most} passes there is still something to do: {}", moves.join("; ")))
    }

    pub(crate) fn compare(&mut self, when: &str) -> Result<(), Broken> {
        let mut wrong = compare(&self.watcher.oracle(), &self.ground, &self.excuses);
        wrong.extend(self.check_persons());
        if wrong.is_empty() {
            return Ok(());
        }
        let count = wrong.len();
        wrong.truncate(8);
        Err(format!("{when}, {count} things are not as they ought to be:\n    {}", wrong.join("\n    ")))
    }

    /// In a world that stands still, nobody writes.
    async fn stay_quiet(&mut self) -> Result<(), Broken> {
        let before = self.writes();
        for device in 0..self.devices.len() {
            self.devices[device].start();
        }
        self.live(QUIET_S).await?;
        for device in 0..self.devices.len() {
            self.devices[device].stop().await?;
        }
        self.check_violations()?;
        let writes = self.writes() - before;
        if writes > 0 {
            return Err(format!("{writes} writes in a world that stands still"));
        }
        Ok(())
    }
}

fn described(device: usize, plan: &TargetPlan, operation: &Operation) -> String {
    let event = operation.event.as_ref().map(|event| (&event.event, &event.original_start.0));
    format!("device {device}, {}: {event:?} {:?}", plan.target, operation.action)
}
