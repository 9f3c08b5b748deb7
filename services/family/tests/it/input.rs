//! Invalid requests, each of which is refused with a clear reason.

use orchard_proto::family::v1 as pb;
use orchard_proto::family::v1::plan_service_client::PlanServiceClient;
use orchard_proto::google::r#type::{Date, Money};
use orchard_testkit::answer::{refused, violations};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::{Code, Request};
use tonic_prost::ProstCodec;

use crate::world::{World, euros, id, not_found};

#[tokio::test]
async fn all_field_violations_are_reported_together() -> anyhow::Result<()> {
    let world = World::start().await?;
    let user = id();
    let request = pb::CreatePlanRequest {
        family_name: "x".repeat(101),
        time_zone: "Europe/Atlantis".to_owned(),
        request_id: "1".to_owned(),
    };
    assert_eq!(violations(world.plans(user)?.create_plan(request).await), ["family_name", "time_zone", "request_id"]);

    let request = pb::CreateInvitationRequest {
        family_plan_id: "{}".to_owned(),
        invitee_user_id: "me".to_owned(),
        role: 99,
        relationship: "line\nbreak".to_owned(),
        ttl: Some(prost_types::Duration { seconds: -1, nanos: 0 }),
        request_id: String::new(),
    };
    let paths = ["family_plan_id", "invitee_user_id", "role", "relationship", "ttl", "request_id"];
    assert_eq!(violations(world.invitations(user)?.create_invitation(request).await), paths);

    let bad = pb::NewIntake {
        consumption_date: Some(Date { year: 2026, month: 2, day: 30 }),
        calories_consumed: -1,
        meal: 0,
        source: 17,
    };
    let request = pb::RecordIntakeRequest { intakes: vec![bad], request_id: id().to_string() };
    let paths = ["intakes[0].consumption_date", "intakes[0].calories_consumed", "intakes[0].meal", "intakes[0].source"];
    assert_eq!(violations(world.nutrition(user)?.record_intake(request).await), paths);

    let none = pb::AcceptInvitationRequest { invitation: None };
    assert_eq!(violations(world.invitations(user)?.accept_invitation(none).await), ["invitation"]);
    Ok(())
}

#[tokio::test]
async fn money_must_be_whole_cents_of_the_currency() -> anyhow::Result<()> {
    let world = World::start().await?;
    let holder = id();
    let plan = world.family(holder).await?;
    let money = |currency_code: &str, units, nanos| Some(Money { currency_code: currency_code.to_owned(), units, nanos });
    let amounts = [
        None,
        money("USD", 1, 0),
        money("EUR", 0, 0),
        money("EUR", -1, 0),
        money("EUR", 1, -10_000_000),
        money("EUR", 0, 5_000_000),
        money("EUR", 100_000_000, 0),
        money("EUR", i64::MIN, i32::MIN),
    ];
    for amount in amounts {
        let request = pb::SpendRequest {
            family_plan_id: plan.clone(),
            amount: amount.clone(),
            reason: "x".to_owned(),
            request_id: id().to_string(),
        };
        assert_eq!(violations(world.wallet(holder)?.spend(request).await), ["amount"], "{amount:?}");
    }
    assert_eq!(world.balance(&plan).await?, (0, 0));
    Ok(())
}

#[tokio::test]
async fn text_with_control_characters_or_only_blanks_is_refused() -> anyhow::Result<()> {
    let world = World::start().await?;
    let holder = id();
    let plan = world.family(holder).await?;
    for reason in ["a\0b", "\u{202E}evil", "   "] {
        let request = pb::SpendRequest {
            family_plan_id: plan.clone(),
            amount: euros(1),
            reason: reason.to_owned(),
            request_id: id().to_string(),
        };
        assert_eq!(violations(world.wallet(holder)?.spend(request).await), ["reason"], "{reason:?}");
    }
    Ok(())
}

#[tokio::test]
async fn malformed_and_oversized_messages_are_refused() -> anyhow::Result<()> {
    let world = World::start().await?;
    let request = pb::CreatePlanRequest { family_name: "x".repeat(2 * 1024 * 1024), ..Default::default() };
    let answer = world.plans(id())?.create_plan(request).await;
    assert_eq!(refused(answer), (Code::ResourceExhausted, "MESSAGE_TOO_LARGE".to_owned()));

    let mut request = Request::new(pb::GetPlanRequest::default());
    request.metadata_mut().insert("grpc-encoding", "gzip".parse()?);
    let answer = world.plans(id())?.get_plan(request).await;
    assert_eq!(refused(answer), (Code::Unimplemented, "ENCODING_UNSUPPORTED".to_owned()));

    // The field of the method's message is a string, and this one is a number.
    let mut client = tonic::client::Grpc::new(world.slice.user(id())?);
    client.ready().await?;
    let path = PathAndQuery::from_static("/orchard.family.v1.PlanService/GetPlan");
    let number = Request::new(prost_types::Timestamp { seconds: 5, nanos: 0 });
    let codec: ProstCodec<prost_types::Timestamp, pb::GetPlanResponse> = ProstCodec::default();
    let answer = client.unary(number, path, codec).await;
    assert_eq!(refused(answer), (Code::InvalidArgument, "MESSAGE_MALFORMED".to_owned()));
    Ok(())
}

#[tokio::test]
async fn unknown_methods_are_refused() -> anyhow::Result<()> {
    let world = World::start().await?;
    for path in ["/orchard.family.v1.PlanService/DropPlan", "/orchard.social.v1.ProfileService/GetProfile", "/", "/x"] {
        let mut client = tonic::client::Grpc::new(world.slice.user(id())?);
        client.ready().await?;
        let codec: ProstCodec<pb::GetPlanRequest, pb::GetPlanResponse> = ProstCodec::default();
        let answer = client.unary(Request::new(pb::GetPlanRequest::default()), path.parse()?, codec).await;
        assert_eq!(refused(answer), (Code::Unimplemented, "METHOD_UNKNOWN".to_owned()), "{path}");
    }
    // The connection still serves.
    let plan = world.family(id()).await?;
    let mut client = PlanServiceClient::new(world.slice.user(id())?);
    let answer = client.get_plan(pb::GetPlanRequest { family_plan_id: plan }).await;
    assert_eq!(refused(answer), not_found("PLAN_NOT_FOUND"));
    Ok(())
}
