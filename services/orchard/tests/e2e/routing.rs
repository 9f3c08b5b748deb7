use std::time::Duration;

use orchard_proto::consultation::v1 as consultation;
use orchard_proto::consultation::v1::professional_service_client::ProfessionalServiceClient;
use orchard_proto::family::v1 as family;
use orchard_proto::family::v1::member_service_client::MemberServiceClient;
use orchard_proto::family::v1::nutrition_service_client::NutritionServiceClient;
use orchard_proto::family::v1::plan_service_client::PlanServiceClient;
use orchard_proto::family::v1::wallet_service_client::WalletServiceClient;
use orchard_proto::recipe::v1 as recipe;
use orchard_proto::recipe::v1::recipe_service_client::RecipeServiceClient;
use orchard_testkit::answer::{Refusal, metadata, refusal, refused};
use orchard_testkit::client::Headers;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::{Code, Request};
use tonic_prost::ProstCodec;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::v1::{ServerReflectionRequest, ServerReflectionResponse};

use crate::suite::{Suite, euros, id};

#[tokio::test]
async fn every_slice_is_reached_through_the_edge() -> anyhow::Result<()> {
    let suite = Suite::start().await?;
    let user = id();
    suite.plan(user).await?;
    let request = recipe::CreateRecipeRequest {
        recipe_name: "Apple crumble".to_owned(),
        ingredients: vec![recipe::Ingredient { food: "apple".to_owned(), ..Default::default() }],
        instructions: vec!["Bake.".to_owned()],
        request_id: id().to_string(),
        ..Default::default()
    };
    let made = RecipeServiceClient::new(suite.user(user)?).create_recipe(request).await?.into_inner().recipe;
    let get = recipe::GetRecipeRequest { recipe_id: made.expect("a recipe").recipe_id };
    let read = RecipeServiceClient::new(suite.user(id())?).get_recipe(get).await?.into_inner().recipe;
    assert_eq!(read.expect("a recipe").recipe_name, "Apple crumble");

    let request = consultation::CreateProfessionalRequest {
        professional_name: "Dr. Pear".to_owned(),
        request_id: id().to_string(),
        ..Default::default()
    };
    let mut operator = ProfessionalServiceClient::new(suite.user_with(id(), &["operator"])?);
    let made = operator.create_professional(request).await?.into_inner().professional.expect("a professional");
    let get = || consultation::GetProfessionalRequest { professional_id: made.professional_id.clone() };
    assert!(operator.get_professional(get()).await.is_ok(), "the role came along");
    let stranger = ProfessionalServiceClient::new(suite.user(id())?).get_professional(get()).await;
    assert_eq!(refused(stranger), (Code::NotFound, "PROFESSIONAL_NOT_FOUND".to_owned()));
    Ok(())
}

