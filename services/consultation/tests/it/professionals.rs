use std::sync::Arc;

use orchard_proto::consultation::v1 as pb;
use orchard_proto::consultation::v1::professional_service_client::ProfessionalServiceClient;
use orchard_testkit::answer::{refusal, refused};
use orchard_testkit::client::Headers;
use pb::{Specialization, VerificationStatus};
use tokio::task::JoinSet;
use tonic::Code;

use crate::world::Someone::{Operator, User};
use crate::world::{World, euros, flora, id, insist, strings};

fn not_found() -> (Code, String) {
    (Code::NotFound, "PROFESSIONAL_NOT_FOUND".to_owned())
}

#[tokio::test]
async fn a_created_entry_is_read_back_unchanged() -> anyhow::Result<()> {
    let world = World::start().await?;
    let applicant = id();
    let professional = world.create(User(applicant), flora()).await?;
    assert!(professional.create_time.is_some());
    let expected = pb::Professional {
        professional_id: professional.professional_id.clone(),
        user_id: applicant.to_string(),
        professional_name: "Flora Mandel".to_owned(),
        credentials: strings(&["RD", "PhD"]),
        specializations: vec![Specialization::HeartHealth.into(), Specialization::Diabetes.into()],
        bio: "Helps families.\n\nEats fruit.".to_owned(),
        years_experience: Some(0),
        consultation_rate: euros(6_550),
        languages: strings(&["English", "Deutsch"]),
        profile_image_url: "https://example.org/flora.jpg".to_owned(),
        verification_status: VerificationStatus::Pending.into(),
        rating_average: None,
        total_consultations: 0,
        is_available: true,
        create_time: professional.create_time,
        update_time: professional.create_time,
        etag: "1".to_owned(),
        verification_note: String::new(),
    };
    assert_eq!(professional, expected);
    assert_eq!(world.get(User(applicant), &professional.professional_id).await?, expected);

    let client = world.slice.schema.connect().await?;
    let row = client.query_one("SELECT specializations, consultation_rate::text FROM health_professionals", &[]).await?;
    assert_eq!(row.get::<_, Vec<String>>(0), strings(&["heart_health", "diabetes"]), "as the specification spells them");
    assert_eq!(row.get::<_, String>(1), "65.50");
    Ok(())
}

#[tokio::test]
async fn omitted_fields_are_absent() -> anyhow::Result<()> {
    let world = World::start().await?;
    let request = pb::CreateProfessionalRequest {
        professional_name: "Flora".to_owned(),
        request_id: id().to_string(),
        ..Default::default()
    };
    let applicant = id();
    let professional = world.create(User(applicant), request).await?;
    let expected = pb::Professional {
        professional_id: professional.professional_id.clone(),
        user_id: applicant.to_string(),
        professional_name: "Flora".to_owned(),
        languages: strings(&["English"]),
        verification_status: VerificationStatus::Pending.into(),
        is_available: true,
        create_time: professional.create_time,
        update_time: professional.update_time,
        etag: "1".to_owned(),
        ..Default::default()
    };
    assert_eq!(professional, expected);

    let free = pb::CreateProfessionalRequest { consultation_rate: euros(0), ..flora() };
    assert_eq!(world.create(User(id()), free).await?.consultation_rate, euros(0), "a rate of zero is not an absent rate");
    Ok(())
}

#[tokio::test]
async fn other_users_see_only_verified_and_available_professionals() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (applicant, stranger, operator) = (User(id()), User(id()), Operator(id()));
    let entry = world.create(applicant, flora()).await?;
    let professional = entry.professional_id.as_str();
    let hidden =
        ["is_available = true", "verification_status = 'suspended'", "verification_status = 'verified', is_available = false"];
    for state in hidden {
        world.set(state).await?;
        assert_eq!(refused(world.get(stranger, professional).await), not_found(), "{state}");
        for viewer in [applicant, operator] {
            assert_eq!(world.get(viewer, professional).await?.user_id, entry.user_id, "{state}");
        }
    }
    assert_eq!(refused(world.get(stranger, &id().to_string()).await), not_found());
    assert_eq!(refused(world.get(operator, &id().to_string()).await), not_found());

    world.set("is_available = true, rating_average = 4.25, total_consultations = 3").await?;
    let own = world.get(applicant, professional).await?;
    assert_eq!(own.verification_status(), VerificationStatus::Verified);
    assert_eq!((own.rating_average, own.total_consultations), (Some(4.25), 3));
    assert_eq!(world.get(operator, professional).await?, own);
    let seen = world.get(stranger, professional).await?;
    assert_eq!(seen, pb::Professional { user_id: String::new(), ..own }, "everything except the account");
    Ok(())
}

#[tokio::test]
async fn an_erased_user_cannot_apply() -> anyhow::Result<()> {
    let world = World::start().await?;
    let applicant = id();
    let client = world.slice.schema.connect().await?;
    client.execute("INSERT INTO erased_users (user_hash) VALUES (sha256(uuid_send($1)))", &[&applicant]).await?;
    let erased = (Code::FailedPrecondition, "USER_ERASED".to_owned());
    assert_eq!(refused(world.create(User(applicant), flora()).await), erased);
    assert_eq!(world.rows().await?, (0, 0, 0));
    Ok(())
}

