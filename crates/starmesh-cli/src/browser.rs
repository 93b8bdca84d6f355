//! Where a person signs in: the system's browser, or an address to take elsewhere.

use serde_json::json;
use starmesh_app::{DevicePrompt, SignInPrompt};

use crate::commands::account::BrowserChoice;
use crate::output::{Output, say};

/// Opens the browser, or says where to go. For programs that is a line of JSON on standard error.
pub(crate) struct Browser<'a> {
    out: &'a Output,
    choice: BrowserChoice,
}

impl<'a> Browser<'a> {
    pub(crate) fn new(out: &'a Output, choice: BrowserChoice) -> Self {
        Self { out, choice }
    }
}

impl SignInPrompt for Browser<'_> {
    fn browser(&self, address: &str) {
        let opened = self.choice == BrowserChoice::System && open::that_detached(address).is_ok();
        if self.out.json {
            say(&json!({ "sign_in": { "address": address, "opened": opened } }).to_string());
        } else if opened {
            self.out.note(&format!("your browser opens; should it not, go to\n{address}"));
        } else {
            self.out.note(&format!("sign in at\n{address}"));
        }
    }

    fn device(&self, prompt: &DevicePrompt) {
        let DevicePrompt { address, code, expires_in } = prompt;
        let seconds = expires_in.as_secs();
        if self.out.json {
            say(&json!({ "sign_in": { "address": address, "code": code, "expires_in_s": seconds } })
                .to_string());
        } else {
            self.out.note(&format!(
                "on any device go to {address} and type {code} (within {} minutes)",
                seconds / 60
            ));
        }
    }
}
