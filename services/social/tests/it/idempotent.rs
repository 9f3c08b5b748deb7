//! Requests that are sent again because their answer was lost.

use orchard_proto::DESCRIPTORS;
use orchard_proto::family::v1::MemberRole;
use orchard_proto::social::v1 as pb;
use orchard_testkit::client::Client;
use orchard_testkit::repeats::{Case, findings};
use uuid::Uuid;

use crate::achievements::{award, featured};
use crate::referrals::{euros, fingerprint};
use crate::world::{World, days_ago, id, new_challenge, record};

fn paths(paths: &[&str]) -> Option<prost_types::FieldMask> {
    Some(prost_types::FieldMask { paths: paths.iter().map(ToString::to_string).collect() })
}

impl World {
    fn user(&self, user: Uuid) -> Client {
        self.slice.user(user).expect("a client")
    }

    fn operator(&self) -> Client {
        self.slice.user_with(id(), &["operator", "moderator"]).expect("a client")
    }

    async fn friendship_cases(&self) -> anyhow::Result<Vec<Case>> {
        let me = id();
        let [asked, accepted, declined, withdrawn, friend, other] = [(); 6].map(|()| id());
        for user in [me, asked, accepted, declined, withdrawn, friend, other] {
            self.settle(user, pb::PrivacyLevel::Public).await?;
        }
        self.request(accepted, me).await?;
        self.request(declined, me).await?;
        self.request(me, withdrawn).await?;
        self.befriend(me, friend).await?;
        let client = || self.user(me);
        let user_id = |user: Uuid| user.to_string();
        Ok(vec![
            Case::of("FriendshipService/SendFriendRequest", client(), pb::SendFriendRequestRequest { user_id: user_id(asked) }),
            Case::of(
                "FriendshipService/AcceptFriendRequest",
                client(),
                pb::AcceptFriendRequestRequest { user_id: user_id(accepted) },
            ),
            Case::of(
                "FriendshipService/DeclineFriendRequest",
                client(),
                pb::DeclineFriendRequestRequest { user_id: user_id(declined) },
            ),
            Case::of(
                "FriendshipService/WithdrawFriendRequest",
                client(),
                pb::WithdrawFriendRequestRequest { user_id: user_id(withdrawn) },
            ),
            Case::of("FriendshipService/RemoveFriend", client(), pb::RemoveFriendRequest { user_id: user_id(friend) }),
            Case::of("FriendshipService/BlockUser", client(), pb::BlockUserRequest { user_id: user_id(other) }),
            Case::of("FriendshipService/UnblockUser", client(), pb::UnblockUserRequest { user_id: user_id(other) }),
        ])
    }

    async fn profile_cases(&self) -> anyhow::Result<Vec<Case>> {
        let user = id();
        let registered = pb::RegisterProfileRequest {
            user_id: id().to_string(),
            display_name: "Ada".to_owned(),
            time_zone: "UTC".to_owned(),
            privacy_level: pb::PrivacyLevel::Public.into(),
        };
        self.settle(user, pb::PrivacyLevel::Public).await?;
        let profile = pb::Profile { display_name: "Ada".to_owned(), ..Default::default() };
        let renamed = pb::UpdateProfileRequest { profile: Some(profile), update_mask: paths(&["display_name"]) };
        let preferences = pb::NotificationPreferences { email_enabled: false, ..Default::default() };
        let preferred = pb::UpdateNotificationPreferencesRequest {
            notification_preferences: Some(preferences),
            update_mask: paths(&["email_enabled"]),
        };
        Ok(vec![
            Case::of("ProfileService/RegisterProfile", self.slice.service("identity")?, registered),
            Case::of("ProfileService/UpdateProfile", self.user(user), renamed),
            Case::of("NotificationService/UpdateNotificationPreferences", self.user(user), preferred),
        ])
    }

    async fn reward_cases(&self) -> anyhow::Result<Vec<Case>> {
        let user = id();
        self.settle(user, pb::PrivacyLevel::Public).await?;
        let achievement_id = self.award(user, "Early bird").await?.achievement_id;
        let shown = pb::SetAchievementVisibilityRequest { achievement_id, is_public: true };
        self.deliver("recipe", vec![featured(id(), 1, user)]).await?;
        let milestone_id = self.milestones(user, user).await?.remove(0).milestone_id;
        let milestone = pb::SetMilestoneVisibilityRequest { milestone_id, is_public: false };
        Ok(vec![
            Case::of("AchievementService/AwardAchievement", self.operator(), award(user, "Night owl")),
            Case::of("AchievementService/SetAchievementVisibility", self.user(user), shown),
            Case::of("AchievementService/SetMilestoneVisibility", self.user(user), milestone),
        ])
    }

