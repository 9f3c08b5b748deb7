//! Invalid requests: each field is refused by its path.

use orchard_proto::consultation::v1 as pb;
use orchard_proto::google::r#type::Money;
use orchard_testkit::answer::{refused, violations};
use tonic::Code;

use crate::world::Someone::User;
use crate::world::{World, euros, flora, id, strings};

type Spoil = fn(&mut pb::CreateProfessionalRequest);

#[tokio::test]
async fn all_field_violations_are_reported_at_once() -> anyhow::Result<()> {
    let world = World::start().await?;
    let request = pb::CreateProfessionalRequest {
        professional_name: "x".repeat(101),
        credentials: vec!["RD".to_owned(), String::new(), "x".repeat(51)],
        specializations: vec![1, 0, 99],
        bio: "x".repeat(5_001),
        years_experience: Some(81),
        consultation_rate: Some(Money { currency_code: "USD".to_owned(), units: 1, nanos: 0 }),
        languages: strings(&["  ", "English"]),
        profile_image_url: "http://example.org/a.jpg".to_owned(),
        request_id: "{}".to_owned(),
    };
    let paths = [
        "professional_name",
        "credentials[1]",
        "credentials[2]",
        "specializations[1]",
        "specializations[2]",
        "bio",
        "years_experience",
        "consultation_rate",
        "languages[0]",
        "profile_image_url",
        "request_id",
    ];
    let answer = world.create(User(id()), request).await.expect_err("refused");
    assert_eq!(violations::<()>(Err(answer.clone())), paths);
    assert_eq!(refused::<()>(Err(answer)), (Code::InvalidArgument, "FIELDS_INVALID".to_owned()));

    let nothing = world.create(User(id()), pb::CreateProfessionalRequest::default()).await;
    assert_eq!(violations(nothing), ["professional_name", "request_id"]);
    assert_eq!(world.rows().await?, (0, 0, 0));
    Ok(())
}

#[tokio::test]
async fn limits_are_those_of_the_contract() -> anyhow::Result<()> {
    let world = World::start().await?;
    let too_much: [(&str, Spoil); 9] = [
        ("credentials", |r| r.credentials = strings(&["RD"; 21])),
        ("languages", |r| r.languages = strings(&["English"; 21])),
        ("languages[0]", |r| r.languages[0] = "x".repeat(51)),
        ("specializations", |r| r.specializations = vec![1, 2, 3, 1]),
        ("years_experience", |r| r.years_experience = Some(-1)),
        ("consultation_rate", |r| r.consultation_rate = euros(100_000_000)),
        ("consultation_rate", |r| r.consultation_rate = euros(-1)),
        ("consultation_rate", |r| {
            r.consultation_rate = Some(Money { currency_code: "EUR".to_owned(), units: 1, nanos: 5_000_000 });
        }),
        ("profile_image_url", |r| r.profile_image_url = format!("https://example.org/{}", "x".repeat(481))),
    ];
    for (path, spoil) in too_much {
        let mut request = flora();
        spoil(&mut request);
        assert_eq!(violations(world.create(User(id()), request).await), [path]);
    }

    let most = pb::CreateProfessionalRequest {
        professional_name: "ü".repeat(100),
        credentials: vec!["ü".repeat(50); 20],
        specializations: vec![1, 2, 3],
        bio: "ü".repeat(5_000),
        years_experience: Some(80),
        consultation_rate: euros(99_999_999),
        languages: vec!["ü".repeat(50); 20],
        profile_image_url: format!("https://example.org/{}", "x".repeat(480)),
        request_id: id().to_string(),
    };
    let entry = world.create(User(id()), most.clone()).await?;
    assert_eq!((entry.professional_name, entry.bio), (most.professional_name, most.bio));
    assert_eq!((entry.credentials, entry.languages), (most.credentials, most.languages));
    assert_eq!((entry.specializations, entry.consultation_rate), (vec![1, 2, 3], most.consultation_rate));
    Ok(())
}

#[tokio::test]
async fn text_that_postgresql_cannot_hold_is_refused_by_field() -> anyhow::Result<()> {
    let world = World::start().await?;
    let nul: [(&str, Spoil); 5] = [
        ("professional_name", |r| r.professional_name.push_str("\0x")),
        ("credentials[1]", |r| r.credentials[1].push_str("\0x")),
        ("bio", |r| r.bio.push_str("\0x")),
        ("languages[0]", |r| r.languages[0].push_str("\0x")),
        ("profile_image_url", |r| r.profile_image_url.push_str("\0x")),
    ];
    for (path, spoil) in nul {
        let mut request = flora();
        spoil(&mut request);
        assert_eq!(violations(world.create(User(id()), request).await), [path]);
    }
    Ok(())
}

#[tokio::test]
async fn ids_are_uuids() -> anyhow::Result<()> {
    let world = World::start().await?;
    for professional in ["", "1", "00000000-0000-0000-0000-000000000000", "0b9a1f3e-5a1c-4d6f-9b7e-2f6a1c3d4e5\0"] {
        assert_eq!(violations(world.get(User(id()), professional).await), ["professional_id"], "{professional:?}");
    }
    Ok(())
}
