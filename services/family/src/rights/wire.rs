//! Rights and privacy settings as sent.

use orchard_proto::family::v1 as pb;
use orchard_rpc::Currency;

use super::{Permission, PrivacySettings, Rights, Role};

orchard_rpc::wire_enum!(Role <=> pb::MemberRole: Admin, Member, Child, Guest);
orchard_rpc::wire_enum!(Permission <=> pb::Permission: Spend, Invite, ViewNutrition, Manage);

pub(crate) fn permissions(rights: &Rights, currency: &Currency) -> pb::Permissions {
    pb::Permissions {
        spend: Some(rights.may_spend()),
        daily_spend_limit: rights.permissions.daily_spend_limit.as_ref().map(|limit| currency.to_wire(limit)),
        invite: Some(rights.may_invite()),
        view_nutrition: Some(rights.may_see_nutrition()),
    }
}

pub(crate) fn privacy(settings: PrivacySettings) -> pb::PrivacySettings {
    pb::PrivacySettings {
        share_nutrition: Some(settings.share_nutrition),
        share_challenges: Some(settings.share_challenges),
        share_achievements: Some(settings.share_achievements),
    }
}
