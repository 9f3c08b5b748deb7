//! Requests that are sent again because their answer was lost.

use orchard_proto::DESCRIPTORS;
use orchard_proto::consultation::v1 as pb;
use orchard_testkit::repeats::{Case, findings};

use crate::world::Someone::{Operator, User};
use crate::world::{World, flora, id, strings, weekdays};

#[tokio::test]
async fn a_repetition_is_answered_as_the_first_request_was() -> anyhow::Result<()> {
    let world = World::start().await?;
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
    let cases = vec![
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
