//! Requests that are sent again because their answer was lost.

use orchard_proto::DESCRIPTORS;
use orchard_proto::consultation::v1 as pb;
use orchard_testkit::repeats::{Case, findings};

use crate::practice::{PRICE, hours, wanted, wire};
use crate::world::Someone::{Operator, User};
use crate::world::{World, euros, flora, id, strings, weekdays};

#[tokio::test]
async fn a_repetition_is_answered_as_the_first_request_was() -> anyhow::Result<()> {
    let world = World::with_family().await?;
    let own = id();
    let user = || world.client(User(own)).expect("a client");
    let operator = || world.client(Operator(id())).expect("a client");
    let entry = world.create(User(own), flora()).await?;
    let professional_id = || entry.professional_id.clone();
    let changed = pb::Professional { bio: "New".to_owned(), ..entry.clone() };
    let mask = prost_types::FieldMask { paths: strings(&["bio"]) };
    let update = pb::UpdateProfessionalRequest { professional: Some(changed), update_mask: Some(mask) };
    let document = pb::VerificationDocument {
        kind: pb::DocumentKind::Degree.into(),
        url: "https://example.org/degree".to_owned(),
        sha256: "0f".repeat(32),
    };
    let documents = pb::SetVerificationDocumentsRequest { professional_id: professional_id(), documents: vec![document] };
    let note = || "Why".to_owned();
    let practice = world.practice().await?;
    let (client, practitioner) = (id(), || world.client(User(practice.account)).expect("a client"));
    let client_side = || world.client(User(client)).expect("a client");
    let hold = world.hold(client, &practice, hours(50)).await?;
    let held = pb::HoldSlotRequest {
        professional_id: practice.id.clone(),
        start_time: wire(hours(51)),
        price: euros(PRICE),
        user_id: String::new(),
        request_id: id().to_string(),
    };
    let to_come = world.book(client, &practice, hours(30)).await?;
    let mut begun = Vec::new();
    for back in [24, 25, 26] {
        let session = world.book(client, &practice, hours(24)).await?;
        begun.push(world.bring_forward(client, &session, back).await?.session_id);
    }
    let [completed, missed, followed] = begun.try_into().expect("three sessions");
    let follow_up = pb::ScheduleFollowUpRequest {
        session_id: followed,
        start_time: wire(hours(31)),
        session_type: pb::SessionType::Chat.into(),
        price: euros(PRICE),
        request_id: id().to_string(),
    };
    let consent = pb::SetRecordingConsentRequest { session_id: completed.clone(), recording_consent: true };
    let recording =
        pb::SetRecordingRequest { session_id: completed.clone(), recording_url: "https://example.org/recording".to_owned() };
    let notes = pb::SetSessionNotesRequest { session_id: completed.clone(), session_notes: "Notes".to_owned() };
    let rating = pb::RateSessionRequest { session_id: completed.clone(), rating: 5, feedback_text: "Kind".to_owned() };
    let payable = world.book(client, &practice, hours(33)).await?;
    let pay = pb::PaySessionRequest {
        session_id: payable.session_id,
        family_plan_id: world.plan(client, 10_000).await?,
        price: euros(PRICE),
    };
    let cancel = pb::CancelSessionRequest { session_id: to_come.session_id, cancel_reason: "Ill".to_owned() };
    let cases = vec![
        Case::of("BookingService/ReleaseSlotHold", client_side(), pb::ReleaseSlotHoldRequest { slot_hold_id: hold.slot_hold_id }),
        Case::of("BookingService/HoldSlot", client_side(), held),
        Case::of("BookingService/BookSession", client_side(), wanted(&practice, hours(40))),
        Case::of("BookingService/ScheduleFollowUp", client_side(), follow_up),
        Case::of("PaymentService/PaySession", client_side(), pay),
        Case::of("SessionService/CancelSession", client_side(), cancel),
        Case::of("SessionService/CompleteSession", practitioner(), pb::CompleteSessionRequest { session_id: completed }),
        Case::of("SessionService/MarkNoShow", practitioner(), pb::MarkNoShowRequest { session_id: missed }),
        Case::of("SessionService/RateSession", client_side(), rating),
        Case::of("SessionService/SetSessionNotes", practitioner(), notes),
        Case::of("SessionService/SetRecordingConsent", client_side(), consent),
        Case::of("SessionService/SetRecording", practitioner(), recording),
        Case::of("ProfessionalService/CreateProfessional", operator(), flora()),
        Case::of("ProfessionalService/UpdateProfessional", user(), update),
        Case::of("ProfessionalService/SetVerificationDocuments", user(), documents),
        Case::of(
            "AvailabilityService/SetSchedule",
            user(),
            pb::SetScheduleRequest { professional_id: professional_id(), schedule: Some(weekdays()) },
        ),
        Case::of(
            "VerificationService/RejectProfessional",
            operator(),
            pb::RejectProfessionalRequest { professional_id: professional_id(), note: note(), etag: "3".to_owned() },
        ),
        Case::of(
            "VerificationService/VerifyProfessional",
            operator(),
            pb::VerifyProfessionalRequest { professional_id: professional_id(), etag: "3".to_owned() },
        ),
        Case::of(
            "VerificationService/SuspendProfessional",
            operator(),
            pb::SuspendProfessionalRequest { professional_id: professional_id(), note: note() },
        ),
        Case::of(
            "VerificationService/RestoreProfessional",
            operator(),
            pb::RestoreProfessionalRequest { professional_id: professional_id() },
        ),
    ];
    assert_eq!(findings(DESCRIPTORS, "orchard.consultation.v1", cases).await?, Vec::<String>::new());
    Ok(())
}
