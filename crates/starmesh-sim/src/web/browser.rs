//! A browser in which somebody signs in.

use std::time::Duration;

/// How many redirects a sign-in takes at most: one back to the program, and some for a page in between.
const REDIRECTS_MAX: usize = 5;

/// How long one page may take to come.
const PAGE_TIME_MAX: Duration = Duration::from_secs(30);

/// Does what a browser does with the address of a sign-in: follows every redirect, the last one back to
/// the program that asked. The simulators approve by themselves. Gives the text of the last page; an error
/// says in words what failed and names no address, since addresses carry codes.
pub async fn visit(address: &str) -> Result<String, String> {
    // Another part of the program may have chosen a provider before: then that one stays.
    drop(rustls::crypto::ring::default_provider().install_default());
    let failed = |error: reqwest::Error| error.without_url().to_string();
    let browser = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::limited(REDIRECTS_MAX))
        .no_proxy()
        .timeout(PAGE_TIME_MAX)
        .build()
        .map_err(failed)?;
    browser.get(address).send().await.map_err(failed)?.text().await.map_err(failed)
}
