//! Listing and featuring challenges.

use orchard_proto::social::v1 as pb;
use orchard_testkit::answer::{refused, violations};
use tonic::{Code, Status};
use uuid::Uuid;

use crate::friends::Act;
use crate::world::{World, date, days_ago, id, minutes, new_challenge};

impl World {
    /// Returns the names of all listed challenges.
    async fn listed(&self, viewer: Uuid, request: pb::ListChallengesRequest) -> Result<Vec<String>, Status> {
        let mut client = self.challenges(viewer).expect("client");
        let mut names = Vec::new();
        let mut page_token = String::new();
        loop {
            let answer = client.list_challenges(pb::ListChallengesRequest { page_token, ..request.clone() }).await?.into_inner();
            names.extend(answer.challenges.into_iter().map(|challenge| challenge.challenge_name));
            if answer.next_page_token.is_empty() {
                return Ok(names);
            }
            page_token = answer.next_page_token;
        }
    }

    /// Creates a challenge of the platform with a name.
    async fn named(&self, name: &str, request: pb::CreateChallengeRequest) -> anyhow::Result<pb::Challenge> {
        let request = pb::CreateChallengeRequest { challenge_name: name.to_owned(), request_id: id().to_string(), ..request };
        let mut client = self.challenges_as(id(), &["operator"]);
        Ok(client.create_challenge(request).await?.into_inner().challenge.expect("a challenge"))
    }

    async fn feature(&self, challenge_id: &str, featured_priority: i32) -> Result<pb::Challenge, Status> {
        let request = pb::FeatureChallengeRequest { challenge_id: challenge_id.to_owned(), featured_priority };
        let mut client = self.challenges_as(id(), &["moderator"]);
        Ok(client.feature_challenge(request).await?.into_inner().challenge.expect("a challenge"))
    }
}

#[tokio::test]
async fn lists_begin_with_featured_challenges_and_filter() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let from = |days: i64| pb::CreateChallengeRequest { start_date: date(days_ago(-days)), ..new_challenge() };
    let open = pb::CreateChallengeRequest { start_date: None, ..new_challenge() };
    for (name, request) in [
        ("without dates", open.clone()),
        ("tomorrow", from(1)),
        ("runs", from(-1)),
        ("minutes", pb::CreateChallengeRequest { scoring: minutes(1, 1), difficulty_level: 4, ..from(2) }),
        ("private", pb::CreateChallengeRequest { is_public: Some(false), ..from(0) }),
        ("100%_sure", pb::CreateChallengeRequest { description: "Of back\\slashes.".to_owned(), ..from(3) }),
    ] {
        world.named(name, request).await?;
    }
    let star = world.named("star", from(9)).await?;
    assert_eq!(world.feature(&star.challenge_id, 7).await?.featured_priority, 7);
    let other = world.named("other star", open).await?;
    world.feature(&other.challenge_id, 7).await?;
    let viewer = id();
    let all = ["star", "other star", "runs", "tomorrow", "minutes", "100%_sure", "without dates"];
    for page_size in [0, 1, 2, 3] {
        let request = pb::ListChallengesRequest { page_size, ..Default::default() };
        assert_eq!(world.listed(viewer, request).await?, all, "{page_size}");
    }
    let words = |text: &str| pb::ListChallengesRequest { text: text.to_owned(), ..Default::default() };
    let phase = |phase: pb::ChallengePhase| pb::ListChallengesRequest { phase: phase.into(), ..Default::default() };
    let of_type = |of: pb::ChallengeType| pb::ListChallengesRequest { challenge_type: of.into(), ..Default::default() };
    let table: [(pb::ListChallengesRequest, &[&str]); 11] = [
        (phase(pb::ChallengePhase::Active), &["other star", "runs", "without dates"]),
        (phase(pb::ChallengePhase::Upcoming), &["star", "tomorrow", "minutes", "100%_sure"]),
        (of_type(pb::ChallengeType::GoalBased), &["minutes"]),
        (of_type(pb::ChallengeType::Variety), &[]),
        (pb::ListChallengesRequest { difficulty_level: 4, ..Default::default() }, &["minutes"]),
        (words("STAR oth"), &["other star"]),
        (words("every day servings dates"), &["without dates"]),
        (words("100% SURE"), &["100%_sure"]),
        (words("back\\slash"), &["100%_sure"]),
        (words("tar"), &[]),
        (words("' & | ! sure:* <->"), &["100%_sure"]),
    ];
    for (request, expected) in table {
        assert_eq!(world.listed(viewer, request.clone()).await?, expected, "{request:?}");
    }
    world.feature(&star.challenge_id, 0).await?;
    assert_eq!(world.listed(viewer, pb::ListChallengesRequest::default()).await?[..2], ["other star", "runs"]);
    Ok(())
}

#[tokio::test]
async fn ended_inactive_and_unshared_challenges_are_not_listed() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (viewer, blocked, blocks, quiet) = (id(), id(), id(), id());
    for (user, name) in [(blocked, "blocked"), (blocks, "blocks"), (quiet, "quiet"), (viewer, "own")] {
        world.create(user, pb::CreateChallengeRequest { challenge_name: name.to_owned(), ..new_challenge() }).await?;
    }
    let inactive = world.create(viewer, new_challenge()).await?.challenge_id;
    world.challenges(viewer)?.deactivate_challenge(pb::DeactivateChallengeRequest { challenge_id: inactive }).await?;
    world.act(Act::Block, viewer, blocked).await?;
    world.act(Act::Block, blocks, viewer).await?;
    for user in [quiet, viewer] {
        let silent = pb::Profile { social_sharing_enabled: Some(false), ..Default::default() };
        world.change(user, silent, &["social_sharing_enabled"]).await?;
    }
    let all = pb::ListChallengesRequest::default();
    assert_eq!(world.listed(viewer, all.clone()).await?, ["own"]);
    assert_eq!(world.listed(id(), all.clone()).await?, ["blocked", "blocks"]);
    // The challenges began yesterday and run for seven days.
    world.clock.advance(std::time::Duration::from_hours(6 * 24));
    assert_eq!(world.listed(id(), all).await?, Vec::<String>::new());
    Ok(())
}