#[tokio::test]
async fn operators_create_professionals_without_an_account() -> anyhow::Result<()> {
    let world = World::start().await?;
    let operator = Operator(id());
    let first = world.create(operator, flora()).await?;
    assert_eq!(first.user_id, "");
    // The UNIQUE constraint allows several professionals without an account.
    let second = world.create(operator, flora()).await?;
    assert_ne!(second.professional_id, first.professional_id);
    assert_eq!(world.rows().await?, (2, 1, 2), "the operator is on the roll, because the entries name them");

    assert_eq!(world.get(operator, &first.professional_id).await?, first);
    assert_eq!(refused(world.get(User(id()), &first.professional_id).await), not_found());
    Ok(())
}

#[tokio::test]
async fn a_user_applies_once() -> anyhow::Result<()> {
    let world = World::start().await?;
    let applicant = User(id());
    world.create(applicant, flora()).await?;
    let again = world.create(applicant, flora()).await.expect_err("applied before");
    assert_eq!(refusal(&again).domain, "orchard.consultation");
    assert_eq!(refused::<()>(Err(again)), (Code::AlreadyExists, "ALREADY_APPLIED".to_owned()));
    assert_eq!(world.rows().await?, (1, 1, 1), "the refused request left no rows");
    Ok(())
}

#[tokio::test]
async fn a_repeated_request_creates_one_professional() -> anyhow::Result<()> {
    let world = World::start().await?;
    for caller in [User(id()), Operator(id())] {
        let request = flora();
        let first = world.create(caller, request.clone()).await?;
        assert_eq!(world.create(caller, request.clone()).await?, first);

        let other = pb::CreateProfessionalRequest { years_experience: None, ..request.clone() };
        let reused = (Code::AlreadyExists, "REQUEST_ID_REUSED".to_owned());
        assert_eq!(refused(world.create(caller, other).await), reused, "{caller:?}");

        let somebody_else = world.create(User(id()), request).await?;
        assert_ne!(somebody_else.professional_id, first.professional_id, "a request_id belongs to its caller");
    }
    assert_eq!(world.rows().await?, (4, 4, 4));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parallel_duplicates_create_one_professional() -> anyhow::Result<()> {
    let world = Arc::new(World::start().await?);
    // An operator's duplicates violate no UNIQUE constraint.
    let caller = Operator(id());
    let request = flora();
    let mut calls = JoinSet::new();
    for _ in 0..20 {
        let (world, request) = (Arc::clone(&world), request.clone());
        calls.spawn(async move { insist(|| world.create(caller, request.clone())).await });
    }
    let entries = calls.join_all().await.into_iter().collect::<Result<Vec<_>, _>>()?;
    assert_eq!(entries.len(), 20);
    assert!(entries.iter().all(|entry| *entry == entries[0]));
    assert_eq!(world.rows().await?, (1, 1, 1));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_several_parallel_applications_is_accepted() -> anyhow::Result<()> {
    let world = Arc::new(World::start().await?);
    let caller = User(id());
    let mut calls = JoinSet::new();
    for _ in 0..20 {
        let (world, request) = (Arc::clone(&world), flora());
        calls.spawn(async move { insist(|| world.create(caller, request.clone())).await });
    }
    let answers = calls.join_all().await;
    let (taken, others): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!((taken.len(), others.len()), (1, 19));
    for other in others {
        assert_eq!(refused(other), (Code::AlreadyExists, "ALREADY_APPLIED".to_owned()));
    }
    assert_eq!(world.rows().await?, (1, 1, 1));
    Ok(())
}

#[tokio::test]
async fn only_users_are_served() -> anyhow::Result<()> {
    let world = World::start().await?;
    let entry = world.create(User(id()), flora()).await?;
    world.set("verification_status = 'verified'").await?;
    let get = pb::GetProfessionalRequest { professional_id: entry.professional_id };
    let missing = (Code::Unauthenticated, "TOKEN_MISSING".to_owned());
    let mut nobody = ProfessionalServiceClient::new(world.slice.with(Headers::none()));
    assert_eq!(refused(nobody.get_professional(get.clone()).await), missing);
    assert_eq!(refused(nobody.create_professional(flora()).await), missing);

    let not_admitted = (Code::PermissionDenied, "CALLER_NOT_ADMITTED".to_owned());
    for name in ["edge", "consultation"] {
        let mut service = ProfessionalServiceClient::new(world.slice.service(name)?);
        assert_eq!(refused(service.get_professional(get.clone()).await), not_admitted);
        assert_eq!(refused(service.create_professional(flora()).await), not_admitted);
    }
    // Another role does not help.
    let moderator = world.slice.user_with(id(), &["moderator"])?;
    let applied = ProfessionalServiceClient::new(moderator).create_professional(flora()).await?.into_inner().professional;
    assert_ne!(applied.expect("a professional").user_id, "");
    Ok(())
}
