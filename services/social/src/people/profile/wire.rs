//! Profiles as messages.

use orchard_proto::social::v1 as pb;
use orchard_rpc::{Currency, Fields, Invalid, read, timestamp_to_wire};
use uuid::Uuid;

use super::name::DisplayName;
use super::{Patch, PrivacyLevel, Profile, Registration};
use crate::error::Error;

/// The most profiles that one request may ask for.
const MAX_BATCH: usize = 200;
/// Fields that users may change of their profiles.
const PATHS: [&str; 4] = ["display_name", "privacy_level", "time_zone", "social_sharing_enabled"];

orchard_rpc::wire_enum!(PrivacyLevel <=> pb::PrivacyLevel: Public, FriendsOnly, Private);

pub(super) fn registration(request: &pb::RegisterProfileRequest) -> Result<Registration, Error> {
    let mut fields = Fields::default();
    let id = fields.read("user_id", read::uuid(&request.user_id));
    let name = fields.read("display_name", DisplayName::read(&request.display_name));
    let zone = fields.read("time_zone", read::time_zone(&request.time_zone));
    let level = fields.read("privacy_level", read::optional_enumeration(request.privacy_level));
    Ok(fields.finish(|| {
        let privacy_level = level?.unwrap_or(PrivacyLevel::FriendsOnly);
        Ok(Registration { id: id?, display_name: name?, time_zone: zone?, privacy_level })
    })?)
}

pub(super) fn batch(request: &pb::BatchGetProfilesRequest) -> Result<Vec<Uuid>, Error> {
    let mut fields = Fields::default();
    let ids = fields.values("user_ids", 1..=MAX_BATCH, &request.user_ids, |id| read::uuid(id));
    Ok(fields.finish(|| ids)?)
}

pub(super) fn update(request: pb::UpdateProfileRequest, caller: Uuid) -> Result<Patch, Error> {
    let mut fields = Fields::default();
    let paths = fields.read("update_mask", read::field_mask(request.update_mask, &PATHS));
    let profile = fields.read("profile", read::required(request.profile));
    let mask = paths.as_deref().unwrap_or_default();
    let patch = profile.map(|profile| fields.within("profile", |fields| read_patch(fields, mask, &profile, caller)));
    Ok(fields.finish(|| {
        paths?;
        patch?
    })?)
}

fn read_patch(fields: &mut Fields, mask: &[&str], profile: &pb::Profile, caller: Uuid) -> Result<Patch, Invalid> {
    let own = read::optional_uuid(&profile.user_id).and_then(|named| match named {
        Some(user) if user != caller => Err("must be the caller's, or empty".to_owned()),
        Some(_) | None => Ok(()),
    });
    let own = fields.read("user_id", own);
    let name = fields.masked(mask, "display_name", || DisplayName::read(&profile.display_name));
    // Unlike in a registration, an unspecified level is refused: it would be a choice that the user has not made.
    let level = fields.masked(mask, "privacy_level", || profile.privacy_level.try_into());
    let zone = fields.masked(mask, "time_zone", || read::time_zone(&profile.time_zone));
    let shares = fields.masked(mask, "social_sharing_enabled", || read::required(profile.social_sharing_enabled));
    own?;
    Ok(Patch { display_name: name?, privacy_level: level?, time_zone: zone?, social_sharing_enabled: shares? })
}

pub(super) fn child(request: &pb::NameChildRequest) -> Result<(Uuid, DisplayName), Error> {
    let mut fields = Fields::default();
    let id = fields.read("user_id", read::uuid(&request.user_id));
    let name = fields.read("display_name", DisplayName::read(&request.display_name));
    Ok(fields.finish(|| Ok((id?, name?)))?)
}

/// Converts a profile for its user.
pub(super) fn own(profile: Profile, currency: &Currency) -> pb::Profile {
    let (level, time_zone, shares) = (profile.privacy_level, profile.time_zone.name().to_owned(), profile.social_sharing_enabled);
    let earned = currency.to_wire(&profile.referral_credits_earned);
    pb::Profile {
        privacy_level: level.into(),
        time_zone,
        social_sharing_enabled: Some(shares),
        referral_credits_earned: Some(earned),
        ..others(profile)
    }
}

/// Converts a profile for other users.
pub(crate) fn others(profile: Profile) -> pb::Profile {
    pb::Profile {
        user_id: profile.id.to_string(),
        display_name: profile.display_name.unwrap_or_default(),
        create_time: Some(timestamp_to_wire(profile.created_at)),
        ..pb::Profile::default()
    }
}

/// Converts a profile for `viewer`.
pub(super) fn profile(profile: Profile, viewer: Uuid, currency: &Currency) -> pb::Profile {
    if profile.id == viewer { own(profile, currency) } else { others(profile) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use orchard_rpc::Zone;
    use orchard_testkit::answer::violations;
    use prost_types::FieldMask;
    use tonic::Status;

    fn update_of(profile: pb::Profile, paths: &[&str]) -> Result<Patch, Error> {
        let update_mask = Some(FieldMask { paths: paths.iter().map(ToString::to_string).collect() });
        update(pb::UpdateProfileRequest { profile: Some(profile), update_mask }, Uuid::from_u128(7))
    }

    fn refused_fields(profile: pb::Profile, paths: &[&str]) -> Vec<String> {
        violations(update_of(profile, paths).map_err(Status::from))
    }

    #[test]
    fn only_fields_in_the_mask_are_read() {
        let profile = pb::Profile { display_name: "\0".to_owned(), time_zone: "Asia/Tokyo".to_owned(), ..pb::Profile::default() };
        let patch = update_of(profile.clone(), &["time_zone"]).expect("a patch");
        assert_eq!((patch.time_zone, patch.display_name), (Zone::named("Asia/Tokyo"), None));
        let expected = ["profile.display_name", "profile.privacy_level", "profile.social_sharing_enabled"];
        assert_eq!(refused_fields(profile, &PATHS), expected);
    }

    #[test]
    fn fields_that_users_may_not_change_and_other_users_profiles_are_refused() {
        for path in ["user_id", "create_time", "referral_credits_earned", "*"] {
            assert_eq!(refused_fields(pb::Profile::default(), &[path]), ["update_mask"], "{path}");
        }
        let other = pb::Profile { user_id: Uuid::from_u128(8).to_string(), ..pb::Profile::default() };
        assert_eq!(refused_fields(other, &["time_zone"]), ["profile.user_id"]);
    }
}
