//! Everything that a user can store, and what is left of it after their erasure.

use orchard_proto::family::v1::{MemberJoined, MemberRole};
use orchard_proto::social::v1 as pb;
use orchard_testkit::answer::refused;
use tonic::Code;
use uuid::Uuid;

use super::spellings;
use crate::achievements::{award, featured};
use crate::friends::{Act, event};
use crate::world::{World, days_ago, id, new_challenge, record};

/// A text that only this user writes.
pub const CANARY: &str = "Xanthippe";

/// The challenges of a user that other users need.
pub struct Life {
    /// A challenge that the user has created and others have joined.
    pub shared: String,
    /// A challenge of another user that this user has joined.
    pub others: String,
}

impl World {
    /// Stores something of a user in every table that can name them, with the canary in every text.
    pub async fn live(&self, me: Uuid, other: Uuid) -> anyhow::Result<Life> {
        for user in [me, other] {
            self.settle(user, pb::PrivacyLevel::Public).await?;
        }
        self.rename(me, CANARY).await?;
        // Users with a lower and with a higher id, because friendships store pairs in the order of ids.
        let others = [
            Uuid::from_u128(1 << 96 | u128::from(fastrand::u64(..))),
            Uuid::from_u128(0xff << 120 | u128::from(fastrand::u64(..))),
        ];
        for (number, friend) in others.into_iter().enumerate() {
            self.settle(friend, pb::PrivacyLevel::Public).await?;
            if number == 0 { self.befriend(me, friend).await? } else { self.request(me, friend).await? }
        }
        for (one, another) in [(me, id()), (id(), me), (me, id()), (id(), me)] {
            for user in [one, another] {
                self.settle(user, pb::PrivacyLevel::FriendsOnly).await?;
            }
            self.act(Act::Block, one, another).await?;
        }
        let (plan, child) = (id(), id());
        self.join_family(plan, 1, me, MemberRole::Admin).await?;
        let added = MemberJoined {
            family_plan_id: plan.to_string(),
            user_id: child.to_string(),
            role: MemberRole::Child.into(),
            guardian_user_id: me.to_string(),
            was_added: true,
        };
        self.deliver("family", vec![event(plan, 2, &added)]).await?;
        self.prefer(me, pb::NotificationPreferences::default(), &["push_enabled"]).await?;
        let description = CANARY.to_owned();
        self.award_as(id(), pb::AwardAchievementRequest { description, ..award(me, CANARY) }).await?;
        self.deliver("recipe", vec![featured(id(), 1, me)]).await?;

        let mine = || pb::CreateChallengeRequest {
            challenge_name: CANARY.to_owned(),
            description: CANARY.to_owned(),
            ..new_challenge()
        };
        let alone = self.create(me, mine()).await?.challenge_id;
        self.join(me, &alone).await?;
        let shared = self.create(me, new_challenge()).await?.challenge_id;
        let others = self.create(other, new_challenge()).await?.challenge_id;
        for challenge in [&shared, &others] {
            for user in [me, other] {
                self.join(user, challenge).await?;
                let notes = if user == me { CANARY.to_owned() } else { String::new() };
                let day = pb::RecordProgressRequest { notes, ..record(challenge, days_ago(0), &[("apple", 5)], 0) };
                self.progress(user).record_progress(day).await?;
            }
        }
        let client = self.slice.schema.connect().await?;
        let referred = "INSERT INTO referrals (referrer_id, referee_id, referral_code, metadata, expires_at)
            VALUES ($1, $2, upper($3), jsonb_build_object('note', $4::text), now() + interval '90 days')";
        let code = |id: Uuid| id.simple().to_string()[..12].to_owned();
        for (referrer, referee) in [(me, Some(other)), (me, None), (other, Some(me))] {
            client.execute(referred, &[&referrer, &referee, &code(id()), &CANARY]).await?;
        }
        Ok(Life { shared, others })
    }
}

impl World {
    /// Gives `me` all that has to do with referrals: codes, orders, fingerprints, a case and credits, some of them redeemed.
    pub async fn refer_and_redeem(&self, me: Uuid, other: Uuid) -> anyhow::Result<()> {
        let code = self.code(me).await?;
        self.invite(me).await?;
        self.buy(me, "mine", &["my card"]).await?;
        // Refused: `me` was referred before.
        self.claim(me, &self.code(other).await?).await?;
        let referee = id();
        self.claim(referee, &code).await?;
        self.buy(referee, "theirs", &[]).await?;
        self.end_holds().await?;
        self.redeem(me, id(), "2.00").await?;
        Ok(())
    }
}

