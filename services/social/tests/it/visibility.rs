//! Who sees a profile, and that all methods agree on it.

use orchard_proto::family::v1::MemberRole;
use orchard_proto::google::r#type::Money;
use orchard_proto::social::v1 as pb;
use orchard_proto::social::v1::achievement_service_client::AchievementServiceClient;
use orchard_testkit::answer::refused;
use orchard_testkit::client::Client;
use pb::FriendRequestDirection::Incoming;
use pb::PrivacyLevel::{self, FriendsOnly, Private, Public};
use tonic::{Code, Status};
use uuid::Uuid;

use crate::world::{World, id, new_challenge};

/// The relation of a viewer to the user whose profile they look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Viewer {
    Stranger,
    Moderator,
    Operator,
    Friend,
    RequestSent,
    RequestReceived,
    Family,
    FamilyChild,
    GuestOfTheFamily,
    FamilyOfAGuest,
    BlockedByUser,
    HasBlockedUser,
    FriendAndFamily,
    BlockedFamily,
    Oneself,
}

use Viewer::{
    BlockedByUser, BlockedFamily, Family, FamilyChild, FamilyOfAGuest, Friend, FriendAndFamily, GuestOfTheFamily, HasBlockedUser,
    Moderator, Oneself, Operator, RequestReceived, RequestSent, Stranger,
};

/// Whether a viewer sees a profile that is public, for friends only, private.
const SEES: &[(Viewer, [bool; 3])] = &[
    (Stranger, [true, false, false]),
    (Moderator, [true, false, false]),
    (Operator, [true, false, false]),
    (Friend, [true, true, false]),
    // A request shows the profile of its sender, not that of its recipient.
    (RequestReceived, [true, true, false]),
    (RequestSent, [true, false, false]),
    (Family, [true, true, false]),
    (FamilyChild, [true, true, false]),
    (GuestOfTheFamily, [true, false, false]),
    (FamilyOfAGuest, [true, false, false]),
    (BlockedByUser, [false, false, false]),
    (HasBlockedUser, [false, false, false]),
    (FriendAndFamily, [true, true, false]),
    (BlockedFamily, [false, false, false]),
    (Oneself, [true, true, true]),
];

impl World {
    /// Creates a viewer with a relation to the user.
    async fn viewer(&self, viewer: Viewer, user: Uuid) -> anyhow::Result<(Uuid, Client)> {
        let me = if viewer == Oneself { user } else { id() };
        self.settle(me, FriendsOnly).await?;
        let family = async |theirs: MemberRole, mine: MemberRole| {
            let plan = id();
            self.join_family(plan, 1, user, theirs).await?;
            self.join_family(plan, 2, me, mine).await
        };
        match viewer {
            Stranger | Moderator | Operator | Oneself => {}
            Friend => self.befriend(user, me).await?,
            RequestReceived => self.request(user, me).await?,
            RequestSent => self.request(me, user).await?,
            Family => family(MemberRole::Admin, MemberRole::Member).await?,
            FamilyChild => family(MemberRole::Member, MemberRole::Child).await?,
            GuestOfTheFamily => family(MemberRole::Admin, MemberRole::Guest).await?,
            FamilyOfAGuest => family(MemberRole::Guest, MemberRole::Admin).await?,
            BlockedByUser => self.block(user, me).await?,
            HasBlockedUser => self.block(me, user).await?,
            FriendAndFamily => {
                self.befriend(user, me).await?;
                family(MemberRole::Child, MemberRole::Admin).await?;
            }
            BlockedFamily => {
                family(MemberRole::Admin, MemberRole::Admin).await?;
                self.block(user, me).await?;
            }
        }
        let client = match viewer {
            Moderator => self.slice.user_with(me, &["moderator"])?,
            Operator => self.slice.user_with(me, &["operator"])?,
            _ => self.slice.user(me)?,
        };
        Ok((me, client))
    }

    async fn block(&self, one: Uuid, other: Uuid) -> anyhow::Result<()> {
        self.act(crate::friends::Act::Block, one, other).await?;
        Ok(())
    }
}

