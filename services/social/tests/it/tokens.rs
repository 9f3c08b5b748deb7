//! What clients hold of lists: nothing of a row can be read from it, and nobody can change it.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use orchard_proto::DESCRIPTORS;
use orchard_proto::social::v1 as pb;
use orchard_proto::social::v1::achievement_service_client::AchievementServiceClient;
use orchard_proto::social::v1::challenge_service_client::ChallengeServiceClient;
use orchard_proto::social::v1::credit_service_client::CreditServiceClient;
use orchard_proto::social::v1::erasure_service_client::ErasureServiceClient;
use orchard_proto::social::v1::friendship_service_client::FriendshipServiceClient;
use orchard_proto::social::v1::fruit_service_client::FruitServiceClient;
use orchard_proto::social::v1::leaderboard_service_client::LeaderboardServiceClient;
use orchard_proto::social::v1::participant_service_client::ParticipantServiceClient;
use orchard_proto::social::v1::progress_service_client::ProgressServiceClient;
use orchard_proto::social::v1::referral_moderation_service_client::ReferralModerationServiceClient;
use orchard_proto::social::v1::referral_service_client::ReferralServiceClient;
use orchard_proto::social::v1::standing_service_client::StandingServiceClient;
use orchard_testkit::answer::violations;
use orchard_testkit::client::Client;
use orchard_testkit::matrix::naming;
use pb::PrivacyLevel::Public;
use tonic::Status;
use uuid::Uuid;

use crate::friends::Act;
use crate::world::{World, days_ago, id, new_challenge};

/// Roles that are admitted to all lists.
const ROLES: &[&str] = &["moderator", "operator"];

/// A list: its method, and a call of it for one row and a token, which returns the next token.
type List = (&'static str, Box<dyn Fn(Client, String) -> BoxFuture<'static, Result<String, Status>>>);

macro_rules! list {
    ($name:literal, $client:ident, $method:ident, $request:expr) => {{
        let base = $request;
        let call = move |client: Client, page_token: String| {
            let mut request = base.clone();
            (request.page_size, request.page_token) = (1, page_token);
            async move { Ok($client::new(client).$method(request).await?.into_inner().next_page_token) }.boxed()
        };
        ($name, Box::new(call) as _)
    }};
}

fn lists(me: Uuid, challenge: &str) -> Vec<List> {
    let (challenge_id, user_id) = (challenge.to_owned(), me.to_string());
    let board = pb::ListLeaderboardRequest { challenge_id: challenge_id.clone(), ..Default::default() };
    let friends = pb::ListFriendsLeaderboardRequest { challenge_id: challenge_id.clone(), ..Default::default() };
    let days = pb::ListProgressRequest { challenge_id, ..Default::default() };
    let achievements = pb::ListAchievementsRequest { user_id: user_id.clone(), ..Default::default() };
    let milestones = pb::ListMilestonesRequest { user_id: user_id.clone(), ..Default::default() };
    let standings = pb::ListStandingsRequest { user_id, ..Default::default() };
    let direction = pb::FriendRequestDirection::Incoming.into();
    let requests = pb::ListFriendRequestsRequest { direction, ..Default::default() };
    vec![
        list!("FriendshipService/ListFriends", FriendshipServiceClient, list_friends, pb::ListFriendsRequest::default()),
        list!("FriendshipService/ListFriendRequests", FriendshipServiceClient, list_friend_requests, requests),
        list!(
            "FriendshipService/ListBlockedUsers",
            FriendshipServiceClient,
            list_blocked_users,
            pb::ListBlockedUsersRequest::default()
        ),
        list!("AchievementService/ListAchievements", AchievementServiceClient, list_achievements, achievements),
        list!("AchievementService/ListMilestones", AchievementServiceClient, list_milestones, milestones),
        list!(
            "AchievementService/ListHighlights",
            AchievementServiceClient,
            list_highlights,
            pb::ListHighlightsRequest::default()
        ),
        list!("StandingService/ListStandings", StandingServiceClient, list_standings, standings),
        list!("ChallengeService/ListChallenges", ChallengeServiceClient, list_challenges, pb::ListChallengesRequest::default()),
        list!("FruitService/ListFruits", FruitServiceClient, list_fruits, pb::ListFruitsRequest::default()),
        list!(
            "ParticipantService/ListParticipants",
            ParticipantServiceClient,
            list_participants,
            pb::ListParticipantsRequest::default()
        ),
        list!("LeaderboardService/ListLeaderboard", LeaderboardServiceClient, list_leaderboard, board),
        list!("LeaderboardService/ListFriendsLeaderboard", LeaderboardServiceClient, list_friends_leaderboard, friends),
        list!("ProgressService/ListProgress", ProgressServiceClient, list_progress, days),
        list!("ErasureService/ListErasures", ErasureServiceClient, list_erasures, pb::ListErasuresRequest::default()),
        list!("ReferralService/ListReferrals", ReferralServiceClient, list_referrals, pb::ListReferralsRequest::default()),
        list!(
            "CreditService/ListCreditEntries",
            CreditServiceClient,
            list_credit_entries,
            pb::ListCreditEntriesRequest::default()
        ),
        list!(
            "ReferralModerationService/ListReferralCases",
            ReferralModerationServiceClient,
            list_referral_cases,
            pb::ListReferralCasesRequest::default()
        ),
        list!(
            "ReferralModerationService/ListLateRefunds",
            ReferralModerationServiceClient,
            list_late_refunds,
            pb::ListLateRefundsRequest::default()
        ),
    ]
}

