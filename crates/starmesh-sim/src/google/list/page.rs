//! Pages of rows.

use super::super::switches::FaultPlan;
use super::rows::Row;
use crate::dice::Dice;

/// A page, and whether another follows.
pub(super) struct Paged<R> {
    pub(super) rows: Vec<R>,
    pub(super) more: bool,
    /// True when a fault made it shorter.
    pub(super) short: bool,
}

/// How a page falls short of what it could hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum SizeFault {
    None,
    Empty,
    /// Holds this many thousandths of the rows.
    Short(u64),
}

pub(super) fn draw_fault(dice: &mut Dice, plan: &FaultPlan) -> SizeFault {
    let (empty, short, share) =
        (dice.chance(plan.empty_page), dice.chance(plan.short_page), dice.below(1_000));
    match (empty, short) {
        (true, _) => SizeFault::Empty,
        (_, true) => SizeFault::Short(share),
        _ => SizeFault::None,
    }
}

/// The page after the row `after`. An empty page that is not the last repeats where it began; it is never
/// followed by another empty one for long, since each is drawn anew.
pub(super) fn page_of<'a>(
    mut rows: Vec<Row<'a>>,
    after: Option<&(u64, String)>,
    max: usize,
    fault: SizeFault,
) -> Paged<Row<'a>> {
    if let Some((rank, id)) = after {
        rows.retain(|row| (row.rank, row.id.as_ref()) > (*rank, id.as_str()));
    }
    let size = match fault {
        SizeFault::None => max,
        SizeFault::Empty => 0,
        SizeFault::Short(share) => {
            let share = usize::try_from(share).unwrap_or(0);
            (max.min(rows.len()) * share / 1_000).max(1)
        }
    };
    let more = rows.len() > size;
    if more && size > 0 {
        rows.select_nth_unstable_by(size - 1, |a, b| (a.rank, &a.id).cmp(&(b.rank, &b.id)));
    }
    rows.truncate(size);
    rows.sort_unstable_by(|a, b| (a.rank, &a.id).cmp(&(b.rank, &b.id)));
    Paged { rows, more, short: fault != SizeFault::None }
}
