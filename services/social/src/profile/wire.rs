//! Profiles as sent.

use chrono_tz::Tz;
use orchard_proto::social::v1 as pb;
use orchard_rpc::{Fields, Violations, read, timestamp_to_wire};
use uuid::Uuid;

use super::{PrivacyLevel, Profile};

/// A profile to register.
#[derive(Debug, Clone)]
pub(super) struct NewProfile {
    pub(super) id: Uuid,
    pub(super) display_name: String,
    pub(super) time_zone: Tz,
    pub(super) privacy_level: PrivacyLevel,
}

pub(super) fn new_profile(request: &pb::RegisterProfileRequest) -> Result<NewProfile, Violations> {
    let mut fields = Fields::default();
    let id = fields.read("user_id", read::uuid(&request.user_id));
    let name = fields.read("display_name", read::text(&request.display_name, 1..=50));
    let zone = fields.read("time_zone", read::time_zone(&request.time_zone));
    let level = fields.read("privacy_level", read_privacy_level(request.privacy_level));
    fields.finish(|| Ok(NewProfile { id: id?, display_name: name?, time_zone: zone?, privacy_level: level? }))
}

fn read_privacy_level(value: i32) -> Result<PrivacyLevel, String> {
    match pb::PrivacyLevel::try_from(value) {
        Ok(pb::PrivacyLevel::Unspecified | pb::PrivacyLevel::FriendsOnly) => Ok(PrivacyLevel::FriendsOnly),
        Ok(pb::PrivacyLevel::Public) => Ok(PrivacyLevel::Public),
        Ok(pb::PrivacyLevel::Private) => Ok(PrivacyLevel::Private),
        Err(_) => Err(format!("has no value {value}")),
    }
}

pub(super) fn profile(profile: Profile) -> pb::Profile {
    let level = match profile.privacy_level {
        PrivacyLevel::Public => pb::PrivacyLevel::Public,
        PrivacyLevel::FriendsOnly => pb::PrivacyLevel::FriendsOnly,
        PrivacyLevel::Private => pb::PrivacyLevel::Private,
    };
    pb::Profile {
        user_id: profile.id.to_string(),
        display_name: profile.display_name.unwrap_or_default(),
        privacy_level: level.into(),
        time_zone: profile.time_zone.name().to_owned(),
        create_time: Some(timestamp_to_wire(profile.created_at)),
    }
}
