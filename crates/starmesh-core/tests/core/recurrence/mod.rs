//! Recurrence: the table of hand-checked rows, the laws, the bombs.

mod bombs;
mod laws;
mod row;
mod table;
