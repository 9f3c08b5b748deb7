//! Users' texts and tokens appear in no log, span or metric, even when calls fail.

use std::time::Duration;

use orchard_proto::DESCRIPTORS;
use orchard_proto::consultation::v1 as consultation;
use orchard_proto::consultation::v1::professional_service_client::ProfessionalServiceClient;
use orchard_proto::family::v1 as family;
use orchard_proto::family::v1::invitation_service_client::InvitationServiceClient;
use orchard_proto::family::v1::plan_service_client::PlanServiceClient;
use orchard_proto::family::v1::wallet_service_client::WalletServiceClient;
use orchard_proto::recipe::v1 as recipe;
use orchard_proto::recipe::v1::recipe_service_client::RecipeServiceClient;
use orchard_proto::social::v1 as social;
use orchard_proto::social::v1::challenge_service_client::ChallengeServiceClient;
use orchard_proto::social::v1::profile_service_client::ProfileServiceClient;
use orchard_proto::social::v1::progress_service_client::ProgressServiceClient;
use orchard_testkit::answer::refused;
use orchard_testkit::client::{Client, Headers};
use orchard_testkit::scrape::Metrics;
use orchard_testkit::service::channel;
use prost_reflect::{DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor, Value};
use tonic::{Code, Request, Status};
use tonic_prost::ProstCodec;
use uuid::Uuid;

use crate::programs::Programs;
use crate::suite::{euros, id, today};

/// Found in any spelling: unit names are stored in lower case, and slugs lose punctuation.
const CANARY: &str = "canary";
const TEXT: &str = "Canary Q. canary@example.org +49-canary";

fn text() -> String {
    TEXT.to_owned()
}

/// Returns a message with the canary in every text, at any depth.
fn filled(of: &MessageDescriptor, depth: usize) -> DynamicMessage {
    let mut message = DynamicMessage::new(of.clone());
    for field in of.fields() {
        if let Some(value) = value(&field, depth) {
            let value = if field.is_list() { Value::List(vec![value]) } else { value };
            message.set_field(&field, value);
        }
    }
    message
}

fn value(field: &FieldDescriptor, depth: usize) -> Option<Value> {
    match field.kind() {
        _ if field.is_map() => None,
        Kind::String => Some(Value::String(text())),
        Kind::Bytes => Some(Value::Bytes(TEXT.into())),
        Kind::Message(inner) if depth < 5 => Some(Value::Message(filled(&inner, depth + 1))),
        _ => None,
    }
}

async fn call(client: Client, method: &MethodDescriptor) -> Result<(), Status> {
    let mut grpc = tonic::client::Grpc::new(client);
    grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
    let path = format!("/{}/{}", method.parent_service().full_name(), method.name()).parse().expect("a path");
    let codec = ProstCodec::<DynamicMessage, ()>::default();
    grpc.unary(Request::new(filled(&method.input(), 0)), path, codec).await.map(|_answer| ())
}

/// Calls every method with the canary in every text, and returns how many calls were refused.
async fn refusals(programs: &Programs) -> anyhow::Result<usize> {
    let pool = DescriptorPool::decode(DESCRIPTORS)?;
    let slices = [
        ("orchard.family.v1", &programs.family),
        ("orchard.social.v1", &programs.social),
        ("orchard.recipe.v1", &programs.recipe),
        ("orchard.consultation.v1", &programs.consultation),
    ];
    let mut refused = 0;
    for service in pool.services().filter(|service| service.package_name().starts_with("orchard.")) {
        for method in service.methods() {
            let mut answers = vec![call(programs.user(id())?, &method).await];
            // Shared services, such as the inbox, are called at every slice.
            let is_shared = slices.iter().all(|(package, _)| *package != service.package_name());
            for (_, slice) in slices.iter().filter(|(package, _)| is_shared || *package == service.package_name()) {
                for name in ["edge", "billing", "identity", "family"] {
                    answers.push(call(programs.service(name, slice)?, &method).await);
                }
            }
            refused += answers.iter().filter(|answer| answer.is_err()).count();
        }
    }
    Ok(refused)
}

