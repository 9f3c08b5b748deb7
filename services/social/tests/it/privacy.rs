//! What users learn of each other: all methods that read, called as users with every relation, with a search for names and ids in the
//! responses.

use std::collections::{BTreeMap, BTreeSet};

use orchard_proto::DESCRIPTORS;
use orchard_proto::family::v1::MemberRole;
use orchard_proto::social::v1 as pb;
use orchard_testkit::client::Client;
use orchard_testkit::matrix::{Method, call, gaps, methods};
use pb::PrivacyLevel::{FriendsOnly, Private, Public};
use prost::Message as _;
use uuid::Uuid;

use crate::achievements::{award, featured};
use crate::friends::Act;
use crate::world::{World, days_ago, id, new_challenge, record};

/// Users, their privacy levels, and the other users whose profiles they see.
const SEES: &[(&str, pb::PrivacyLevel, &[&str])] = &[
    ("me", FriendsOnly, &["public", "friend", "parent", "sibling", "asks"]),
    ("public", Public, &[]),
    ("friend", FriendsOnly, &["me", "public"]),
    ("private friend", Private, &["me", "public"]),
    // "me" has blocked "blocked", and "blocks" has blocked "me".
    ("blocked", Public, &["public"]),
    ("blocks", Public, &["public"]),
    ("parent", FriendsOnly, &["me", "public", "sibling"]),
    ("sibling", FriendsOnly, &["me", "public", "parent"]),
    ("private relative", Private, &["me", "public", "parent", "sibling"]),
    ("guest", FriendsOnly, &["public"]),
    ("left", FriendsOnly, &["public"]),
    ("asks", FriendsOnly, &["public"]),
    ("private asks", Private, &["public"]),
    ("asked", FriendsOnly, &["me", "public"]),
    ("stranger", FriendsOnly, &["public"]),
];