#[tokio::test]
async fn methods_for_services_are_unknown_at_the_edge() -> anyhow::Result<()> {
    let suite = Suite::start().await?;
    let unknown = (Code::Unimplemented, "METHOD_UNKNOWN".to_owned());
    let token = suite.keys.workload_token("billing", Duration::from_secs(60))?;
    let billing = Headers::bearer(&token)?.on(suite.edge.channel()?);
    for client in [billing, suite.user(id())?] {
        let deposit = WalletServiceClient::new(client).deposit(family::DepositRequest::default()).await;
        assert_eq!(refused(deposit), unknown);
    }
    for path in ["/orchard.family.v1.PlanService/Nope", "/orchard.secret.v1.X/Y", "/orchard.family.v1", "/"] {
        let mut client = tonic::client::Grpc::new(suite.user(id())?);
        client.ready().await?;
        let codec: ProstCodec<family::GetPlanRequest, family::GetPlanResponse> = ProstCodec::default();
        let answer = client.unary(Request::new(family::GetPlanRequest::default()), path.parse()?, codec).await;
        assert_eq!(refused(answer), unknown, "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn refusals_of_a_slice_pass_the_edge_unchanged() -> anyhow::Result<()> {
    let suite = Suite::start().await?;
    let user = id();
    let plan = suite.plan(user).await?;
    suite.deposit(&plan, 1).await?;
    let spend =
        family::SpendRequest { family_plan_id: plan, amount: euros(3), reason: "Pears".to_owned(), request_id: id().to_string() };
    let overdraft = WalletServiceClient::new(suite.user(user)?).spend(spend).await.expect_err("an overdraft");
    assert_eq!(metadata(&overdraft, "shortfall").as_deref(), Some("2.00"));
    assert_eq!(
        refusal(&overdraft),
        Refusal { code: Code::FailedPrecondition, reason: "INSUFFICIENT_FUNDS".to_owned(), domain: "orchard.family".to_owned() }
    );

    // The edge does not decode messages: the slice refuses these bytes.
    let mut client = tonic::client::Grpc::new(suite.user(user)?);
    client.ready().await?;
    let path = PathAndQuery::from_static("/orchard.family.v1.PlanService/GetPlan");
    let codec: ProstCodec<prost_types::Timestamp, family::GetPlanResponse> = ProstCodec::default();
    let number = Request::new(prost_types::Timestamp { seconds: 5, nanos: 0 });
    let status = client.unary(number, path, codec).await.expect_err("not a message");
    let Refusal { code, reason, domain } = refusal(&status);
    assert_eq!((code, reason.as_str(), domain.as_str()), (Code::InvalidArgument, "MESSAGE_MALFORMED", "orchard.family"));

    let nobody = Headers::none().on(suite.edge.channel()?);
    let status = PlanServiceClient::new(nobody).get_plan(family::GetPlanRequest::default()).await.expect_err("no token");
    let Refusal { code, reason, domain } = refusal(&status);
    assert_eq!((code, reason.as_str(), domain.as_str()), (Code::Unauthenticated, "TOKEN_MISSING", "orchard.edge"));
    Ok(())
}

#[tokio::test]
async fn the_edge_accepts_requests_as_large_as_a_slice_does() -> anyhow::Result<()> {
    let suite = Suite::start().await?;
    let client = suite.user(id())?;
    let request = |id_bytes: usize| family::GetPlanRequest { family_plan_id: "x".repeat(id_bytes) };
    // Tag and length of the field take four bytes.
    let longest = PlanServiceClient::new(client.clone()).get_plan(request(orchard_server::MAX_MESSAGE_BYTES - 4)).await;
    assert_eq!(refused(longest), (Code::InvalidArgument, "FIELDS_INVALID".to_owned()), "the slice refuses it");
    let longer = PlanServiceClient::new(client).get_plan(request(orchard_server::MAX_MESSAGE_BYTES - 3)).await;
    assert_eq!(refused(longer), (Code::ResourceExhausted, "MESSAGE_TOO_LARGE".to_owned()));
    Ok(())
}

/// Refusals are sent in headers, whose size every client and proxy limits: one that is too large ends the connection for all callers.
#[tokio::test]
async fn the_largest_refusals_reach_the_caller() -> anyhow::Result<()> {
    let suite = Suite::start().await?;
    let user = id();
    let intakes = vec![family::NewIntake { calories_consumed: -1, ..Default::default() }; 100];
    let request = family::RecordIntakeRequest { intakes, request_id: "x".repeat(100_000) };
    let status = NutritionServiceClient::new(suite.user(user)?).record_intake(request).await.expect_err("refused");
    assert_eq!(refusal(&status).reason, "FIELDS_INVALID", "{status:?}");
    let update_mask = Some(prost_types::FieldMask { paths: vec!["\u{1F34E}".repeat(50_000)] });
    let request = family::UpdateMemberRequest { member: None, update_mask };
    let status = MemberServiceClient::new(suite.user(user)?).update_member(request).await.expect_err("refused");
    assert_eq!(refusal(&status).reason, "FIELDS_INVALID", "{status:?}");
    suite.plan(user).await?;
    Ok(())
}

/// Up to the limit of the edge's own port, it has either room for what it adds, or says so.
#[tokio::test]
async fn metadata_that_leaves_no_room_for_the_edges_own_is_refused_there() -> anyhow::Result<()> {
    let suite = Suite::start().await?;
    let user = id();
    let mut refusals = 0;
    for bytes in (29_000..31_600).step_by(100) {
        let mut request = Request::new(family::GetPlanRequest { family_plan_id: id().to_string() });
        request.metadata_mut().insert("x-large", "x".repeat(bytes).parse()?);
        match refused(PlanServiceClient::new(suite.user(user)?).get_plan(request).await) {
            (Code::ResourceExhausted, reason) if reason == "METADATA_TOO_LARGE" => refusals += 1,
            answered => assert_eq!(answered, (Code::NotFound, "PLAN_NOT_FOUND".to_owned()), "{bytes}"),
        }
    }
    assert!((1..26).contains(&refusals), "{refusals}");
    suite.plan(id()).await?;
    Ok(())
}

#[tokio::test]
async fn reflection_lists_the_methods_of_the_edge_and_the_slices() -> anyhow::Result<()> {
    let suite = Suite::start().await?;
    let list =
        ServerReflectionRequest { host: String::new(), message_request: Some(MessageRequest::ListServices(String::new())) };
    let symbol = |name: &str| ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::FileContainingSymbol(name.to_owned())),
    };
    let answer = async |request| -> anyhow::Result<ServerReflectionResponse> {
        let mut client = ServerReflectionClient::new(suite.edge.channel()?);
        let mut answers = client.server_reflection_info(tokio_stream::once(request)).await?.into_inner();
        Ok(answers.message().await?.expect("an answer"))
    };
    let Some(MessageResponse::ListServicesResponse(services)) = answer(list).await?.message_response else {
        anyhow::bail!("no list of services");
    };
    let names: Vec<_> = services.service.iter().map(|service| service.name.as_str()).collect();
    for name in ["orchard.edge.v1.EdgeService", "orchard.family.v1.WalletService", "orchard.recipe.v1.RecipeService"] {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
    let method = answer(symbol("orchard.family.v1.WalletService.Spend")).await?.message_response;
    assert!(matches!(method, Some(MessageResponse::FileDescriptorResponse(_))), "{method:?}");
    let hidden = answer(symbol("orchard.family.v1.WalletService.Deposit")).await;
    assert!(!matches!(hidden.ok().and_then(|a| a.message_response), Some(MessageResponse::FileDescriptorResponse(_))));
    Ok(())
}