fn new_recipe() -> recipe::CreateRecipeRequest {
    let ingredient = recipe::Ingredient {
        food: format!("apple {CANARY}"),
        quantity: "2".to_owned(),
        note: text(),
        original_text: text(),
        ..Default::default()
    };
    recipe::CreateRecipeRequest {
        recipe_name: text(),
        description: text(),
        ingredients: vec![ingredient],
        instructions: vec![text()],
        tags: vec![CANARY.to_owned()],
        image_url: format!("https://example.org/{CANARY}.jpg"),
        request_id: id().to_string(),
        ..Default::default()
    }
}

fn new_professional() -> consultation::CreateProfessionalRequest {
    consultation::CreateProfessionalRequest {
        professional_name: text(),
        credentials: vec![text()],
        bio: text(),
        languages: vec![text()],
        profile_image_url: format!("https://example.org/{CANARY}.jpg"),
        request_id: id().to_string(),
        ..Default::default()
    }
}

fn new_challenge() -> social::CreateChallengeRequest {
    use social::scoring::Rule;
    social::CreateChallengeRequest {
        challenge_name: text(),
        description: text(),
        duration_days: 7,
        start_date: today(),
        scoring: Some(social::Scoring { rule: Some(Rule::Consistency(social::ConsistencyScoring { daily_target_servings: 5 })) }),
        request_id: id().to_string(),
        ..Default::default()
    }
}

fn spend(plan: &str) -> family::SpendRequest {
    family::SpendRequest { family_plan_id: plan.to_owned(), amount: euros(1), reason: text(), request_id: id().to_string() }
}

/// Makes valid calls, and returns the plan and its holder.
async fn valid_calls(programs: &Programs) -> anyhow::Result<(String, Uuid)> {
    let user = id();
    let client = || programs.user(user);
    let plan = family::CreatePlanRequest { family_name: text(), time_zone: "UTC".to_owned(), request_id: id().to_string() };
    let plan = PlanServiceClient::new(client()?).create_plan(plan).await?.into_inner().plan.expect("a plan").family_plan_id;
    let invitation = family::CreateInvitationRequest {
        family_plan_id: plan.clone(),
        role: family::MemberRole::Member.into(),
        relationship: format!("Their {CANARY}"),
        request_id: id().to_string(),
        ..Default::default()
    };
    InvitationServiceClient::new(client()?).create_invitation(invitation).await?;
    let deposit =
        family::DepositRequest { family_plan_id: plan.clone(), amount: euros(99), reference: CANARY.to_owned(), reason: text() };
    WalletServiceClient::new(programs.service("billing", &programs.family)?).deposit(deposit).await?;
    WalletServiceClient::new(client()?).spend(spend(&plan)).await?;

    let profile = social::RegisterProfileRequest {
        user_id: user.to_string(),
        display_name: text(),
        time_zone: "UTC".to_owned(),
        ..Default::default()
    };
    ProfileServiceClient::new(programs.service("identity", &programs.social)?).register_profile(profile).await?;
    let made = ChallengeServiceClient::new(client()?).create_challenge(new_challenge()).await?.into_inner();
    let challenge_id = made.challenge.expect("a challenge").challenge_id;
    let join = social::JoinChallengeRequest { challenge_id: challenge_id.clone(), ..Default::default() };
    ChallengeServiceClient::new(client()?).join_challenge(join).await?;
    let eaten = social::FruitServings { fruit: "apple".to_owned(), servings: 5 };
    let day = social::RecordProgressRequest {
        challenge_id,
        progress_date: today(),
        progress_data: Some(social::ProgressData { fruits: vec![eaten], amount: 0 }),
        notes: text(),
        auto_generated: false,
    };
    ProgressServiceClient::new(client()?).record_progress(day).await?;
    RecipeServiceClient::new(client()?).create_recipe(new_recipe()).await?;
    ProfessionalServiceClient::new(client()?).create_professional(new_professional()).await?;
    Ok((plan, user))
}