/// Returns how many of the methods show a user to a viewer, and how many methods there are.
async fn count_ways(world: &World, (me, client): &(Uuid, Client), user: Uuid, challenge: &str) -> anyhow::Result<(usize, usize)> {
    use orchard_proto::social::v1::challenge_service_client::ChallengeServiceClient;
    use orchard_proto::social::v1::profile_service_client::ProfileServiceClient;

    let user_id = || user.to_string();
    let hidden = |status: Status| assert_eq!(refused::<()>(Err(status)), (Code::NotFound, "PROFILE_NOT_FOUND".to_owned()));
    let mut profiles = ProfileServiceClient::new(client.clone());
    let mut achievements = AchievementServiceClient::new(client.clone());
    let get = profiles.get_profile(pb::GetProfileRequest { user_id: user_id() }).await.map_err(hidden).is_ok();
    let batch = pb::BatchGetProfilesRequest { user_ids: vec![id().to_string(), user_id(), user_id()] };
    let batch = profiles.batch_get_profiles(batch).await?.into_inner().profiles;
    assert!(batch.len() <= 1, "each once");
    let list = pb::ListAchievementsRequest { user_id: user_id(), ..Default::default() };
    let list = achievements.list_achievements(list).await.map_err(hidden).is_ok();
    let summary = pb::GetAchievementSummaryRequest { user_id: user_id() };
    let summary = achievements.get_achievement_summary(summary).await.map_err(hidden).is_ok();
    let milestones = pb::ListMilestonesRequest { user_id: user_id(), ..Default::default() };
    let milestones = achievements.list_milestones(milestones).await.map_err(hidden).is_ok();
    let get_challenge = pb::GetChallengeRequest { challenge_id: challenge.to_owned(), ..Default::default() };
    let challenge = ChallengeServiceClient::new(client.clone()).get_challenge(get_challenge).await?.into_inner().challenge;
    let creator = challenge.expect("a challenge").creator_user_id == user_id();
    // Whether the viewer's own lists contain the user depends on the relation as well, but the user must be visible.
    let friends = world.friends(*me).await?.iter().any(|(friend, _)| *friend == user);
    let requests = world.requests(*me, Incoming).await?.iter().any(|request| request.user_id == user_id());
    let highlights = achievements.list_highlights(pb::ListHighlightsRequest::default()).await?.into_inner().achievements;
    let highlights = highlights.iter().any(|achievement| achievement.user_id == user_id());
    let counted = world.friendships(*me).count_friends(pb::CountFriendsRequest {}).await?.into_inner();
    assert_eq!((counted.friends > 0, counted.incoming_requests > 0), (friends, requests), "counts and lists agree");
    assert_eq!(highlights, friends, "highlights are achievements of friends");
    let seen = [get, !batch.is_empty(), list, summary, milestones, creator];
    assert!(get || !(friends || requests || highlights), "lists contain only visible users");
    Ok((seen.iter().filter(|seen| **seen).count(), seen.len()))
}

#[tokio::test]
async fn a_viewer_sees_a_user_by_all_methods_or_by_none() -> anyhow::Result<()> {
    let world = World::strict().await?;
    for (level, column) in [(Public, 0), (FriendsOnly, 1), (Private, 2)] {
        for (viewer, sees) in SEES {
            let user = id();
            world.settle(user, FriendsOnly).await?;
            let challenge = world.create(user, new_challenge()).await?.challenge_id;
            world.award(user, "Seen").await?;
            let caller = world.viewer(*viewer, user).await?;
            world.settle(user, level).await?;
            let (seen, all) = count_ways(&world, &caller, user, &challenge).await?;
            assert_eq!(seen, if sees[column] { all } else { 0 }, "{viewer:?} of a user who is {level:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn friends_are_listed_while_they_are_visible() -> anyhow::Result<()> {
    let world = World::start().await?;
    let me = id();
    world.settle(me, FriendsOnly).await?;
    let [friend, relative, both]: [Uuid; 3] = world.people().await?;
    let plan = id();
    for (sequence, user) in [(1, me), (2, relative), (3, both)] {
        world.join_family(plan, sequence, user, MemberRole::Member).await?;
    }
    world.befriend(me, friend).await?;
    world.befriend(me, both).await?;
    let listed = async |level: PrivacyLevel| {
        for user in [friend, relative, both] {
            world.settle(user, level).await?;
        }
        let counted = world.friendships(me).count_friends(pb::CountFriendsRequest {}).await?.into_inner().friends;
        let listed = world.friends(me).await?;
        assert_eq!(usize::try_from(counted)?, listed.len());
        anyhow::Ok(listed)
    };
    let mut all = [(friend, false), (relative, true), (both, true)];
    all.sort_unstable();
    assert_eq!(listed(FriendsOnly).await?, all);
    assert_eq!(listed(Private).await?, []);
    assert_eq!(listed(Public).await?, all);
    Ok(())
}

#[tokio::test]
async fn only_their_user_sees_the_settings_of_a_profile() -> anyhow::Result<()> {
    let world = World::start().await?;
    let user = id();
    world.settle(user, Public).await?;
    let earned = "UPDATE users SET referral_credits_earned = 12.50 WHERE id = $1";
    world.slice.schema.connect().await?.execute(earned, &[&user]).await?;
    let get = || pb::GetProfileRequest { user_id: user.to_string() };
    let own = world.profiles(user)?.get_profile(get()).await?.into_inner().profile.expect("a profile");
    assert_eq!((own.privacy_level(), own.time_zone.as_str(), own.social_sharing_enabled), (Public, "UTC", Some(true)));
    let money = Money { currency_code: "EUR".to_owned(), units: 12, nanos: 500_000_000 };
    assert_eq!(own.referral_credits_earned, Some(money));
    let others = world.profiles(id())?.get_profile(get()).await?.into_inner().profile.expect("a profile");
    let expected = pb::Profile {
        user_id: own.user_id.clone(),
        display_name: own.display_name.clone(),
        create_time: own.create_time,
        ..Default::default()
    };
    assert_eq!(others, expected);
    Ok(())
}
