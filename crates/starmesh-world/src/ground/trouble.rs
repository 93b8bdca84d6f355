//! What goes wrong between persons and services for a while: sign-ins, rights, subscriptions.

use starmesh_core::ids::AccountId;
use starmesh_sim::google::Role as GoogleRole;
use starmesh_sim::microsoft::Lifecycle;
use starmesh_sim::microsoft::world::{CalendarNo, MailboxNo, Role};
use starmesh_sim::web::auth::{AuthServer, AuthSwitches, TokenTrouble, User};

use super::Ground;
use super::build::{DAV_PASSWORD, dav_user};
use super::sign_in::{google_mail, microsoft_mail};
use super::wire::{Host, WebHost};
use crate::layout::Service;

/// What the token endpoint names when a password has to be typed again.
const AADSTS_PASSWORD: u32 = 50_173;
/// What it says for a token that is taken back.
const INVALID_GRANT: &str = r#"{"error":"invalid_grant","error_description":"Token has been revoked."}"#;
/// What a gateway in front of it says.
const GATEWAY_PAGE: &str = "<html><title>502</title></html>";

/// What goes wrong with an account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Trouble {
    /// Everybody's access tokens end at once; the sign-ins stay.
    AccessEnds,
    /// The person takes back what they had allowed.
    ConsentWithdrawn,
    /// The person signs in and allows less than is needed.
    TooLittleAllowed,
    /// The token endpoint is down.
    TokensDown,
    /// The token endpoint takes the sign-in for revoked.
    TokensRevoked,
    /// Microsoft names a reason of its own for giving no token.
    TokensNumbered,
    /// Microsoft drops the subscriptions.
    SubscriptionsDropped,
    /// The password is changed, and changed back.
    PasswordChanged,
}

impl Trouble {
    /// In words, as the story and the situations have it.
    pub(crate) fn told(self) -> &'static str {
        match self {
            Self::AccessEnds => "access tokens ended before their time",
            Self::ConsentWithdrawn => "a consent was withdrawn",
            Self::TooLittleAllowed => "a person allowed too little",
            Self::TokensDown => "no tokens could be had",
            Self::TokensRevoked => "a sign-in was taken for revoked",
            Self::TokensNumbered => "a token was refused by its number",
            Self::SubscriptionsDropped => "subscriptions were dropped",
            Self::PasswordChanged => "a password was changed",
        }
    }

    /// True when it lasts until the person mends it.
    pub(crate) fn lasts(self) -> bool {
        !matches!(self, Self::AccessEnds | Self::SubscriptionsDropped)
    }
}

/// What an account may do with a calendar.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Let {
    /// What it usually may.
    Usual,
    /// Only read.
    Read,
    /// Nothing: it is as if there were no such calendar.
    Nothing,
}

impl Let {
    /// In words, as the story and the situations have it.
    pub(crate) fn told(self) -> &'static str {
        match self {
            Self::Usual => "a calendar was shared",
            Self::Read => "a calendar could only be read for a while",
            Self::Nothing => "a calendar was taken away for a while",
        }
    }
}

/// How the rights to a calendar are changed.
#[derive(Clone, Debug)]
pub(super) enum Share {
    /// A calendar of Google that somebody else owns, with the usual role.
    Google(String, GoogleRole),
    /// A calendar of Microsoft in another mailbox, shared with this one in the usual role.
    Microsoft(CalendarNo, MailboxNo, Role),
    /// A calendar at the CalDAV server: its path in the person's home, and the owner's path where that is
    /// another; with whether the person may usually write.
    Caldav(String, Option<(String, String)>, bool),
}

impl Share {
    fn is_usually_writable(&self) -> bool {
        match self {
            Self::Google(_, role) => *role != GoogleRole::Reader,
            Self::Microsoft(_, _, role) => *role != Role::Read,
            Self::Caldav(_, _, can_write) => *can_write,
        }
    }

    fn is_of_another(&self) -> bool {
        !matches!(self, Self::Caldav(_, None, _))
    }
}

impl Ground {
    /// What may go wrong with which account.
    pub(crate) fn troubles(&self) -> Vec<(AccountId, Trouble)> {
        const WEB: [Trouble; 5] = [
            Trouble::AccessEnds,
            Trouble::ConsentWithdrawn,
            Trouble::TooLittleAllowed,
            Trouble::TokensDown,
            Trouble::TokensRevoked,
        ];
        let mut found = Vec::new();
        for account in self.accounts() {
            found.extend(WEB.map(|trouble| (account.clone(), trouble)));
        }
        for account in self.accounts_at(&[Service::Work, Service::Personal]) {
            let own = [Trouble::TokensNumbered, Trouble::SubscriptionsDropped];
            found.extend(own.map(|trouble| (account.clone(), trouble)));
        }
        let dav = self.accounts_at(&[Service::Caldav]).into_iter();
        // As often as a trouble of the others.
        found.extend(dav.flat_map(|account| vec![(account, Trouble::PasswordChanged); WEB.len()]));
        found
    }

