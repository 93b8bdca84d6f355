//! Sign-in on another device (RFC 8628).

use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;
use starmesh_provider::env::Clock as _;

use super::super::form::Form;
use super::super::state::{Device, Grant, State};
use super::super::style::AuthProblem;
use super::super::switches::{AuthSwitches, DeviceApproval};
use super::authorize::{granted, signs_in};
use super::token::Earned;
use super::{AuthServer, after};
use crate::web::{Reply, hold};

/// What a client that polls too fast must add to its interval (RFC 8628, 3.5).
const SLOW_DOWN_STEP: TimeDelta = TimeDelta::seconds(5);

impl AuthServer {
    /// The device endpoint: takes its form.
    pub fn device(&self, form: &Form, switches: &AuthSwitches) -> Reply {
        let now = self.clock.now();
        let mut state = hold(&self.state);
        match self.start_device(&mut state, form, switches, now) {
            Ok(answer) => answer,
            Err(problem) => (self.style.problem)(&problem, now),
        }
    }

    fn start_device(
        &self,
        state: &mut State,
        form: &Form,
        switches: &AuthSwitches,
        now: DateTime<Utc>,
    ) -> Result<Reply, AuthProblem> {
        let client = form.get("client_id").ok_or(AuthProblem::Missing("client_id"))?.to_owned();
        if !state.clients.is_empty() && !state.clients.iter().any(|known| known.id == client) {
            return Err(AuthProblem::ClientUnknown);
        }
        let asked = form.words("scope");
        if asked.is_empty() {
            return Err(AuthProblem::Missing("scope"));
        }
        let user = signs_in(state, form, switches).ok_or(AuthProblem::DeviceDeclined)?;
        let refreshable = state.refreshable((self.style.wants_refresh)(form, &asked), &user, &client);
        let scopes = granted(state, asked, switches);
        let grant = Grant { consent: state.consent(), user, client, scopes, refreshable };
        let (code, user_code) = (state.token("AH-sim-"), state.user_code());
        let answer =
            (self.style.device_answer)(&code, &user_code, switches.device_life_s, switches.device_interval_s);
        let approved = match switches.device {
            DeviceApproval::AtOnce => {
                state.met.meet("auth.device.at_once");
                Some(true)
            }
            DeviceApproval::ByHand => {
                state.met.meet("auth.device.by_hand");
                None
            }
            DeviceApproval::Declined => {
                state.met.meet("auth.device.declined");
                Some(false)
            }
        };
        let device = Device {
            grant,
            user_code,
            expires: after(now, switches.device_life_s),
            polled: None,
            interval: TimeDelta::seconds(switches.device_interval_s),
            approved,
        };
        state.devices.insert(code, device);
        Ok(Reply::json(StatusCode::OK, answer))
    }

    /// The person types `user_code` and says yes or no; false when there is no such code.
    pub fn decide_device(&self, user_code: &str, approve: bool) -> bool {
        let mut state = hold(&self.state);
        let device = state.devices.values_mut().find(|device| device.user_code == user_code);
        device.map(|device| device.approved = Some(approve)).is_some()
    }

    pub(super) fn by_device(
        &self,
        state: &mut State,
        form: &Form,
        client: &str,
        now: DateTime<Utc>,
    ) -> Result<Earned, AuthProblem> {
        let code = form.get("device_code").ok_or(AuthProblem::Missing("device_code"))?;
        let device = state.devices.get_mut(code).filter(|device| device.grant.client == client);
        let device = device.ok_or(AuthProblem::DeviceUnknown)?;
        if device.expires <= now {
            state.met.meet("auth.device_life");
            return Err(AuthProblem::DeviceExpired);
        }
        let too_fast = device.polled.is_some_and(|polled| now - polled < device.interval);
        device.polled = Some(now);
        match device.approved {
            Some(false) => Err(AuthProblem::DeviceDeclined),
            _ if too_fast => {
                device.interval += SLOW_DOWN_STEP;
                state.met.meet("auth.device_interval");
                Err(AuthProblem::DeviceSlowDown)
            }
            None => Err(AuthProblem::DevicePending),
            Some(true) => {
                let grant = device.grant.clone();
                state.devices.remove(code);
                let refresh_token = self.new_refresh(state, &grant, now);
                Ok(Earned { grant, nonce: None, refreshed: false, refresh_token })
            }
        }
    }
}
