//! Signing in at both providers, with a browser of the demo's own.

use std::pin::pin;

use starmesh_app::{
    AppError, DevicePrompt, ErrorCode, NewAccount, NewOAuthAccount, OAuthProvider, SignInPrompt, SignInWay,
    TENANT_DEFAULT,
};
use starmesh_sim::web::visit;
use tokio::sync::mpsc;

use super::cast::Provider;
use super::line::Line;
use super::play::Play;

/// Hands on where a browser has to go.
struct Window(mpsc::UnboundedSender<String>);

impl SignInPrompt for Window {
    fn browser(&self, address: &str) {
        // Whoever signs in waits for it, or has given up.
        drop(self.0.send(address.to_owned()));
    }

    fn device(&self, _prompt: &DevicePrompt) {
        // The demo signs in with a browser alone.
    }
}

impl Play<'_> {
    /// Adds an account at each provider, as `account add` does.
    pub(super) async fn sign_in(&self) -> Result<(), AppError> {
        for provider in Provider::ALL {
            let account = NewAccount::OAuth(Box::new(NewOAuthAccount {
                provider: match provider {
                    Provider::Google => OAuthProvider::Google,
                    Provider::Microsoft => {
                        OAuthProvider::Microsoft { tenant: TENANT_DEFAULT.to_owned(), mailbox: None }
                    }
                },
                endpoints: self.cast.endpoints(provider)?,
                // Google wants one even from programs that cannot keep it.
                client_secret: (provider == Provider::Google).then(|| "not a secret".into()),
                way: SignInWay::Browser,
                name: Some(provider.account().to_owned()),
            }));
            let (sender, mut addresses) = mpsc::unbounded_channel();
            let window = Window(sender);
            let mut adding = pin!(self.starmesh.add_account(account, &window));
            // The person's browser: it goes where the program says, and comes back to its listener.
            let browsing = async {
                match addresses.recv().await {
                    Some(address) => visit(&address).await.map(drop),
                    None => Ok(()),
                }
            };
            let added = tokio::select! {
                added = &mut adding => added,
                visited = browsing => match visited {
                    Ok(()) => adding.await,
                    Err(problem) => Err(AppError::new(
                        ErrorCode::Internal,
                        format!("the demo's own browser got nowhere: {problem}"),
                    )),
                },
            }?;
            let calendars = added.calendars.len() as u64;
            self.stage.show(&Line::SignedIn { provider, account: provider.account(), calendars })?;
        }
        Ok(())
    }
}
