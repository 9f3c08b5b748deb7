//! The order of the crate's modules.

use std::path::Path;

use orchard_testkit::modules::disorder;

/// Each module uses only those before it.
const ORDER: &[&str] = &[
    "schema",
    "spelling",
    "error",
    "request",
    "roll",
    "clock",
    "visibility",
    "board_copies",
    "people::membership",
    "people::family",
    "people::profile",
    "people::friendship",
    "people",
    "notification",
    "rewards::award",
    "rewards::milestone",
    "rewards::achievement",
    "rewards",
    "referrals::code",
    "referrals::sharing",
    "referrals::rule",
    "referrals::terms",
    "referrals::fingerprint",
    "referrals::group",
    "referrals::referral",
    "referrals::analytics",
    "referrals::parties",
    "referrals::order",
    "referrals::case",
    "referrals::credit",
    "referrals::earning",
    "referrals::claim",
    "referrals::purchase",
    "referrals::moderation",
    "referrals::redemption",
    "referrals::sweep",
    "referrals::api",
    "referrals",
    "challenges::json",
    "challenges::fruit",
    "challenges::reward",
    "challenges::participant",
    "challenges::challenge",
    "challenges::progress",
    "challenges::leaderboard",
    "challenges::finalisation",
    "challenges",
    "privacy",
    "erasure",
    "events",
    "reconcile",
];

#[test]
fn modules_use_only_modules_before_them() -> anyhow::Result<()> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    assert_eq!(disorder(&src, ORDER)?, Vec::<String>::new());
    Ok(())
}
