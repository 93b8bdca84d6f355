//! Calendars: what accounts have, as last listed.

use std::collections::BTreeMap;

use starmesh_core::ids::{AccountId, CalendarId};
use starmesh_provider::{ProviderError, Providers, RemoteCalendar};
use starmesh_store::state::{Account, Calendar, Changes};

use crate::dto::{CalendarDto, CalendarsDto, TroubleDto};
use crate::error::{AppError, ErrorCode, Result};
use crate::names::Directory;
use crate::open::{Starmesh, random_name};
use crate::wanted::Wanted;
use crate::zone::fixed_zone;

impl Starmesh {
    /// The calendars of all accounts as last listed.
    pub async fn known_calendars(&self) -> Result<Vec<CalendarDto>> {
        let directory = Directory::load(&self.state).await?;
        let groups = self.state.groups().await?;
        let mut calendars: Vec<CalendarDto> = directory
            .calendars()
            .map(|calendar| CalendarDto {
                calendar: directory.reference(&calendar.id),
                display_name: calendar.remote.display_name.clone(),
                short_name: calendar.remote.short_name.clone(),
                url: calendar.remote.name.to_string(),
                color: calendar.remote.color.clone(),
                zone: calendar.zone.name().to_owned(),
                read_only: calendar.remote.read_only,
                missing: calendar.missing,
                groups: groups
                    .iter()
                    .filter(|group| group.shape.members().contains(&&calendar.id))
                    .map(|group| group.id.to_string())
                    .collect(),
            })
            .collect();
        calendars.sort_by(|a, b| {
            (&a.calendar.account, &a.calendar.name, &a.url).cmp(&(
                &b.calendar.account,
                &b.calendar.name,
                &b.url,
            ))
        });
        Ok(calendars)
    }

    /// Asks every account for its calendars, and remembers what it says. An account that does not answer is
    /// named; its calendars are as last known.
    pub async fn list_calendars(&self) -> Result<CalendarsDto> {
        let mut troubles = Vec::new();
        for account in self.state.accounts().await? {
            match self.list_account(&account).await {
                Ok(listed) => self.remember_listing(&account.id, &listed).await?,
                Err(error) => troubles.push(trouble(&account, &error)),
            }
        }
        Ok(CalendarsDto { calendars: self.known_calendars().await?, troubles })
    }

    async fn list_account(&self, account: &Account) -> Result<Vec<RemoteCalendar>, ProviderError> {
        self.providers.provider(&account.id).await?.list_calendars().await
    }

    async fn remember_listing(&self, account: &AccountId, listed: &[RemoteCalendar]) -> Result<()> {
        let turn = self.folder.turn()?;
        let known: Vec<Calendar> =
            self.state.calendars().await?.into_iter().filter(|known| known.account == *account).collect();
        let mut changes = Changes::new();
        self.put_listing(account, &known, listed, &mut changes).await?;
        let changed = !changes.is_empty();
        self.state.commit(changes).await?;
        drop(turn);
        if changed { self.folder.tell_changed() } else { Ok(()) }
    }

    /// Adds to `changes` what a listing says that `known` does not, with the links that follow when a
    /// calendar can be written no more, or again.
    pub(crate) async fn put_listing(
        &self,
        account: &AccountId,
        known: &[Calendar],
        listed: &[RemoteCalendar],
        changes: &mut Changes,
    ) -> Result<()> {
        let settings = self.state.settings().await?;
        let before = Wanted::load(&self.state).await?;
        let after = merge(known, listed, |remote| Calendar {
            id: CalendarId::new(random_name(&*self.world.entropy)),
            account: account.clone(),
            zone: fixed_zone(settings.zone.as_deref(), remote.zone.as_deref(), self.world.zone.as_deref()),
            remote: remote.clone(),
            missing: false,
            pause: None,
        });
        let mut wanted = before.clone();
        for calendar in &after {
            changes.put_calendar(calendar);
            if !calendar.remote.read_only {
                wanted.read_only.remove(&calendar.id);
            }
        }
        // Links that were left out come to life when their target can be written at last.
        if wanted.read_only != before.read_only {
            self.settle_links(&before, &wanted, changes).await?;
        }
        Ok(())
    }
}

/// The calendars that change by a listing: new ones, ones of which it says something new, and ones that it
/// does not have. A calendar keeps its zone and its lasting name.
fn merge(
    known: &[Calendar],
    listed: &[RemoteCalendar],
    new: impl Fn(&RemoteCalendar) -> Calendar,
) -> Vec<Calendar> {
    let by_name: BTreeMap<_, _> = known.iter().map(|calendar| (&calendar.remote.name, calendar)).collect();
    let mut changed = Vec::new();
    for remote in listed {
        match by_name.get(&remote.name) {
            None => changed.push(new(remote)),
            Some(calendar) if calendar.remote != *remote || calendar.missing => {
                changed.push(Calendar { remote: remote.clone(), missing: false, ..(*calendar).clone() });
            }
            Some(_) => {}
        }
    }
    let gone = known.iter().filter(|calendar| {
        !calendar.missing && listed.iter().all(|remote| remote.name != calendar.remote.name)
    });
    changed.extend(gone.map(|calendar| Calendar { missing: true, ..calendar.clone() }));
    changed
}

fn trouble(account: &Account, error: &ProviderError) -> TroubleDto {
    let failure = AppError::of_provider("list the calendars", &account.name, error);
    TroubleDto {
        account: account.name.clone(),
        calendar: None,
        code: failure.code,
        needs_person: matches!(failure.code, ErrorCode::SignInRefused | ErrorCode::Untrusted),
        message: failure.message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::tests::calendar;

    #[test]
    fn a_listing_adds_renames_and_misses_calendars_and_leaves_the_rest_alone() {
        let known = [
            calendar("home", "work", "Work"),
            calendar("home", "old", "Old"),
            calendar("home", "same", "Same"),
        ];
        let mut renamed = known[0].remote.clone();
        renamed.display_name = "Job".to_owned();
        renamed.zone = Some("Asia/Tokyo".to_owned());
        let fresh = calendar("home", "new", "New");
        let listed = [renamed.clone(), known[2].remote.clone(), fresh.remote.clone()];
        let changed = merge(&known, &listed, |_| fresh.clone());
        let expected = vec![
            Calendar { remote: renamed, ..known[0].clone() },
            fresh,
            Calendar { missing: true, ..known[1].clone() },
        ];
        assert_eq!(changed, expected);
    }

    #[test]
    fn a_missing_calendar_that_is_back_is_missing_no_more() {
        let known = [Calendar { missing: true, ..calendar("home", "work", "Work") }];
        let changed = merge(&known, &[known[0].remote.clone()], |_| known[0].clone());
        assert_eq!(changed, vec![Calendar { missing: false, ..known[0].clone() }]);
    }
}
