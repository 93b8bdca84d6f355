//! What a person is asked to grant at sign-in: no more than what the adapter does.

/// To keep calendars of the account in step: list them, read and write their events. Both must be granted;
/// Google lets people untick each.
pub const SCOPES: [&str; 2] = [
    "https://www.googleapis.com/auth/calendar.calendarlist.readonly",
    "https://www.googleapis.com/auth/calendar.events",
];