    async fn referral_cases(&self) -> anyhow::Result<Vec<Case>> {
        let [referrer, referee, twin] = [(); 3].map(|()| id());
        for user in [referrer, twin] {
            self.print(user, pb::FingerprintKind::Device, "phone").await?;
        }
        let code = self.code(referrer).await?;
        self.claim(twin, &code).await?;
        let case = self.cases().await?.remove(0);
        self.claim(referee, &code).await?;
        self.buy(referee, "earlier", &[]).await?;
        self.end_holds().await?;
        let request_id = || id().to_string();
        let claim = pb::ClaimReferralRequest { referral_code: code, request_id: request_id(), ..Default::default() };
        let invitation = pb::CreateReferralRequest { request_id: request_id(), ..Default::default() };
        let redeemed =
            pb::RedeemCreditsRequest { family_plan_id: id().to_string(), amount: euros("1"), request_id: request_id() };
        let bought = pb::RecordPurchaseRequest {
            user_id: id().to_string(),
            order_id: "o".to_owned(),
            amount: euros("20"),
            payment_fingerprints: vec![fingerprint("card")],
        };
        let refunded = pb::RecordRefundRequest { order_id: "o".to_owned(), refund_id: "r".to_owned(), amount: euros("20") };
        let prints = pb::RecordFingerprintsRequest {
            user_id: id().to_string(),
            kind: pb::FingerprintKind::Device.into(),
            fingerprints: vec![fingerprint("phone")],
        };
        let decided = pb::DecideReferralCaseRequest {
            referral_case_id: case.referral_case_id,
            decision: pb::ReferralDecision::Approved.into(),
            note: String::new(),
            request_id: request_id(),
        };
        let commerce = || self.slice.service("commerce");
        Ok(vec![
            Case::of("ErasureService/EraseMe", self.user(id()), pb::EraseMeRequest {}),
            Case::of("ErasureService/EraseAccount", self.operator(), pb::EraseAccountRequest { user_id: id().to_string() }),
            Case::of("ReferralService/CreateReferralCode", self.user(id()), pb::CreateReferralCodeRequest {}),
            Case::of("ReferralService/CreateReferral", self.user(referrer), invitation),
            Case::of("ReferralService/ClaimReferral", self.user(id()), claim),
            Case::of("CreditService/RedeemCredits", self.user(referrer), redeemed),
            Case::of("PurchaseService/RecordPurchase", commerce()?, bought),
            Case::of("PurchaseService/RecordRefund", commerce()?, refunded),
            Case::of("FingerprintService/RecordFingerprints", self.slice.service("identity")?, prints),
            Case::of("ReferralModerationService/DecideReferralCase", self.operator(), decided),
        ])
    }

    async fn challenge_cases(&self) -> anyhow::Result<Vec<Case>> {
        let (creator, user) = (id(), id());
        for user in [creator, user] {
            self.settle(user, pb::PrivacyLevel::Public).await?;
        }
        let challenge_id = self.create(creator, new_challenge()).await?.challenge_id;
        let future = pb::CreateChallengeRequest { start_date: crate::world::date(days_ago(-9)), ..new_challenge() };
        let upcoming = self.create(creator, future).await?;
        let challenge = pb::Challenge { challenge_name: "Plums".to_owned(), ..upcoming };
        let changed = pb::UpdateChallengeRequest { challenge: Some(challenge), update_mask: paths(&["challenge_name"]) };
        let id = || challenge_id.clone();
        let joined = pb::JoinChallengeRequest { challenge_id: id(), ..Default::default() };
        let recorded = record(&challenge_id, days_ago(0), &[("apple", 1)], 0);
        let of_batch = record(&challenge_id, days_ago(1), &[("fig", 1)], 0);
        let of_batch = pb::ProgressRecord {
            challenge_id: of_batch.challenge_id,
            progress_date: of_batch.progress_date,
            progress_data: of_batch.progress_data,
            ..Default::default()
        };
        let visible = pb::SetParticipantVisibilityRequest { challenge_id: id(), is_public: false };
        let featured = pb::FeatureChallengeRequest { challenge_id: id(), featured_priority: 1 };
        Ok(vec![
            Case::of("ChallengeService/CreateChallenge", self.user(creator), new_challenge()),
            Case::of("ChallengeService/UpdateChallenge", self.user(creator), changed),
            Case::of("ChallengeService/FeatureChallenge", self.operator(), featured),
            Case::of("ChallengeService/JoinChallenge", self.user(user), joined),
            Case::of("ProgressService/RecordProgress", self.user(user), recorded),
            Case::of(
                "ProgressService/BatchRecordProgress",
                self.user(user),
                pb::BatchRecordProgressRequest { records: vec![of_batch] },
            ),
            Case::of("ParticipantService/SetParticipantVisibility", self.user(user), visible),
            Case::of(
                "ParticipantService/WithdrawParticipant",
                self.user(user),
                pb::WithdrawParticipantRequest { challenge_id: id() },
            ),
            Case::of(
                "ChallengeService/DeactivateChallenge",
                self.user(creator),
                pb::DeactivateChallengeRequest { challenge_id: id() },
            ),
            Case::of(
                "ChallengeService/ReactivateChallenge",
                self.operator(),
                pb::ReactivateChallengeRequest { challenge_id: id() },
            ),
        ])
    }
}

#[tokio::test]
async fn a_repetition_is_answered_as_the_first_request_was() -> anyhow::Result<()> {
    let (world, _family) = World::with_family().await?;
    let mut cases = world.friendship_cases().await?;
    cases.extend(world.profile_cases().await?);
    cases.extend(world.reward_cases().await?);
    cases.extend(world.challenge_cases().await?);
    cases.extend(world.referral_cases().await?);
    let (plan, guardian, child) = (id(), id(), id());
    world.join_family(plan, 1, guardian, MemberRole::Member).await?;
    world.add_child(plan, 2, child, Some(guardian)).await?;
    let named = pb::NameChildRequest { user_id: child.to_string(), display_name: "Pip".to_owned() };
    cases.push(Case::of("ProfileService/NameChild", world.user(guardian), named));
    let challenge_id = world.official(new_challenge()).await?;
    let finalise = "UPDATE community_challenges SET finalised_at = now(), updated_at = now() WHERE id = $1";
    world.slice.schema.connect().await?.execute(finalise, &[&challenge_id.parse::<Uuid>()?]).await?;
    let finalised = pb::FinaliseChallengeRequest { challenge_id };
    cases.push(Case::of("ChallengeService/FinaliseChallenge", world.operator(), finalised));
    assert_eq!(findings(DESCRIPTORS, "orchard.social.v1", cases).await?, Vec::<String>::new());
    Ok(())
}
