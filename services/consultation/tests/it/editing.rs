//! Changes of what professionals state.

use orchard_proto::consultation::v1 as pb;
use orchard_testkit::answer::{refused, violations};
use tonic::Code;

use crate::world::Someone::{Operator, User};
use crate::world::{World, euros, flora, id, strings};

fn reason(code: Code, reason: &str) -> (Code, String) {
    (code, reason.to_owned())
}

#[tokio::test]
async fn every_field_is_changed_and_read_back() -> anyhow::Result<()> {
    let world = World::start().await?;
    let own = User(id());
    let before = world.create(own, flora()).await?;
    let changed = pb::Professional {
        professional_name: "Flo Mandel".to_owned(),
        credentials: strings(&["MD"]),
        specializations: vec![pb::Specialization::SportsNutrition.into()],
        bio: String::new(),
        years_experience: None,
        consultation_rate: None,
        languages: vec![],
        profile_image_url: String::new(),
        is_available: false,
        ..before.clone()
    };
    let paths = [
        "professional_name",
        "credentials",
        "specializations",
        "bio",
        "years_experience",
        "consultation_rate",
        "languages",
        "profile_image_url",
        "is_available",
    ];
    let after = world.update(own, changed.clone(), &paths).await?;
    let expected = pb::Professional {
        languages: strings(&["English"]),
        etag: "2".to_owned(),
        update_time: after.update_time,
        ..changed.clone()
    };
    assert_eq!(after, expected);
    assert_eq!(world.get(own, &before.professional_id).await?, after);
    assert!(after.update_time.expect("a time").seconds >= before.update_time.expect("a time").seconds);
    // A repeated request is answered as the first one was, though its etag is that of before.
    assert_eq!(world.update(own, changed, &paths).await?, after);
    Ok(())
}

#[tokio::test]
async fn only_fields_of_the_mask_change_and_only_what_was_read() -> anyhow::Result<()> {
    let world = World::start().await?;
    let own = User(id());
    let before = world.create(own, flora()).await?;
    let rate = pb::Professional { consultation_rate: euros(100), bio: "Not asked".to_owned(), ..before.clone() };
    let after = world.update(own, rate, &["consultation_rate"]).await?;
    assert_eq!((&after.bio, &after.consultation_rate), (&before.bio, &euros(100)));
    let late = pb::Professional { consultation_rate: euros(200), ..before.clone() };
    let stale = world.update(own, late.clone(), &["consultation_rate"]).await;
    assert_eq!(refused(stale), reason(Code::Aborted, "PROFESSIONAL_CHANGED"));
    let blind = pb::Professional { etag: String::new(), ..late };
    assert_eq!(world.update(own, blind, &["consultation_rate"]).await?.consultation_rate, euros(200));
    Ok(())
}

#[tokio::test]
async fn only_the_professional_and_operators_change_an_entry() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (own, stranger, operator) = (User(id()), User(id()), Operator(id()));
    let entry = world.create(own, flora()).await?;
    let changed = pb::Professional { bio: "New".to_owned(), etag: String::new(), ..entry.clone() };
    let unseen = world.update(stranger, changed.clone(), &["bio"]).await;
    assert_eq!(refused(unseen), reason(Code::NotFound, "PROFESSIONAL_NOT_FOUND"));
    world.verify(&entry.professional_id).await?;
    let seen = world.update(stranger, changed.clone(), &["bio"]).await;
    assert_eq!(refused(seen), reason(Code::PermissionDenied, "NOT_PROFESSIONAL"));
    assert_eq!(world.update(operator, changed.clone(), &["bio"]).await?.bio, "New");

    // What operators have verified.
    let renamed = pb::Professional { professional_name: "Other".to_owned(), credentials: strings(&["MD"]), ..changed };
    for path in ["professional_name", "credentials"] {
        let fixed = world.update(own, renamed.clone(), &[path]).await;
        assert_eq!(refused(fixed), reason(Code::FailedPrecondition, "VERIFIED_FIELD"), "{path}");
    }
    let renamed = world.update(operator, renamed, &["professional_name", "credentials"]).await?;
    assert_eq!((renamed.professional_name.as_str(), renamed.credentials), ("Other", strings(&["MD"])));
    Ok(())
}

#[tokio::test]
async fn an_update_is_refused_by_field() -> anyhow::Result<()> {
    let world = World::start().await?;
    let own = User(id());
    let entry = world.create(own, flora()).await?;
    let bad =
        pb::Professional { professional_name: String::new(), years_experience: Some(81), etag: "x".to_owned(), ..entry.clone() };
    let answer = world.update(own, bad, &["professional_name", "years_experience"]).await;
    assert_eq!(violations(answer), ["professional.etag", "professional.professional_name", "professional.years_experience"]);
    for path in ["rating_average", "verification_status", "user_id", "total_consultations", ""] {
        assert_eq!(violations(world.update(own, entry.clone(), &[path]).await), ["update_mask"], "{path}");
    }
    assert_eq!(violations(world.update(own, entry, &[]).await), ["update_mask"]);
    let nothing = world.professionals(own)?.update_professional(pb::UpdateProfessionalRequest::default()).await;
    assert_eq!(violations(nothing), ["update_mask", "professional"]);
    Ok(())
}

#[tokio::test]
async fn several_are_read_at_once_without_those_that_are_not_seen() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (own, other) = (User(id()), User(id()));
    let mine = world.create(own, flora()).await?.professional_id;
    let pending = world.create(other, flora()).await?.professional_id;
    let listed = world.create(User(id()), flora()).await?.professional_id;
    world.verify(&listed).await?;
    let get = async |ids: &[&str]| {
        let request = pb::BatchGetProfessionalsRequest { professional_ids: strings(ids) };
        let mut client = world.professionals(own).expect("client");
        client.batch_get_professionals(request).await.map(|answer| answer.into_inner().professionals)
    };
    let found = get(&[&listed, &mine, &pending, &mine, &id().to_string()]).await?;
    let mut expected = [mine.clone(), listed.clone()];
    expected.sort();
    assert_eq!(found.iter().map(|found| found.professional_id.clone()).collect::<Vec<_>>(), expected);
    assert!(found.iter().all(|found| found.user_id.is_empty() == (found.professional_id == listed)));
    assert_eq!(violations(get(&[]).await), ["professional_ids"]);
    assert_eq!(violations(get(&["x"]).await), ["professional_ids[0]"]);
    assert_eq!(violations(get(&[mine.as_str(); 51]).await), ["professional_ids"]);
    Ok(())
}
