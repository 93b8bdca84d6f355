//! `starmesh activity`.

use clap::Args;
use starmesh_app::{Access, AppError};

use crate::context::Context;
use crate::text;

/// How many journeys are shown unless asked otherwise.
const LIMIT_DEFAULT: usize = 50;

#[derive(Args, Debug)]
pub(crate) struct ActivityArgs {
    /// How many, the newest first
    #[arg(long, short = 'n', default_value_t = LIMIT_DEFAULT)]
    limit: usize,
}

pub(crate) async fn activity(context: &Context, args: &ActivityArgs) -> Result<(), AppError> {
    let journeys = context.open(Access::Read).await?.activity(args.limit).await?;
    let value = serde_json::json!({ "journeys": journeys });
    context.out.answer(&value, || text::activity(&journeys, context.out.zone))
}