#[tokio::test]
async fn no_table_names_an_erased_user() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (me, other) = (id(), id());
    let life = world.live(me, other).await?;
    world.refer_and_redeem(me, other).await?;
    let texts = [spellings(me), vec![CANARY.to_owned()]].concat();
    world.until(async || Ok(world.number("SELECT count(*) FROM outbox").await? == 0)).await?;
    let tables = [
        "achievement_milestones",
        "block_events",
        "challenge_participants",
        "challenge_progress",
        "community_challenges",
        "credit_entries",
        "family_memberships",
        "fingerprints",
        "friendships",
        "idempotency_keys",
        "notification_preferences",
        "orders",
        "redemptions",
        "referral_cases",
        "referral_code_misses",
        "referral_codes",
        "referrals",
        "social_achievements",
        "users",
    ];
    assert_eq!(world.tables_with(&texts).await?, tables, "before the erasure");
    let receipt = world.erase(me).await?;
    let count = |table: &str, deleted, pseudonymised| (table.to_owned(), deleted, pseudonymised);
    let expected = [
        count("idempotency_keys", 5, 0),
        count("friendships", 6, 0),
        count("family_memberships", 1, 0),
        count("notification_preferences", 1, 0),
        count("social_achievements", 4, 0),
        count("achievement_milestones", 6, 0),
        count("challenge_progress", 2, 0),
        count("challenge_participants", 3, 0),
        count("referral_codes", 2, 0),
        count("referral_code_misses", 1, 0),
        count("community_challenges", 1, 1),
        count("referrals", 0, 5),
        count("referral_cases", 0, 1),
        count("orders", 0, 1),
        count("fingerprints", 0, 1),
        count("redemptions", 0, 1),
        count("credit_entries", 0, 2),
        count("users", 1, 0),
    ];
    assert_eq!(receipt, expected);
    assert_eq!(world.erase(me).await?, [], "erased again");
    assert_eq!(world.tables_with(&texts).await?, Vec::<String>::new());

    // Challenges, seats and referrals of other users stay.
    for challenge in [&life.shared, &life.others] {
        let seen = world.get(other, challenge).await?;
        assert_eq!(seen.participant_count, 1, "the seat is free");
    }
    assert_eq!(world.get(other, &life.shared).await?.creator_user_id, "", "other users see no creator");
    assert_eq!(
        world.number("SELECT count(*) FROM community_challenges WHERE created_by IS NULL").await?,
        0,
        "the challenge does not become the platform's"
    );
    assert_eq!(world.number("SELECT count(*) FROM referrals").await?, 5);
    assert_eq!(world.number("SELECT count(*) FROM referrals WHERE metadata IS NOT NULL").await?, 0);
    assert_eq!(
        world.number("SELECT count(*) FROM family_memberships WHERE role = 'child' AND was_added").await?,
        1,
        "the child stays a member"
    );
    world.check_books().await?;
    let pseudonym = "SELECT count(*) FROM users WHERE created_at = 'epoch' AND referral_credits_redeemed = 2.00 AND EXISTS (
        SELECT FROM orders WHERE user_id = users.id AND is_first)";
    assert_eq!(world.number(pseudonym).await?, 1, "who was a customer, and was referred, and has redeemed");
    // The time of the erasure is not stored with the pseudonym, nor exactly with the tombstone.
    assert_eq!(world.number("SELECT count(*) FROM users WHERE created_at = 'epoch' AND updated_at = 'epoch'").await?, 1);
    assert_eq!(world.number("SELECT count(*) FROM erased_users WHERE erased_at = date_trunc('day', erased_at, 'UTC')").await?, 1);
    Ok(())
}

#[tokio::test]
async fn other_users_no_longer_see_an_erased_user() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (me, other) = (id(), id());
    world.live(me, other).await?;
    world.befriend(me, other).await?;
    assert_eq!(world.friends(other).await?, [(me, false)]);
    world.erase(me).await?;
    assert!(world.friends(other).await?.is_empty());
    assert!(!world.sees(other, me).await?);
    let not_found = (Code::NotFound, "PROFILE_NOT_FOUND".to_owned());
    assert_eq!(refused(world.achieved(other, me).await), not_found);
    assert_eq!(refused(world.summary(other, me).await), not_found);
    assert_eq!(refused(world.milestones(other, me).await), not_found);
    assert_eq!(refused(world.act(Act::Block, other, me).await), not_found);
    Ok(())
}
