//! Sessions as iCalendar objects, read by another library.

use std::collections::BTreeMap;

use ical::IcalParser;
use orchard_proto::consultation::v1 as pb;

use crate::practice::{PRICE, hours, round_the_clock, wanted};
use crate::world::Someone::User;
use crate::world::{World, euros, flora, id};

/// A name with all that must be escaped or folded, longer than a line.
const NAME: &str = "Dr. Größer; Ähnlich, \"Obst\" \\ Gemüse 🍏🍐 und noch ein sehr langer Name, der nicht passt 🥝";

/// Reads the properties of the calendar and of its event.
fn read(calendar: &str) -> BTreeMap<String, String> {
    let mut calendars = IcalParser::new(calendar.as_bytes());
    let read = calendars.next().expect("a calendar").expect("a readable one");
    assert!(calendars.next().is_none() && read.events.len() == 1);
    let properties = read.properties.into_iter().chain(read.events.into_iter().flat_map(|event| event.properties));
    properties.map(|property| (property.name, property.value.unwrap_or_default())).collect()
}

/// Returns when a session was last changed.
fn stamp(session: &pb::Session) -> String {
    let seconds = session.update_time.expect("a time").seconds;
    chrono::DateTime::from_timestamp(seconds, 0).expect("a time").format("%Y%m%dT%H%M%SZ").to_string()
}

#[tokio::test]
async fn a_calendar_follows_its_session() -> anyhow::Result<()> {
    let world = World::with_family().await?;
    let (account, client) = (id(), id());
    let professional =
        world.create(User(account), pb::CreateProfessionalRequest { professional_name: NAME.to_owned(), ..flora() }).await?;
    world.set_schedule(User(account), &professional.professional_id, round_the_clock()).await?;
    world.verify(&professional.professional_id).await?;
    let practice = crate::practice::Practice { id: professional.professional_id, account };
    let request = pb::BookSessionRequest { price: euros(PRICE), ..wanted(&practice, hours(24)) };
    let session = world.book_as(client, request).await?;
    world.note(account, &session, "Canary").await?;

    let first = world.calendar(client, &session).await?;
    assert_eq!(world.calendar(client, &session).await?, first, "twice the same");
    assert_eq!(world.calendar(account, &session).await?, first, "whoever asks");
    for line in first.split_terminator("\r\n") {
        assert!(line.len() <= 75 && !line.contains('\n'), "{line}");
    }
    let booked = read(&first);
    let property = |name: &str| booked[name].clone();
    let time = |at: chrono::DateTime<chrono::Utc>| at.format("%Y%m%dT%H%M%SZ").to_string();
    assert_eq!((property("METHOD"), property("STATUS")), ("PUBLISH".to_owned(), "CONFIRMED".to_owned()));
    assert_eq!((property("UID"), property("SEQUENCE")), (session.session_id.clone(), "0".to_owned()));
    assert_eq!(property("DTSTART"), time(hours(24)));
    assert_eq!(property("DTEND"), time(hours(24) + chrono::TimeDelta::minutes(30)));
    assert_eq!(property("ORGANIZER"), format!("urn:uuid:{}", practice.id));
    let escaped = NAME.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,");
    assert_eq!(property("SUMMARY"), format!("Consultation with {escaped}"));
    assert!(!first.contains("Canary") && !first.contains(&client.to_string()) && !first.contains("ATTENDEE"));

    // Notes change nothing, a move and a cancellation count.
    world.note(account, &session, "Others").await?;
    assert_eq!(world.calendar(client, &session).await?, first);
    assert_eq!(booked["DTSTAMP"], stamp(&session));
    let past = "UPDATE consultation_sessions SET revised_at = revised_at - INTERVAL '1 day', updated_at = now()";
    world.slice.schema.connect().await?.batch_execute(past).await?;
    let moved = world.reschedule(client, &session, hours(30)).await?;
    let after = read(&world.calendar(client, &session).await?);
    assert_eq!(after["DTSTAMP"], stamp(&moved), "when it was moved");
    assert_eq!((after["SEQUENCE"].as_str(), &after["UID"], &after["DTSTART"]), ("1", &session.session_id, &time(hours(30))));
    world.cancel(client, &moved).await?;
    let after = read(&world.calendar(client, &session).await?);
    assert_eq!((after["METHOD"].as_str(), after["STATUS"].as_str(), after["SEQUENCE"].as_str()), ("CANCEL", "CANCELLED", "2"));
    Ok(())
}
