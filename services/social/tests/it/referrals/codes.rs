//! Codes and how they are claimed: what is read, what is refused, and what is told.

use std::collections::BTreeSet;
use std::time::Duration;

use orchard_proto::social::v1 as pb;
use orchard_testkit::answer::{refused, violations};
use prost_types::value::Kind;
use prost_types::{ListValue, Struct, Value};
use tokio::task::JoinSet;
use tonic::Code;

use crate::friends::a_child;
use crate::world::{DAY, World, id};

fn object(fields: Vec<(&str, Kind)>) -> Option<Struct> {
    let value = |(name, kind): (&str, Kind)| (name.to_owned(), Value { kind: Some(kind) });
    Some(Struct { fields: fields.into_iter().map(value).collect() })
}

fn words(text: &str) -> Kind {
    Kind::StringValue(text.to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_has_one_standing_code_with_links_however_often_it_is_asked_for() -> anyhow::Result<()> {
    let world = std::sync::Arc::new(World::strict().await?);
    let user = id();
    let mut calls = JoinSet::new();
    for _ in 0..16 {
        let world = std::sync::Arc::clone(&world);
        calls.spawn(async move { world.code(user).await });
    }
    let codes: BTreeSet<String> = calls.join_all().await.into_iter().collect::<Result<_, _>>()?;
    assert_eq!(codes.len(), 1, "{codes:?}");
    let code = codes.first().expect("a code");
    assert!(code.len() == 8 && *code == code.to_uppercase(), "{code}");
    let answer = world.referring(user).create_referral_code(pb::CreateReferralCodeRequest {}).await?.into_inner();
    let links = answer.referral_code.expect("a code").links;
    let methods: Vec<i32> = links.iter().map(|link| link.referral_method).collect();
    assert_eq!(methods, [1, 2, 3, 4]);
    assert!(links.iter().all(|link| link.url.starts_with("https://orchard.example/join/") && link.url.contains(code)));
    Ok(())
}

#[tokio::test]
async fn an_invitation_is_read_as_it_was_created_and_claimed_once() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let [referrer, referee, other] = [id(), id(), id()];
    world.settle(referee, pb::PrivacyLevel::Public).await?;
    let metadata = object(vec![("campaign", words("spring")), ("arm", Kind::NumberValue(2.0))]);
    let request = pb::CreateReferralRequest {
        referral_method: pb::ReferralMethod::QrCode.into(),
        referral_source: pb::ReferralSource::Sms.into(),
        metadata: metadata.clone(),
        request_id: id().to_string(),
    };
    let created = world.referring(referrer).create_referral(request.clone()).await?.into_inner();
    let again = world.referring(referrer).create_referral(request).await?.into_inner();
    assert_eq!((&again.referral, again.links.len()), (&created.referral, 4));
    let invitation = created.referral.expect("a referral");
    assert_eq!((invitation.metadata.clone(), invitation.referee_user_id.as_str()), (metadata, ""));
    let claim = pb::ClaimReferralRequest {
        referral_code: invitation.referral_code.clone(),
        referral_source: pb::ReferralSource::Email.into(),
        request_id: id().to_string(),
        ..Default::default()
    };
    world.referring(referee).claim_referral(claim.clone()).await?;
    world.referring(referee).claim_referral(claim).await?;
    assert_eq!(
        refused(world.claim(other, &invitation.referral_code).await),
        (Code::NotFound, "REFERRAL_CODE_NOT_FOUND".to_owned())
    );
    let claimed = world.referral(referrer).await?;
    let expected = pb::Referral {
        referee_user_id: referee.to_string(),
        sign_up_time: claimed.sign_up_time,
        expire_time: claimed.expire_time,
        ..invitation
    };
    assert_eq!(claimed, expected, "the invitation keeps its method and source");
    assert!(claimed.sign_up_time.is_some() && world.cases().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_standing_code_keeps_how_it_was_claimed_and_shows_only_visible_referees() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let [referrer, hidden, shown] = [id(), id(), id()];
    world.settle(hidden, pb::PrivacyLevel::Private).await?;
    world.settle(shown, pb::PrivacyLevel::Public).await?;
    let code = world.code(referrer).await?;
    let claim = pb::ClaimReferralRequest {
        referral_code: format!(" {}-{} ", code[..4].to_lowercase(), &code[4..]),
        referral_method: pb::ReferralMethod::Link.into(),
        referral_source: pb::ReferralSource::AppShare.into(),
        metadata: object(vec![("a", Kind::ListValue(ListValue { values: vec![] }))]),
        request_id: id().to_string(),
    };
    world.referring(hidden).claim_referral(claim.clone()).await?;
    let referral = world.referral(referrer).await?;
    assert_eq!((referral.referral_method, referral.referral_source), (claim.referral_method, claim.referral_source));
    assert_eq!((referral.metadata, referral.referee_user_id.as_str()), (None, ""), "what one says whom the referrer may not see");
    assert_ne!(referral.referral_code, code, "it has a code of its own");
    assert_eq!(refused(world.claim(id(), &referral.referral_code).await).0, Code::NotFound, "which nobody can claim");
    let claim = pb::ClaimReferralRequest { request_id: id().to_string(), ..claim };
    world.referring(shown).claim_referral(claim.clone()).await?;
    let referral = world.referrals(referrer).await?.remove(0);
    assert_eq!((referral.metadata, referral.referee_user_id), (claim.metadata, shown.to_string()));
    Ok(())
}

#[tokio::test]
async fn an_invitation_expires_to_the_second_and_frees_its_place() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let [referrer, late] = [id(), id()];
    let invitation = world.invite(referrer).await?;
    world.clock.advance(DAY * 90 - Duration::from_secs(60));
    assert_eq!(world.referral(referrer).await?.reward_status(), pb::RewardStatus::Pending);
    world.clock.advance(Duration::from_secs(60));
    assert_eq!(world.referral(referrer).await?.reward_status(), pb::RewardStatus::Expired);
    assert_eq!(refused(world.claim(late, &invitation.referral_code).await).1, "REFERRAL_CODE_NOT_FOUND");
    world.swept().await?;
    assert_eq!(world.ask("SELECT count(*)::text FROM referral_codes").await?, "0");
    Ok(())
}

#[tokio::test]
async fn a_user_has_a_hundred_open_invitations() -> anyhow::Result<()> {
    let world = World::start().await?;
    let user = id();
    for _ in 0..100 {
        world.invite(user).await?;
    }
    assert_eq!(refused(world.invite(user).await), (Code::FailedPrecondition, "TOO_MANY_REFERRALS".to_owned()));
    Ok(())
}

#[tokio::test]
async fn guessing_ends_after_ten_codes_in_an_hour_also_at_once() -> anyhow::Result<()> {
    let world = std::sync::Arc::new(World::strict().await?);
    let [guesser, referrer] = [id(), id()];
    let code = world.code(referrer).await?;
    let mut guesses = JoinSet::new();
    for _ in 0..24 {
        let world = std::sync::Arc::clone(&world);
        guesses.spawn(async move { refused(world.claim(guesser, "CCCCCCC2").await).1 });
    }
    let answers = guesses.join_all().await;
    let found = |reason: &str| answers.iter().filter(|answer| *answer == reason).count();
    assert_eq!((found("REFERRAL_CODE_NOT_FOUND"), found("TOO_MANY_CLAIMS")), (10, 14), "{answers:?}");
    assert_eq!(refused(world.claim(guesser, &code).await).1, "TOO_MANY_CLAIMS", "a code that exists, too");
    world.clock.advance(Duration::from_secs(3600));
    for _ in 0..12 {
        world.claim(guesser, &code).await?;
    }
    Ok(())
}

#[tokio::test]
async fn children_neither_refer_nor_are_referred() -> anyhow::Result<()> {
    let (world, family) = World::with_family().await?;
    let [child, adult] = [id(), id()];
    let code = world.code(adult).await?;
    let early = world.code(child).await?;
    a_child(&family, child).await?;
    let denied = (Code::PermissionDenied, "CHILD_NOT_PERMITTED".to_owned());
    assert_eq!(refused(world.code(child).await), denied);
    assert_eq!(refused(world.invite(child).await), denied);
    assert_eq!(refused(world.claim(child, &code).await), denied);
    world.deliver("family", vec![crate::friends::protected(child, 1)]).await?;
    assert_eq!(refused(world.claim(adult, &early).await).0, Code::NotFound, "a code of before is no code any more");
    family.running.stop().await?;
    assert_eq!(refused(world.claim(id(), &code).await).0, Code::Unavailable, "no answer means no");
    Ok(())
}

#[tokio::test]
async fn bad_input_is_refused_by_field() -> anyhow::Result<()> {
    let world = World::start().await?;
    let mut client = world.referring(id());
    let deep = object(vec![(
        "a",
        Kind::StructValue(
            object(vec![("b", Kind::StructValue(object(vec![("c", Kind::StructValue(Struct::default()))]).expect("a")))])
                .expect("b"),
        ),
    )]);
    let large = object(vec![("a", words(&"x".repeat(4_096)))]);
    for metadata in [deep, large, object(vec![("a", Kind::NumberValue(f64::NAN))]), object(vec![("a", words("\0"))])] {
        let request = pb::CreateReferralRequest { referral_method: 9, referral_source: 9, metadata, request_id: "x".to_owned() };
        let found = violations(client.create_referral(request).await);
        assert_eq!(found, ["referral_method", "referral_source", "metadata", "request_id"]);
    }
    for bad in ["", "CDFG", "CDFG23456", "CDFG23\u{e4}5", "!!!!!!!!", &"C".repeat(41)] {
        let request = pb::ClaimReferralRequest {
            referral_code: bad.to_owned(),
            referral_method: -1,
            request_id: id().to_string(),
            ..Default::default()
        };
        assert_eq!(violations(client.claim_referral(request).await), ["referral_code", "referral_method"], "{bad:?}");
    }
    let request = pb::ListReferralsRequest { reward_status: 9, page_size: -1, page_token: "x".to_owned() };
    assert_eq!(violations(client.list_referrals(request).await), ["reward_status", "page_size", "page_token"]);
    Ok(())
}