    /// The trouble begins.
    pub(crate) fn begin_trouble(&self, account: &AccountId, trouble: Trouble) -> Result<(), String> {
        match trouble {
            Trouble::AccessEnds => self.each_server(account, AuthServer::expire_access),
            Trouble::ConsentWithdrawn => self.each_server(account, AuthServer::withdraw_consent),
            Trouble::TooLittleAllowed => {
                self.switch_sign_in(account, |it| it.scopes_granted = Some(vec!["openid".to_owned()]));
                for device in 0..self.devices {
                    self.sign_in(account, device)?;
                }
                self.each_server(account, AuthServer::expire_access);
            }
            Trouble::TokensDown => {
                self.refuse_tokens(account, 502, GATEWAY_PAGE);
            }
            Trouble::TokensRevoked => {
                self.refuse_tokens(account, 400, INVALID_GRANT);
            }
            Trouble::TokensNumbered => {
                if let Some(microsoft) = &self.microsoft {
                    microsoft.switch(|it| it.token_aadsts = Some(AADSTS_PASSWORD));
                }
                self.each_server(account, AuthServer::expire_access);
            }
            Trouble::SubscriptionsDropped => {
                if let Some(microsoft) = &self.microsoft {
                    microsoft.with(|world| {
                        for id in world.subscription_ids() {
                            world.lifecycle(&id, Lifecycle::SubscriptionRemoved);
                        }
                    });
                }
            }
            Trouble::PasswordChanged => self.set_password(account, "another secret")?,
        }
        Ok(())
    }

    /// The trouble is over; signing in again is another step.
    pub(crate) fn end_trouble(&self, account: &AccountId, trouble: Trouble) -> Result<(), String> {
        match trouble {
            Trouble::TooLittleAllowed => self.switch_sign_in(account, |it| it.scopes_granted = None),
            Trouble::TokensDown | Trouble::TokensRevoked => {
                self.switch_sign_in(account, |it| it.token_trouble = None);
            }
            Trouble::TokensNumbered => {
                self.microsoft.iter().for_each(|microsoft| microsoft.switch(|it| it.token_aadsts = None));
            }
            Trouble::PasswordChanged => self.set_password(account, DAV_PASSWORD)?,
            Trouble::AccessEnds | Trouble::ConsentWithdrawn | Trouble::SubscriptionsDropped => {}
        }
        Ok(())
    }

    /// The calendars to which the rights can be narrowed, and how.
    pub(crate) fn lets(&self) -> Vec<(usize, Let)> {
        let mut found = Vec::new();
        for (place, share) in &self.shares {
            if share.is_usually_writable() {
                found.push((*place, Let::Read));
            }
            if share.is_of_another() {
                found.push((*place, Let::Nothing));
            }
        }
        found
    }

    /// Changes what an account may do with a calendar.
    pub(crate) fn grant(&self, place: usize, rights: Let) -> Result<(), String> {
        let share = self.shares.get(&place).ok_or("a calendar that nobody shares")?;
        match share {
            Share::Google(calendar, usual) => {
                let role = match rights {
                    Let::Usual => Some(*usual),
                    Let::Read => Some(GoogleRole::Reader),
                    Let::Nothing => None,
                };
                let mail = google_mail(self.account_of(place)?);
                let google = self.google.as_ref().ok_or("a calendar without a service")?;
                google.set_role(calendar, &mail, role).map_err(|error| error.to_string())
            }
            Share::Microsoft(calendar, mailbox, usual) => {
                let microsoft = self.microsoft.as_ref().ok_or("a calendar without a service")?;
                microsoft.with(|world| match rights {
                    Let::Usual => world.share(*calendar, *mailbox, *usual),
                    Let::Read => world.share(*calendar, *mailbox, Role::Read),
                    Let::Nothing => world.unshare(*calendar, *mailbox),
                });
                Ok(())
            }
            Share::Caldav(path, owner, usual) => {
                let caldav = self.caldav.as_ref().ok_or("a calendar without a service")?;
                let done = match (rights, owner) {
                    (Let::Nothing, _) => caldav.unshare(path),
                    (Let::Read, _) => caldav.set_writable(path, false),
                    (Let::Usual, Some((original, name))) if caldav.objects(path).is_err() => {
                        let user = dav_user(self.account_of(place)?);
                        caldav.share(original, &user, name, *usual).map(drop)
                    }
                    (Let::Usual, _) => caldav.set_writable(path, *usual),
                };
                done.map_err(|error| error.to_string())
            }
        }
    }

    fn account_of(&self, place: usize) -> Result<&AccountId, String> {
        self.place_accounts.get(place).ok_or_else(|| "a calendar of nobody".to_owned())
    }

    fn set_password(&self, account: &AccountId, password: &str) -> Result<(), String> {
        let caldav = self.caldav.as_ref().ok_or("an account without a server")?;
        caldav.set_password(&dav_user(account), password).map_err(|error| error.to_string())
    }

    fn refuse_tokens(&self, account: &AccountId, status: u16, body: &str) {
        let trouble = TokenTrouble { status, body: body.to_owned(), times: None };
        self.switch_sign_in(account, |it| it.token_trouble = Some(trouble));
        self.each_server(account, AuthServer::expire_access);
    }

    /// Changes how the service of an account lets people sign in.
    fn switch_sign_in(&self, account: &AccountId, change: impl FnOnce(&mut AuthSwitches)) {
        match self.host(account) {
            Some(Host::Web(WebHost::Google(google))) => google.switch(|it| change(&mut it.auth)),
            Some(Host::Web(WebHost::Microsoft(microsoft))) => microsoft.switch(|it| change(&mut it.auth)),
            Some(Host::Caldav(_)) | None => {}
        }
    }

    /// Does something about an account at the server where it signs in.
    fn each_server(&self, account: &AccountId, act: impl Fn(&AuthServer, &User)) {
        match self.host(account) {
            Some(Host::Web(WebHost::Google(google))) => act(google.auth(), &User(google_mail(account))),
            Some(Host::Web(WebHost::Microsoft(microsoft))) => {
                act(microsoft.auth(), &User(microsoft_mail(account)));
            }
            Some(Host::Caldav(_)) | None => {}
        }
    }
}
