//! Sessions as iCalendar objects (RFC 5545).

use icalendar::{Calendar, Component as _, Event, EventLike as _, EventStatus, Property};

use super::SessionStatus;
use super::store::Found;

/// Writes a session. Two calls write the same of the same state: nothing in it depends on when or by whom it is asked for. The client is not
/// named, because who books for whom is no calendar's business.
pub(super) fn write(found: &Found) -> String {
    let session = &found.session;
    let is_cancelled = session.status == SessionStatus::Cancelled;
    let (method, status) = if is_cancelled { ("CANCEL", EventStatus::Cancelled) } else { ("PUBLISH", EventStatus::Confirmed) };
    let organizer = Property::new("ORGANIZER", format!("urn:uuid:{}", session.professional))
        .add_parameter("CN", &parameter(&found.professional_name))
        .done();
    let event = Event::new()
        .uid(&session.id.to_string())
        .timestamp(session.revised_at)
        .sequence(session.revision.unsigned_abs())
        .starts(session.start)
        .ends(session.end())
        .summary(&format!("Consultation with {}", found.professional_name))
        .status(status)
        .append_property(organizer)
        .done();
    Calendar::empty()
        .append_property(("VERSION", "2.0"))
        .append_property(("PRODID", "-//Orchard//Consultation//EN"))
        .append_property(("METHOD", method))
        .push(event)
        .done()
        .to_string()
}

/// Returns a text as the value of a parameter, in which a double quote cannot be written.
fn parameter(text: &str) -> String {
    text.replace('"', "'")
}