impl World {
    /// Makes two rows for `me` in every list, and returns a challenge.
    async fn two_of_all(&self, me: Uuid) -> anyhow::Result<String> {
        self.settle(me, Public).await?;
        let others: [Uuid; 6] = std::array::from_fn(|_| id());
        for other in others {
            self.settle(other, Public).await?;
        }
        let [friend, another, asks, asks_too, blocked, blocked_too] = others;
        for friend in [friend, another] {
            self.befriend(me, friend).await?;
        }
        for asking in [asks, asks_too] {
            self.request(asking, me).await?;
        }
        for blocked in [blocked, blocked_too] {
            self.act(Act::Block, me, blocked).await?;
        }
        let mut challenge = String::new();
        for _ in 0..2 {
            challenge = self.official(new_challenge()).await?;
            for user in [me, friend, another] {
                self.join(user, &challenge).await?;
            }
        }
        for day in [0, 1] {
            self.record(me, &challenge, days_ago(day), &[("apple", 5)], 0).await?;
        }
        for user in [blocked, blocked_too] {
            self.erase_me(user).await?;
        }
        let achievements = "INSERT INTO social_achievements (user_id, achievement_type, achievement_name)
            SELECT u, 'recipe_featured', n FROM unnest($1::uuid[]) u, unnest(ARRAY['a', 'b']) n";
        let client = self.slice.schema.connect().await?;
        client.execute(achievements, &[&vec![me, friend]]).await?;
        let milestones = "INSERT INTO achievement_milestones (user_id, milestone_type, target, current)
            SELECT $1, 'conversions', t, 0 FROM unnest(ARRAY[1, 5]) t";
        client.execute(milestones, &[&me]).await?;
        for statement in [
            "INSERT INTO referrals (referrer_id, referral_code, expires_at) SELECT $1, 'T' || n, now() FROM generate_series(1, 2) n",
            "INSERT INTO credit_entries (id, user_id, kind, amount, available, referral_id, created_at)
             SELECT gen_random_uuid(), $1, 'referral', 5, 5, id, now() FROM referrals WHERE referrer_id = $1",
            "INSERT INTO referral_cases (id, kind, rule, claimant_id, referrer_id, created_at)
             SELECT gen_random_uuid(), 'refused_claim', rule, $1, $1, now() FROM unnest(ARRAY['self', 'cycle']) rule",
            "INSERT INTO orders (order_id, user_id, amount, purchased_at, refunded_amount, refunded_at, was_refunded_late, created_at)
             SELECT 'o' || n, $1, 20, now(), 20, now(), true, now() FROM generate_series(1, 2) n",
        ] {
            client.execute(statement, &[&me]).await?;
        }
        Ok(challenge)
    }

