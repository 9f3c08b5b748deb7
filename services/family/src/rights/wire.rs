//! Rights and privacy settings as sent.

use orchard_proto::family::v1 as pb;
use orchard_rpc::Currency;

use super::{Permission, Permissions, PrivacySettings, Role};

orchard_rpc::wire_enum!(Role <=> pb::MemberRole: Admin, Member, Child, Guest);
orchard_rpc::wire_enum!(Permission <=> pb::Permission: Spend, Invite, ViewNutrition, Manage);

pub(crate) fn permissions(permissions: &Permissions, currency: &Currency) -> pb::Permissions {
    pb::Permissions {
        spend: permissions.spend,
        daily_spend_limit: permissions.daily_spend_limit.as_ref().map(|limit| currency.to_wire(limit)),
        invite: permissions.invite,
        view_nutrition: permissions.view_nutrition,
    }
}

pub(crate) fn privacy(settings: PrivacySettings) -> pb::PrivacySettings {
    pb::PrivacySettings {
        share_nutrition: settings.share_nutrition,
        share_challenges: settings.share_challenges,
        share_achievements: settings.share_achievements,
    }
}
