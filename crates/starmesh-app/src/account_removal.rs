//! Removing an account: first its busy blocks on both sides, then everything that is known of it.

use std::collections::BTreeSet;

use starmesh_core::ids::{CalendarId, LinkId};
use starmesh_store::state::{Account, Changes, Deed};

use crate::dto::{AccountRemoved, WrittenDto};
use crate::error::Result;
use crate::names::Directory;
use crate::open::Starmesh;
use crate::progress::Listener;
use crate::retire::{Retired, retiring_links};
use crate::wanted::{Wanted, leave};

/// What becomes of the busy blocks of an account that goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mirrors {
    /// They are removed, in its calendars and in those that it fed; what cannot be reached keeps the
    /// account.
    Remove,
    /// They stay where they are.
    Leave,
}

impl Starmesh {
    /// Removes an account. Doing it again after a failure goes on where it stopped.
    pub async fn remove_account(
        &self,
        name: &str,
        mirrors: Mirrors,
        listener: Listener<'_>,
    ) -> Result<AccountRemoved> {
        let directory = Directory::load(&self.state).await?;
        let account = directory.find_account(name)?.clone();
        let calendars: BTreeSet<CalendarId> = directory
            .calendars()
            .filter(|calendar| calendar.account == account.id)
            .map(|calendar| calendar.id.clone())
            .collect();
        let links: BTreeSet<LinkId> = self
            .state
            .links()
            .await?
            .into_iter()
            .map(|link| link.id)
            .filter(|id| calendars.contains(&id.source) || calendars.contains(&id.target))
            .collect();
        let mut removed = AccountRemoved {
            account: account.name.clone(),
            removed: false,
            mirrors_removed: 0,
            unreached: Vec::new(),
            groups_smaller: Vec::new(),
            groups_removed: Vec::new(),
            grant: None,
            vault_failure: None,
        };
        if mirrors == Mirrors::Remove {
            let turn = self.folder.turn()?;
            let changes = retiring_links(&self.state, &links).await?;
            self.commit_own_deed(Deed::AccountRemoved, changes).await?;
            drop(turn);
            let Retired { removed: gone, unreached } = self.retire(&directory, &links, listener).await?;
            removed.mirrors_removed = gone;
            removed.unreached = unreached;
            if !removed.unreached.is_empty() {
                return Ok(removed);
            }
        }
        self.forget_account(&account, &calendars, &links, &mut removed).await?;
        Ok(removed)
    }

    async fn forget_account(
        &self,
        account: &Account,
        calendars: &BTreeSet<CalendarId>,
        links: &BTreeSet<LinkId>,
        removed: &mut AccountRemoved,
    ) -> Result<()> {
        let turn = self.folder.turn()?;
        let mut changes = Changes::new();
        let before = Wanted::load(&self.state).await?;
        let mut after = before.clone();
        let left = leave(&mut after, calendars, |_| true, &mut changes);
        self.settle_links(&before, &after, &mut changes).await?;
        // After the links have settled: these go at once, with all that is remembered of their mirrors.
        for id in links {
            for record in self.state.mirrors_of_link(id).await? {
                changes.delete_mirror(&id.target, &record.key);
            }
            changes.delete_link(id);
        }
        for id in calendars {
            changes.delete_calendar(id);
        }
        changes.delete_account(&account.id);
        self.commit_own_deed(Deed::AccountRemoved, changes).await?;
        drop(turn);
        let gone = WrittenDto { removed: removed.mirrors_removed, ..WrittenDto::default() };
        self.end_step(gone).await?;
        self.providers.forget();
        removed.removed = true;
        removed.groups_smaller = left.smaller;
        removed.groups_removed = left.removed;
        // Last, so that a failure before it leaves an account that can still be reached. A sign-in that stands
        // and a password that stays behind open nothing here any more, and are named.
        removed.grant = self.withdraw_grant(account).await;
        if let Err(error) = self.vault()?.forget_account(&account.id).await {
            removed.vault_failure = Some(error.message);
        }
        Ok(())
    }
}