    /// Returns all ids of users, seats, challenges and achievements, as bytes and in their usual spellings.
    async fn secrets(&self) -> anyhow::Result<BTreeSet<Vec<u8>>> {
        let ids = "SELECT id FROM users UNION SELECT id FROM challenge_participants UNION SELECT id FROM community_challenges
            UNION SELECT id FROM social_achievements";
        let rows = self.slice.schema.connect().await?.query(ids, &[]).await?;
        let spelled = |id: Uuid| [id.as_bytes().to_vec(), id.to_string().into_bytes(), id.simple().to_string().into_bytes()];
        Ok(rows.iter().flat_map(|row| spelled(row.get(0))).collect())
    }
}

fn holds(token: &[u8], secret: &[u8]) -> bool {
    token.windows(secret.len()).any(|part| part == secret)
}

#[tokio::test]
async fn tokens_tell_nothing_and_are_one_callers_of_one_list() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (me, other) = (id(), id());
    let challenge = world.two_of_all(me).await?;
    let lists = lists(me, &challenge);
    let paged: BTreeSet<String> =
        naming(DESCRIPTORS, "orchard.social.v1", "page_token")?.into_iter().map(|one| one.name).collect();
    assert_eq!(paged, lists.iter().map(|(name, _)| (*name).to_owned()).collect());
    let secrets = world.secrets().await?;
    let (mut lengths, mut last) = (BTreeSet::new(), None);
    for (name, call) in &lists {
        let mine = || world.slice.user_with(me, ROLES).expect("a client");
        let token = call(mine(), String::new()).await?;
        let bytes = URL_SAFE_NO_PAD.decode(&token)?;
        assert!(!secrets.iter().any(|secret| holds(&bytes, secret) || holds(token.as_bytes(), secret)), "{name}");
        assert!(!bytes.windows(20).any(|part| part.iter().all(|byte| matches!(byte, b' '..=b'~'))), "{name}: no JSON, no date");
        assert_ne!(call(mine(), String::new()).await?, token, "{name}: the same page has another token each time");
        lengths.insert(token.len());
        call(mine(), token.clone()).await?;
        let mut changed = token.clone().into_bytes();
        let place = fastrand::usize(..changed.len());
        changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
        for bad in [
            String::from_utf8(changed)?,
            token[..token.len() - 4].to_owned(),
            last.replace(token.clone()).unwrap_or("x".to_owned()),
        ] {
            assert_eq!(violations(call(mine(), bad).await), ["page_token"], "{name}");
        }
        assert_eq!(
            violations(call(world.slice.user_with(other, ROLES)?, token).await),
            ["page_token"],
            "{name} of another caller"
        );
    }
    assert_eq!(lengths.len(), 1, "the length of a token tells nothing: {lengths:?}");
    Ok(())
}

/// A pseudonym's place among equals must not tell whether its user's id is before or behind another one's.
#[tokio::test]
async fn the_order_of_equals_says_nothing_about_their_users() -> anyhow::Result<()> {
    let world = World::start().await?;
    let challenge = world.official(new_challenge()).await?;
    world.seeded(&challenge, &[7; 80]).await?;
    let same = "UPDATE challenge_participants SET score_reached_at = now(), updated_at = now()";
    world.slice.schema.connect().await?.execute(same, &[]).await?;
    let (entries, _) = world.board(id(), &challenge).all(40, 0).await?;
    let users: Vec<&str> = entries.iter().map(|entry| entry.user_id.as_str()).collect();
    assert_eq!(users.iter().collect::<BTreeSet<_>>().len(), 80);
    let pairs = || (0..80).flat_map(|first| (first + 1..80).map(move |second| (first, second)));
    let ordered = pairs().filter(|(first, second)| users[*first] < users[*second]).count();
    // 3,160 pairs; by chance half of them, give or take 120.
    assert!((800..2_360).contains(&ordered), "{ordered} of {}", pairs().count());
    Ok(())
}
