//! Texts that people see, in every request.

use orchard_proto::DESCRIPTORS;
use orchard_testkit::texts::findings;

use crate::world::{World, id};

const TEXTS: &[&str] = &[
    "CancelSessionRequest.cancel_reason",
    "CreateProfessionalRequest.bio",
    "CreateProfessionalRequest.credentials",
    "CreateProfessionalRequest.languages",
    "CreateProfessionalRequest.professional_name",
    "Professional.bio",
    "Professional.credentials",
    "Professional.languages",
    "Professional.professional_name",
    "RateSessionRequest.feedback_text",
    "RejectProfessionalRequest.note",
    "SearchProfessionalsRequest.all_languages",
    "SearchProfessionalsRequest.any_languages",
    "SearchProfessionalsRequest.text",
    "SetSessionNotesRequest.session_notes",
    "SuspendProfessionalRequest.note",
];

/// Addresses, numbers, and what the service alone sets.
const OTHERS: &[&str] = &[
    "CreateProfessionalRequest.profile_image_url",
    "Professional.etag",
    "Professional.profile_image_url",
    "Professional.verification_note",
    "RejectProfessionalRequest.etag",
    "Schedule.etag",
    "Schedule.time_zone",
    "SearchProfessionalsRequest.min_rating",
    "SetRecordingRequest.recording_url",
    "TimeWindow.end",
    "TimeWindow.start",
    "VerificationDocument.sha256",
    "VerificationDocument.url",
    "VerifyProfessionalRequest.etag",
    "WeeklyWindow.end",
    "WeeklyWindow.start",
];

#[tokio::test]
async fn texts_that_people_see_are_visible() -> anyhow::Result<()> {
    let world = World::start().await?;
    let user = world.slice.user_with(id(), &["operator"])?;
    let found = findings(DESCRIPTORS, "orchard.consultation.v1", (TEXTS, OTHERS), |_| Ok(user.clone())).await?;
    assert_eq!(found, Vec::<String>::new());
    Ok(())
}