/// Causes database errors, each with the canary in the row.
async fn database_errors(programs: &Programs, plan: &str, user: Uuid) -> anyhow::Result<()> {
    let client = || programs.user(user);
    let internal = (Code::Internal, "INTERNAL".to_owned());
    let refuse = "ADD CONSTRAINT no_birds CHECK (to_jsonb(t)::text = '') NOT VALID";
    // PostgreSQL quotes the whole row in the detail of a constraint violation.
    for (slice, table, column) in [
        (&programs.family, "wallet_entries", "reason"),
        (&programs.recipe, "user_recipes", "recipe_name"),
        (&programs.consultation, "health_professionals", "professional_name"),
        (&programs.social, "community_challenges", "challenge_name"),
    ] {
        let refuse = refuse.replace("to_jsonb(t)::text", column);
        slice.schema.connect().await?.batch_execute(&format!("ALTER TABLE {table} {refuse}")).await?;
    }
    assert_eq!(refused(WalletServiceClient::new(client()?).spend(spend(plan)).await), internal);
    assert_eq!(refused(RecipeServiceClient::new(client()?).create_recipe(new_recipe()).await), internal);
    let mut other = ProfessionalServiceClient::new(programs.user(id())?);
    assert_eq!(refused(other.create_professional(new_professional()).await), internal);
    assert_eq!(refused(ChallengeServiceClient::new(client()?).create_challenge(new_challenge()).await), internal);

    // PostgreSQL quotes a value that it cannot cast in the message.
    let database = programs.family.schema.connect().await?;
    let cast = "ALTER TABLE wallet_entries DROP CONSTRAINT no_birds, ADD CONSTRAINT quoting CHECK (reason::int > 0) NOT VALID";
    database.batch_execute(cast).await?;
    assert_eq!(refused(WalletServiceClient::new(client()?).spend(spend(plan)).await), internal);

    // A statement that takes too long, and a missing table.
    let lock = format!("BEGIN; SELECT 1 FROM family_plans WHERE id = '{plan}' FOR UPDATE");
    database.batch_execute(&lock).await?;
    assert_eq!(refused(WalletServiceClient::new(client()?).spend(spend(plan)).await).0, Code::DeadlineExceeded);
    database.batch_execute("ROLLBACK; ALTER TABLE wallet_entries RENAME TO gone").await?;
    assert_eq!(refused(WalletServiceClient::new(client()?).spend(spend(plan)).await), internal);
    Ok(())
}

#[tokio::test]
async fn the_canary_is_in_no_log_no_span_and_no_metric() -> anyhow::Result<()> {
    for log in ["info", "trace"] {
        let settings = [("ORCHARD_LOG", log.to_owned()), ("ORCHARD_STATEMENT_TIMEOUT", "500ms".to_owned())];
        let programs = Programs::start(&settings).await?;
        let refusals = refusals(&programs).await?;
        assert!(refusals > 40, "{refusals} refusals");
        let (plan, user) = valid_calls(&programs).await?;
        database_errors(&programs, &plan, user).await?;
        // A valid token, and a forged one.
        let token = programs.keys.user_token(user, &[], Duration::from_secs(600))?;
        let forged = format!("{}.{CANARY}", token.rsplit_once('.').expect("a signature").0);
        let forger = Headers::bearer(&forged)?.on(channel(programs.edge.address)?);
        assert!(PlanServiceClient::new(forger).get_plan(family::GetPlanRequest::default()).await.is_err());

        let mut outputs = Vec::new();
        let slices = [&programs.family, &programs.social, &programs.recipe, &programs.consultation];
        for admin in slices.map(|slice| slice.program.admin_address).into_iter().chain([programs.edge.admin_address]) {
            outputs.push(Metrics::of(admin).await?.text().to_owned());
        }
        let (collector, logs) = programs.stop().await?;
        assert!(collector.spans().len() > 100 && logs.iter().all(|log| !log.is_empty()));
        assert!(logs[1].contains("database fault"));
        outputs.extend(logs);
        outputs.push(collector.raw());
        let header = token.split('.').next().expect("a header");
        for output in outputs {
            // The driver prints parameters as bytes.
            for secret in [CANARY, header, "99, 97, 110, 97, 114, 121"] {
                let found = output.lines().find(|line| line.to_lowercase().contains(&secret.to_lowercase()));
                assert_eq!(found.map(|line| &line[..line.len().min(2_000)]), None, "at {log}: {secret}");
            }
        }
    }
    Ok(())
}