struct People(BTreeMap<&'static str, Uuid>);

impl People {
    fn of(&self, name: &str) -> Uuid {
        self.0[name]
    }
}

/// A text for one user, which is not part of another user's.
fn canary(person: &str) -> String {
    format!("<{person}>")
}

impl World {
    /// Creates the users with their relations, with a canary in every text of theirs. Returns the users and their challenges.
    async fn canaries(&self) -> anyhow::Result<(People, Vec<String>)> {
        let people = People(SEES.iter().map(|(name, ..)| (*name, id())).collect());
        let of = |name: &str| people.of(name);
        let (me, mut challenges) = (of("me"), Vec::new());
        for (name, ..) in SEES {
            self.settle(of(name), FriendsOnly).await?;
            self.rename(of(name), &canary(name)).await?;
            let description = canary(name);
            self.award_as(id(), pb::AwardAchievementRequest { description, ..award(of(name), "Canary") }).await?;
            self.deliver("recipe", vec![featured(id(), 1, of(name))]).await?;
            let milestone_id = self.milestones(of(name), of(name)).await?.remove(0).milestone_id;
            let share = pb::SetMilestoneVisibilityRequest { milestone_id, is_public: true };
            self.achievements(of(name)).set_milestone_visibility(share).await?;
            let challenge = self.create(of(name), new_challenge()).await?.challenge_id;
            self.join(of(name), &challenge).await?;
            let day = pb::RecordProgressRequest { notes: canary(name), ..record(&challenge, days_ago(0), &[], 0) };
            self.progress(of(name)).record_progress(day).await?;
            challenges.push(challenge);
        }
        for (name, ..) in SEES {
            self.join(of(name), &challenges[0]).await?;
        }
        for friend in ["friend", "private friend"] {
            self.befriend(me, of(friend)).await?;
        }
        let plan = id();
        let family = [
            ("me", MemberRole::Child),
            ("parent", MemberRole::Admin),
            ("sibling", MemberRole::Child),
            ("private relative", MemberRole::Member),
            ("guest", MemberRole::Guest),
            ("left", MemberRole::Member),
        ];
        for (sequence, (name, role)) in (1..).zip(family) {
            self.join_family(plan, sequence, of(name), role).await?;
        }
        self.deliver("family", vec![crate::friends::left(plan, 7, of("left"))]).await?;
        for (from, to) in [("asks", "me"), ("private asks", "me"), ("me", "asked")] {
            self.request(of(from), of(to)).await?;
        }
        self.act(Act::Block, me, of("blocked")).await?;
        self.act(Act::Block, of("blocks"), me).await?;
        // Children refer nobody.
        let code = self.code(of("parent")).await?;
        for (name, ..) in SEES.iter().filter(|(name, ..)| *name != "parent") {
            let said = prost_types::Value { kind: Some(prost_types::value::Kind::StringValue(canary(name))) };
            let request = pb::ClaimReferralRequest {
                referral_code: code.clone(),
                metadata: Some(prost_types::Struct { fields: [("said".to_owned(), said)].into() }),
                request_id: id().to_string(),
                ..Default::default()
            };
            self.referring(of(name)).claim_referral(request).await?;
        }
        for (name, level, _) in SEES {
            self.settle(of(name), *level).await?;
        }
        Ok((people, challenges))
    }
}

/// Requests for all methods that read, for all users and challenges. The privacy service has its own tests.
fn requests(people: &People, challenges: &[String]) -> Vec<(&'static str, Vec<u8>)> {
    let all: Vec<String> = people.0.values().map(Uuid::to_string).collect();
    let direction = |of: pb::FriendRequestDirection| pb::ListFriendRequestsRequest { direction: of.into(), ..Default::default() };
    let mut requests = vec![
        ("ProfileService/BatchGetProfiles", pb::BatchGetProfilesRequest { user_ids: all.clone() }.encode_to_vec()),
        ("FriendshipService/ListFriends", Vec::new()),
        ("FriendshipService/ListFriendRequests", direction(pb::FriendRequestDirection::Incoming).encode_to_vec()),
        ("FriendshipService/ListFriendRequests", direction(pb::FriendRequestDirection::Outgoing).encode_to_vec()),
        ("FriendshipService/ListBlockedUsers", Vec::new()),
        ("FriendshipService/CountFriends", Vec::new()),
        ("AchievementService/ListHighlights", Vec::new()),
        (
            "AchievementService/ListHighlights",
            pb::ListHighlightsRequest { user_ids: all.clone(), ..Default::default() }.encode_to_vec(),
        ),
        ("ChallengeService/ListChallenges", Vec::new()),
        ("ParticipantService/ListParticipants", Vec::new()),
        ("NotificationService/GetNotificationPreferences", Vec::new()),
        ("FruitService/ListFruits", Vec::new()),
        ("ErasureService/GetErasure", Vec::new()),
        ("ErasureService/ListErasures", Vec::new()),
        ("ReferralService/ListReferrals", Vec::new()),
        ("ReferralService/GetReferralAnalytics", Vec::new()),
        ("CreditService/GetCredits", Vec::new()),
        ("CreditService/ListCreditEntries", Vec::new()),
        ("CreditService/GetRedemption", pb::GetRedemptionRequest { redemption_id: id().to_string() }.encode_to_vec()),
        ("ReferralModerationService/ListReferralCases", Vec::new()),
        ("ReferralModerationService/ListLateRefunds", Vec::new()),
        ("ReferralModerationService/GetReferralReport", Vec::new()),
        // Only the edge is admitted to this one.
        ("ChallengeService/CountActiveChallenges", pb::CountActiveChallengesRequest { user_ids: all.clone() }.encode_to_vec()),
    ];
    for user_id in all {
        let of = || user_id.clone();
        requests.push(("ProfileService/GetProfile", pb::GetProfileRequest { user_id: of() }.encode_to_vec()));
        let list = pb::ListAchievementsRequest { user_id: of(), ..Default::default() };
        requests.push(("AchievementService/ListAchievements", list.encode_to_vec()));
        let summary = pb::GetAchievementSummaryRequest { user_id: of() };
        requests.push(("AchievementService/GetAchievementSummary", summary.encode_to_vec()));
        requests.push(("FriendshipService/GetFriendship", pb::GetFriendshipRequest { user_id: of() }.encode_to_vec()));
        let standings = pb::ListStandingsRequest { user_id: of(), ..Default::default() };
        requests.push(("StandingService/ListStandings", standings.encode_to_vec()));
        let milestones = pb::ListMilestonesRequest { user_id: of(), ..Default::default() };
        requests.push(("AchievementService/ListMilestones", milestones.encode_to_vec()));
    }
    // One challenge is enough: each call waits for an update of the leaderboard.
    let watch = pb::WatchLeaderboardRequest { challenge_id: challenges[0].clone(), limit: 100, ..Default::default() };
    requests.push(("LeaderboardService/WatchLeaderboard", watch.encode_to_vec()));
    for challenge_id in challenges {
        let board = pb::ListLeaderboardRequest { challenge_id: challenge_id.clone(), ..Default::default() };
        requests.push(("LeaderboardService/ListLeaderboard", board.encode_to_vec()));
        let around = pb::GetLeaderboardAroundMeRequest { challenge_id: challenge_id.clone(), limit: 100 };
        requests.push(("LeaderboardService/GetLeaderboardAroundMe", around.encode_to_vec()));
        let friends = pb::ListFriendsLeaderboardRequest { challenge_id: challenge_id.clone(), ..Default::default() };
        requests.push(("LeaderboardService/ListFriendsLeaderboard", friends.encode_to_vec()));
        let standing = pb::GetStandingRequest { challenge_id: challenge_id.clone() };
        requests.push(("LeaderboardService/GetStanding", standing.encode_to_vec()));
        let get = pb::GetChallengeRequest { challenge_id: challenge_id.clone(), ..Default::default() };
        requests.push(("ChallengeService/GetChallenge", get.encode_to_vec()));
        let seat = pb::GetParticipantRequest { challenge_id: challenge_id.clone() };
        requests.push(("ParticipantService/GetParticipant", seat.encode_to_vec()));
        let list = pb::ListProgressRequest { challenge_id: challenge_id.clone(), ..Default::default() };
        requests.push(("ProgressService/ListProgress", list.encode_to_vec()));
    }
    requests
}

/// Returns the users whose names, and those whose ids, are in the responses.
async fn look(
    client: Client,
    reads: &[Method],
    requests: &[(&'static str, Vec<u8>)],
    people: &People,
) -> (BTreeSet<&'static str>, BTreeSet<&'static str>) {
    let (mut names, mut ids) = (BTreeSet::new(), BTreeSet::new());
    for (name, request) in requests {
        let method = reads.iter().find(|method| method.name == *name).expect("a method");
        let Ok(answer) = call(&client, method, request.clone()).await else { continue };
        let has = |text: String| answer.windows(text.len()).any(|window| window == text.as_bytes());
        for (person, user) in &people.0 {
            if has(canary(person)) {
                names.insert(*person);
            }
            if has(user.to_string()) {
                ids.insert(*person);
            }
        }
    }
    (names, ids)
}

#[tokio::test]
async fn callers_learn_names_and_ids_only_of_users_whom_they_see() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (people, challenges) = world.canaries().await?;
    let mut reads = methods(DESCRIPTORS, "orchard.social.v1")?;
    reads.retain(|method| method.reads);
    let requests = requests(&people, &challenges);
    assert_eq!(gaps(&reads, requests.iter().map(|(name, _)| *name)), Vec::<String>::new());
    // "blocked" and "blocks" are public to all but "me".
    let public = ["public", "blocked", "blocks"];
    for (person, _, sees) in SEES {
        let (names, ids) = look(world.slice.user(people.of(person))?, &reads, &requests, &people).await;
        let mut expected: BTreeSet<&str> = sees.iter().copied().chain([*person]).collect();
        if *person != "me" {
            expected.extend(public);
        }
        assert_eq!(names, expected, "names that {person} sees");
        // Callers get the ids of users to whom they have sent requests, and whom they have blocked.
        let named: &[&str] = match *person {
            "me" => &["asked", "blocked"],
            "asks" | "private asks" | "blocks" => &["me"],
            _ => &[],
        };
        let expected: BTreeSet<&str> = expected.into_iter().chain(named.iter().copied()).collect();
        assert_eq!(ids, expected, "ids that {person} sees");
    }
    for role in ["moderator", "operator"] {
        let (names, ids) = look(world.slice.user_with(id(), &[role])?, &reads, &requests, &people).await;
        assert_eq!((names, ids), (public.into(), public.into()), "{role}");
    }
    for service in ["family", "recipe", "edge", "billing", "identity"] {
        let (names, ids) = look(world.slice.service(service)?, &reads, &requests, &people).await;
        assert_eq!((names, ids), (BTreeSet::new(), BTreeSet::new()), "{service}");
    }
    Ok(())
}
