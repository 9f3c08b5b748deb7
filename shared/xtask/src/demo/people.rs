//! Registers twenty-five users.

use anyhow::Result;
use orchard_proto::social::v1::profile_service_client::ProfileServiceClient;
use orchard_proto::social::v1::{PrivacyLevel, RegisterProfileRequest};
use orchard_testkit::keys::user_id;

use super::calls::{Calls, answer};

/// The members of the two families, then their neighbours.
pub const PEOPLE: [&str; 25] = [
    "alice", "bob", "chloe", "dana", "erik", "fatima", "george", "hana", "ivan", "julia", "kofi", "lena", "marco", "nadia",
    "omar", "priya", "quinn", "rosa", "sven", "tara", "umut", "vera", "wei", "xenia", "yusuf",
];

/// Registers all users, as the identity service does.
pub async fn register(calls: &Calls<'_>) -> Result<()> {
    let mut profiles = ProfileServiceClient::new(calls.social.clone());
    for (number, name) in PEOPLE.into_iter().enumerate() {
        let privacy_level = match number % 8 {
            6 => PrivacyLevel::Private,
            5 => PrivacyLevel::FriendsOnly,
            _ => PrivacyLevel::Public,
        };
        let request = RegisterProfileRequest {
            user_id: user_id(name).to_string(),
            display_name: display_name(name),
            // Never behind UTC, so that today has begun for every user.
            time_zone: if number % 2 == 0 { "Europe/Berlin" } else { "UTC" }.to_owned(),
            privacy_level: privacy_level.into(),
        };
        answer("RegisterProfile", profiles.register_profile(calls.service("identity", request)?).await)?;
    }
    Ok(())
}

/// Returns `Alice` for `alice`.
pub fn display_name(name: &str) -> String {
    let (first, rest) = name.split_at(1);
    first.to_uppercase() + rest
}
