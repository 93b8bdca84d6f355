//! `starmesh status`.

use starmesh_app::{Access, AppError};

use crate::context::Context;
use crate::text;

pub(crate) async fn status(context: &Context) -> Result<(), AppError> {
    let starmesh = context.open(Access::Read).await?;
    let status = starmesh.status().await;
    starmesh.close().await;
    let status = status?;
    context.out.answer(&status, || text::status(&status, context.out.zone))
}
