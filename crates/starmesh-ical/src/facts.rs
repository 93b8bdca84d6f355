//! What an event says about the person's time.

use std::collections::HashSet;

use calcard::icalendar::utils::strip_mailto_scheme;
use calcard::icalendar::{
    ICalendarComponent, ICalendarEntry, ICalendarParameterName, ICalendarParameterValue,
    ICalendarParticipationStatus, ICalendarProperty, ICalendarStatus, ICalendarTransparency,
};
use starmesh_core::event::{Availability, EventKind, Facts, Response};
use starmesh_core::policy::{Found, Terms};

/// The addresses under which others invite the owner of the account.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct OwnAddresses(HashSet<String>);

impl OwnAddresses {
    /// Addresses as servers and people spell them, with or without `mailto:`.
    pub fn new<'a>(addresses: impl IntoIterator<Item = &'a str>) -> Self {
        Self(addresses.into_iter().map(normal_address).filter(|address| !address.is_empty()).collect())
    }

    fn holds(&self, entry: &ICalendarEntry) -> bool {
        let address = entry.values.first().and_then(|value| value.as_text());
        let email =
            entry.parameter(&ICalendarParameterName::Email).and_then(ICalendarParameterValue::as_text);
        [address, email].into_iter().flatten().any(|address| self.0.contains(&normal_address(address)))
    }
}

/// The facts of one component.
pub(super) fn facts(component: &ICalendarComponent, own: &OwnAddresses, terms: &Terms) -> Facts {
    Facts {
        availability: availability(component),
        response: response(component, own),
        kind: EventKind::Default,
        cancelled: matches!(component.status(), Some(ICalendarStatus::Cancelled)),
        found: found(component, terms),
    }
}

/// Which terms its subject and its categories (RFC 5545, section 3.8.1.2) hold.
fn found(component: &ICalendarComponent, terms: &Terms) -> Found {
    if terms.is_empty() {
        return Found::NONE;
    }
    let texts = |property: ICalendarProperty| {
        let entries = component.entries.iter().filter(move |entry| entry.name == property);
        entries.flat_map(|entry| &entry.values).filter_map(|value| value.as_text())
    };
    let subject = texts(ICalendarProperty::Summary).next().unwrap_or_default();
    terms.find(subject, texts(ICalendarProperty::Categories))
}

/// Outlook's own property says more than TRANSP and STATUS, and beats them.
pub(super) fn availability(component: &ICalendarComponent) -> Availability {
    if let Some(status) = extension_text(component, "X-MICROSOFT-CDO-BUSYSTATUS") {
        match status.to_ascii_uppercase().as_str() {
            // Working elsewhere leaves the time free for others to book, and Outlook shows it so.
            "FREE" | "WORKINGELSEWHERE" => return Availability::Free,
            "TENTATIVE" => return Availability::Tentative,
            "BUSY" => return Availability::Busy,
            "OOF" => return Availability::OutOfOffice,
            _ => {}
        }
    }
    match (component.transparency(), component.status()) {
        (Some(ICalendarTransparency::Transparent), _) => Availability::Free,
        (_, Some(ICalendarStatus::Tentative)) => Availability::Tentative,
        _ => Availability::Busy,
    }
}

/// The text of the property `name` that calcard does not know, in any case.
pub(super) fn extension_text<'a>(component: &'a ICalendarComponent, name: &str) -> Option<&'a str> {
    let entry = extension(component, name)?;
    entry.values.first()?.as_text().map(str::trim)
}

/// The property `name` that calcard does not know, in any case.
pub(super) fn extension<'a>(component: &'a ICalendarComponent, name: &str) -> Option<&'a ICalendarEntry> {
    component.entries.iter().find(
        |entry| matches!(&entry.name, ICalendarProperty::Other(other) if other.trim().eq_ignore_ascii_case(name)),
    )
}

fn response(component: &ICalendarComponent, own: &OwnAddresses) -> Response {
    let entries = |property: ICalendarProperty| {
        component.entries.iter().filter(move |entry| entry.name == property).filter(|entry| own.holds(entry))
    };
    if entries(ICalendarProperty::Organizer).next().is_some() {
        return Response::NotInvited;
    }
    let Some(attendee) = entries(ICalendarProperty::Attendee).next() else { return Response::NotInvited };
    match attendee.parameter(&ICalendarParameterName::Partstat) {
        Some(ICalendarParameterValue::Partstat(status)) => match status {
            ICalendarParticipationStatus::Accepted
            | ICalendarParticipationStatus::Completed
            | ICalendarParticipationStatus::InProcess => Response::Accepted,
            ICalendarParticipationStatus::Tentative => Response::Tentative,
            // Somebody else goes.
            ICalendarParticipationStatus::Declined | ICalendarParticipationStatus::Delegated => {
                Response::Declined
            }
            _ => Response::NeedsAction,
        },
        // Absent or unknown: RFC 5545, section 3.2.12 says NEEDS-ACTION.
        _ => Response::NeedsAction,
    }
}

fn normal_address(address: &str) -> String {
    strip_mailto_scheme(address.trim()).trim().to_lowercase()
}
