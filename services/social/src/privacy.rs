//! The personal data that this slice holds: its export and its erasure.

mod erase;
mod export;
mod store;

use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use orchard_db::Connection;
use orchard_privacy::{Page, Receipt, Rows, UserData, roll};
use strum::{IntoStaticStr, VariantArray};
use uuid::Uuid;

use crate::error::Error;
use crate::referrals::redemption;

/// The personal data of this slice.
#[derive(Debug)]
pub struct SocialData;

/// A part of an export, named after its table. Parts are exported in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Part {
    /// The user's profile.
    Users,
    /// Friendships, requests and blocks with users whose ids are higher.
    Friendships,
    /// Friendships, requests and blocks with users whose ids are lower.
    #[strum(serialize = "friendships")]
    OtherFriendships,
    /// The families that the user belongs to.
    FamilyMemberships,
    /// The children whose guardian the user is.
    #[strum(serialize = "family_memberships")]
    Children,
    /// Whether the user is a child.
    #[strum(serialize = "children")]
    Protection,
    /// What the user wants to be notified of.
    NotificationPreferences,
    /// The user's achievements.
    SocialAchievements,
    /// The user's milestones.
    AchievementMilestones,
    /// Challenges that the user has created.
    CommunityChallenges,
    /// The user's seats in challenges.
    ChallengeParticipants,
    /// The user's progress in challenges.
    ChallengeProgress,
    /// Referrals by the user.
    Referrals,
    /// The user's codes that can be claimed.
    ReferralCodes,
    /// How often the user has claimed codes that do not exist.
    ReferralCodeMisses,
    /// The user's orders.
    Orders,
    /// The ledger of the user's credits.
    CreditEntries,
    /// Credits that the user has redeemed.
    Redemptions,
    /// The user's erasure, until it is done.
    ErasureRequests,
}

impl UserData for SocialData {
    type Part = Part;
    type Error = Error;

    const PARTS: &'static [Part] = Part::VARIANTS;

    /// Credits on their way into a wallet arrive there, or come back, before their user is gone.
    async fn begin(&self, connection: &mut Connection, user: Uuid) -> Result<(Receipt, bool), Error> {
        let is_known = roll::bar(connection, user).await?;
        Ok((Receipt::default(), !is_known || !redemption::is_pending(connection, user).await?))
    }

    async fn erase(&self, connection: &mut Connection, user: Uuid) -> Result<Receipt, Error> {
        erase::erase(connection, user).await
    }

    async fn page(connection: &mut AsyncPgConnection, user: Uuid, part: Part, page: Page) -> QueryResult<Rows> {
        export::page(connection, user, part, page).await
    }
}