#[tokio::test]
async fn invalid_filters_and_foreign_tokens_are_refused() -> anyhow::Result<()> {
    let world = World::start().await?;
    for _ in 0..2 {
        world.create(id(), new_challenge()).await?;
    }
    let viewer = id();
    let bad = pb::ListChallengesRequest {
        phase: 9,
        challenge_type: 9,
        difficulty_level: 6,
        text: "a b c d e f g h i j-k".to_owned(),
        page_size: -1,
        page_token: "x".to_owned(),
    };
    let paths = ["phase", "challenge_type", "difficulty_level", "text", "page_size", "page_token"];
    assert_eq!(violations(world.challenges(viewer)?.list_challenges(bad).await), paths);
    let empty = pb::ListChallengesRequest { text: "%_'".to_owned(), ..Default::default() };
    assert_eq!(violations(world.challenges(viewer)?.list_challenges(empty).await), ["text"]);
    let first = pb::ListChallengesRequest { page_size: 1, ..Default::default() };
    let page_token = world.challenges(viewer)?.list_challenges(first.clone()).await?.into_inner().next_page_token;
    let other = pb::ListChallengesRequest { page_token, text: "day".to_owned(), ..first };
    assert_eq!(violations(world.challenges(viewer)?.list_challenges(other.clone()).await), ["page_token"]);
    let same = pb::ListChallengesRequest { text: String::new(), ..other };
    assert_eq!(violations(world.challenges(id())?.list_challenges(same).await), ["page_token"], "a token of another caller");
    Ok(())
}

#[tokio::test]
async fn moderators_feature_only_public_challenges() -> anyhow::Result<()> {
    let world = World::start().await?;
    let me = id();
    let private = world.create(me, pb::CreateChallengeRequest { is_public: Some(false), ..new_challenge() }).await?;
    let not_found = (Code::NotFound, "CHALLENGE_NOT_FOUND".to_owned());
    assert_eq!(refused(world.feature(&private.challenge_id, 1).await), not_found);
    assert_eq!(refused(world.feature(&id().to_string(), 1).await), not_found);
    assert_eq!(violations(world.feature("x", 1_001).await), ["challenge_id", "featured_priority"]);
    let request = pb::FeatureChallengeRequest { challenge_id: private.challenge_id, featured_priority: 1 };
    let by_user = world.challenges(me)?.feature_challenge(request).await;
    assert_eq!(refused(by_user), (Code::PermissionDenied, "CALLER_NOT_ADMITTED".to_owned()));
    Ok(())
}

/// Five thousand challenges are over, and five thousand run.
#[tokio::test]
async fn no_list_reads_all_challenges() -> anyhow::Result<()> {
    let world = World::start().await?;
    world.named("Zucchini", new_challenge()).await?;
    let client = world.slice.schema.connect().await?;
    let many = "INSERT INTO community_challenges
          (challenge_name, description, challenge_type, duration_days, start_date, end_date, scoring, finalised_at)
        SELECT 'Challenge ' || n, 'Eat a fruit every day.', challenge_type, duration_days, start_date - over, end_date - over, scoring,
          CASE WHEN over > 0 THEN now() END
        FROM community_challenges, generate_series(1, 10000) n, LATERAL (SELECT n % 2 * 100 AS over) one";
    client.execute(many, &[]).await?;
    client.batch_execute("ANALYZE community_challenges").await?;
    let scans = async || {
        let scans = "SELECT coalesce(sum(idx_scan) FILTER (WHERE indexrelname = 'community_challenges_words_idx'), 0)::bigint,
              coalesce(sum(idx_scan) FILTER (WHERE indexrelname = 'community_challenges_list_idx'), 0)::bigint,
              (SELECT seq_tup_read FROM pg_stat_user_tables WHERE relid = 'community_challenges'::regclass)
            FROM pg_stat_user_indexes WHERE relid = 'community_challenges'::regclass";
        let row = client.query_one(scans, &[]).await?;
        anyhow::Ok((row.get::<_, i64>(0), row.get::<_, i64>(1), row.get::<_, i64>(2)))
    };
    let before = scans().await?;
    let viewer = id();
    let words = |text: &str| pb::ListChallengesRequest { text: text.to_owned(), page_size: 1, ..Default::default() };
    let mut lists = world.challenges(viewer)?;
    assert_eq!(lists.list_challenges(words("zucc")).await?.into_inner().challenges.len(), 1);
    assert_eq!(lists.list_challenges(words("fruit eat")).await?.into_inner().challenges.len(), 1);
    assert_eq!(lists.list_challenges(words("")).await?.into_inner().challenges.len(), 1);
    // Sessions report what they did once a second.
    world.until(async || Ok(scans().await?.0 > before.0)).await?;
    world.until(async || Ok(scans().await?.1 > before.1)).await?;
    assert!(scans().await?.2 < before.2 + 5_000, "a sequential scan");
    Ok(())
}
