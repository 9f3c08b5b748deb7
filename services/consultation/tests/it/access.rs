use orchard_proto::DESCRIPTORS;
use orchard_testkit::matrix::Actor::{self, Operator, Service, ServiceForUser};
use orchard_testkit::matrix::Admits::{Hidden, Only};
use orchard_testkit::matrix::{Table, USERS, findings};

use crate::world::World;

const TABLE: &Table = &[
    ("ProfessionalService/CreateProfessional", Only(&[USERS])),
    ("ProfessionalService/GetProfessional", Only(&[USERS])),
    ("ProfessionalService/BatchGetProfessionals", Only(&[USERS])),
    ("ProfessionalService/UpdateProfessional", Only(&[USERS])),
    ("ProfessionalService/GetVerificationDocuments", Only(&[USERS])),
    ("ProfessionalService/SetVerificationDocuments", Only(&[USERS])),
    ("VerificationService/ListPendingProfessionals", Only(&[&[Operator]])),
    ("VerificationService/VerifyProfessional", Only(&[&[Operator]])),
    ("VerificationService/RejectProfessional", Only(&[&[Operator]])),
    ("VerificationService/SuspendProfessional", Only(&[&[Operator]])),
    ("VerificationService/RestoreProfessional", Only(&[&[Operator]])),
    ("DirectoryService/SearchProfessionals", Only(&[USERS])),
    ("AvailabilityService/GetSchedule", Only(&[USERS])),
    ("AvailabilityService/SetSchedule", Only(&[USERS])),
    ("AvailabilityService/ListAvailableSlots", Only(&[USERS])),
    ("AvailabilityService/BatchGetNextSlots", Only(&[USERS])),
    ("BookingService/HoldSlot", Only(&[USERS])),
    ("BookingService/ReleaseSlotHold", Only(&[USERS])),
    ("BookingService/BookSession", Only(&[USERS])),
    ("BookingService/RescheduleSession", Only(&[USERS])),
    ("BookingService/ScheduleFollowUp", Only(&[USERS])),
    ("PaymentService/PaySession", Only(&[USERS])),
    ("SessionService/GetSession", Only(&[USERS])),
    ("SessionService/ListMySessions", Only(&[USERS])),
    ("SessionService/ListProfessionalSessions", Only(&[USERS])),
    ("SessionService/CancelSession", Only(&[USERS])),
    ("SessionService/CompleteSession", Only(&[USERS])),
    ("SessionService/MarkNoShow", Only(&[USERS])),
    ("SessionService/RateSession", Only(&[USERS])),
    ("SessionService/SetSessionNotes", Only(&[USERS])),
    ("SessionService/SetRecordingConsent", Only(&[USERS])),
    ("SessionService/SetRecording", Only(&[USERS])),
    ("SessionService/ExportSessionCalendar", Only(&[USERS])),
];

const EVENTS: &Table = &[
    ("OutboxService/ListParkedEvents", Only(&[&[Operator]])),
    ("OutboxService/ReplayParkedEvent", Only(&[&[Operator]])),
    ("OutboxService/DiscardParkedEvent", Only(&[&[Operator]])),
    // This service consumes no events.
    ("InboxService/DeliverEvents", Hidden),
];

const INTENTS: &Table = &[
    ("IntentService/ListIntents", Only(&[&[Operator]])),
    ("IntentService/RetryIntent", Only(&[&[Operator]])),
    ("IntentService/GiveUpIntent", Only(&[&[Operator]])),
];

const SOCIAL: &[Actor] = &[Service("social"), ServiceForUser("social")];

const PRIVACY: &Table =
    &[("PrivacyService/EraseUser", Only(&[&[Operator], SOCIAL])), ("PrivacyService/ExportUser", Only(&[USERS, SOCIAL]))];

#[tokio::test]
async fn each_method_admits_those_it_is_for() -> anyhow::Result<()> {
    let slice = World::start().await?.slice;
    for (package, table) in [
        ("orchard.consultation.v1", TABLE),
        ("orchard.events.v1", EVENTS),
        ("orchard.intents.v1", INTENTS),
        ("orchard.privacy.v1", PRIVACY),
    ] {
        let findings = findings(&slice.running.channel()?, &slice.keys, DESCRIPTORS, package, table).await?;
        assert_eq!(findings, Vec::<String>::new());
    }
    Ok(())
}
