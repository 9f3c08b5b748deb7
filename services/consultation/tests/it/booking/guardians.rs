//! Children, for whom guardians book.

use orchard_proto::consultation::v1 as pb;
use orchard_proto::family::v1 as family;
use orchard_proto::family::v1::member_service_client::MemberServiceClient;
use orchard_proto::family::v1::plan_service_client::PlanServiceClient;
use orchard_testkit::answer::refused;
use tonic::Code;
use uuid::Uuid;

use crate::practice::{PRICE, hours, wanted, wire};
use crate::world::{World, euros, id};

impl World {
    /// Adds a child to a family of its guardian.
    pub async fn child_of(&self, guardian: Uuid) -> anyhow::Result<Uuid> {
        let service = self.family.as_ref().expect("a family service");
        let plan = family::CreatePlanRequest {
            family_name: "Home".to_owned(),
            time_zone: "UTC".to_owned(),
            request_id: id().to_string(),
        };
        let plan = PlanServiceClient::new(service.user(guardian)?).create_plan(plan).await?.into_inner().plan;
        let child = family::AddChildRequest {
            family_plan_id: plan.expect("a plan").family_plan_id,
            display_name: "Pip".to_owned(),
            guardian_consent: true,
            request_id: id().to_string(),
            ..Default::default()
        };
        let child = MemberServiceClient::new(service.user(guardian)?).add_child(child).await?.into_inner().member;
        Ok(child.expect("a member").user_id.parse()?)
    }
}

#[tokio::test]
async fn a_childs_sessions_are_the_guardians_to_decide() -> anyhow::Result<()> {
    let world = World::with_family().await?;
    let (practice, guardian) = (world.practice().await?, id());
    let child = world.child_of(guardian).await?;
    let for_child = |start| pb::BookSessionRequest { user_id: child.to_string(), ..wanted(&practice, start) };
    let denied = |reason: &str| (Code::PermissionDenied, reason.to_owned());
    assert_eq!(refused(world.book(child, &practice, hours(24)).await), denied("GUARDIAN_REQUIRED"));
    assert_eq!(refused(world.hold(child, &practice, hours(24)).await), denied("GUARDIAN_REQUIRED"));
    assert_eq!(refused(world.book_as(id(), for_child(hours(24))).await), denied("NOT_GUARDIAN"));
    let for_adult = pb::BookSessionRequest { user_id: id().to_string(), ..wanted(&practice, hours(24)) };
    assert_eq!(refused(world.book_as(guardian, for_adult).await), denied("NOT_GUARDIAN"));
    assert_eq!(world.count("SELECT count(*) FROM time_claims").await?, 0);

    let booked = world.book_as(guardian, for_child(hours(24))).await?;
    assert_eq!((&booked.user_id, &booked.booked_by_user_id), (&child.to_string(), &guardian.to_string()));
    // The guardian may be elsewhere at that time.
    let other = world.practice().await?;
    world.book(guardian, &other, hours(24)).await?;
    assert_eq!(world.session(child, &booked.session_id).await?, booked, "the child reads it");
    let not_client = denied("NOT_CLIENT");
    assert_eq!(refused(world.cancel(child, &booked).await), not_client);
    assert_eq!(refused(world.reschedule(child, &booked, hours(30)).await), not_client);
    assert_eq!(refused(world.consent(child, &booked, true).await), not_client);
    let hold = pb::HoldSlotRequest {
        professional_id: practice.id.clone(),
        start_time: wire(hours(26)),
        price: euros(PRICE),
        user_id: child.to_string(),
        request_id: id().to_string(),
    };
    let hold = world.bookings(guardian).hold_slot(hold).await?.into_inner().slot_hold.expect("a hold");
    world.release(child, &hold).await?;
    assert_eq!(refused(world.book(id(), &practice, hours(26)).await), (Code::FailedPrecondition, "SLOT_TAKEN".to_owned()));
    let moved = world.reschedule(guardian, &booked, hours(30)).await?;
    let begun = world.bring_forward(guardian, &moved, 30).await?;
    assert_eq!(refused(world.follow_up(child, &begun, hours(48)).await), not_client);
    let follow_up = world.follow_up(practice.account, &begun, hours(48)).await?;
    assert_eq!(follow_up.booked_by_user_id, guardian.to_string());
    world.complete(practice.account, &begun).await?;
    assert_eq!(refused(world.rate(child, &begun, 5, "").await), not_client);
    world.rate(guardian, &begun, 5, "").await?;

    for (user, expected) in [(guardian, 3), (child, 2)] {
        let list = pb::ListMySessionsRequest::default();
        let listed = world.sessions(user).list_my_sessions(list).await?.into_inner().sessions;
        assert_eq!(listed.len(), expected);
    }
    Ok(())
}

#[tokio::test]
async fn without_an_answer_of_the_family_service_nothing_is_booked() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (practice, client) = (world.practice().await?, id());
    let away = (Code::Unavailable, "UPSTREAM_UNAVAILABLE".to_owned());
    assert_eq!(refused(world.book(client, &practice, hours(24)).await), away);
    assert_eq!(refused(world.hold(client, &practice, hours(24)).await), away);
    let keys = "SELECT count(*) FROM idempotency_keys WHERE method <> 'CreateProfessional'";
    assert_eq!((world.count("SELECT count(*) FROM time_claims").await?, world.count(keys).await?), (0, 0));
    Ok(())
}
