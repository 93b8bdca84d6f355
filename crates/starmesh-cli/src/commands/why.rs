//! `starmesh why`.

use clap::Args;
use starmesh_app::{Access, AppError};

use crate::context::Context;
use crate::text;

const EXAMPLES: &str = "\
Examples:
  starmesh why work 10:00
  starmesh why family '2026-12-24 18:00'
  starmesh why office/main 2026-12-24";

#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct WhyArgs {
    /// The calendar
    #[arg(value_name = "CAL")]
    calendar: String,
    /// A time of today, a day, or both: 10:00, 2026-12-24, '2026-12-24 18:00'
    #[arg(value_name = "TIME")]
    time: String,
}

pub(crate) async fn why(context: &Context, args: &WhyArgs) -> Result<(), AppError> {
    let starmesh = context.open(Access::Read).await?;
    let why = starmesh.why(&args.calendar, &args.time).await;
    starmesh.close().await;
    let why = why?;
    context.out.answer(&why, || text::why(&why, context.out.zone))
}
