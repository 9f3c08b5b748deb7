//! The terms of referrals, which the installation sets.

use std::str::FromStr;
use std::sync::LazyLock;
use std::time::Duration;

use bigdecimal::{BigDecimal, RoundingMode, Signed as _};
use chrono::TimeDelta;
use clap::Args;
use tonic::transport::Uri;

/// The largest amount that the tables hold.
pub(super) static MAX_AMOUNT: LazyLock<BigDecimal> = LazyLock::new(|| BigDecimal::new(9_999_999_999_i64.into(), 2));
/// The most of one reward.
const MAX_REWARD: i64 = 10_000;
/// The most tiers.
const MAX_TIERS: usize = 20;

/// Settings of referrals.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Referrals")]
pub struct Terms {
    /// Rewards: from which conversion of a referrer on, and how much, in ascending order
    #[arg(long, env = "ORCHARD_REFERRAL_TIERS", default_value = "1=5.00,3=7.50,6=10.00", value_name = "TIERS")]
    pub referral_tiers: Tiers,
    /// How long an earned reward is held until it is credited. A full refund within this time takes it back
    #[arg(long, env = "ORCHARD_REFERRAL_HOLD", default_value = "14d", value_parser = orchard_server::duration, value_name = "DURATION")]
    pub referral_hold: Duration,
    /// How long an invitation can be claimed, and how long after a claim a first order counts
    #[arg(long, env = "ORCHARD_REFERRAL_WINDOW", default_value = "90d", value_parser = orchard_server::duration, value_name = "DURATION")]
    pub referral_window: Duration,
    /// Claims of one referrer's codes that are accepted within 24 hours
    #[arg(long, env = "ORCHARD_REFERRAL_CLAIMS_PER_DAY", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000_000), value_name = "NUMBER")]
    pub referral_claims_per_day: u32,
    /// Address before the code in the links that users share
    #[arg(long, env = "ORCHARD_REFERRAL_URL", default_value = "https://orchard.example/join", value_name = "URL")]
    pub referral_url: Uri,
    /// How often to look for rewards to credit and referrals that have expired
    #[arg(long, env = "ORCHARD_REFERRAL_PERIOD", default_value = "10s", value_parser = orchard_server::duration, value_name = "DURATION")]
    pub referral_period: Duration,
}

impl Terms {
    /// Returns how long an earned reward is held.
    pub fn hold(&self) -> TimeDelta {
        span(self.referral_hold)
    }

    /// Returns how long an invitation can be claimed, and how long after a claim a first order counts.
    pub fn window(&self) -> TimeDelta {
        span(self.referral_window)
    }

    /// Returns the address before the code in links.
    pub fn link_base(&self) -> String {
        self.referral_url.to_string().trim_end_matches('/').to_owned()
    }
}

fn span(duration: Duration) -> TimeDelta {
    // Longer than any installation lives.
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX).min(TimeDelta::days(36_500))
}

/// Rewards by the number of conversions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tiers(Vec<Tier>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Tier {
    from: i64,
    amount: BigDecimal,
}

impl Tiers {
    /// Returns the tier, from 1, and the reward of a referrer's conversion with this number, from 1.
    pub fn of(&self, conversion: i64) -> (i32, BigDecimal) {
        let reached = self.0.iter().take_while(|tier| tier.from <= conversion);
        let (tier, amount) = (1..).zip(reached).last().map_or((1, BigDecimal::default()), |(n, tier)| (n, tier.amount.clone()));
        (tier, amount)
    }

    /// Returns the number from which on all conversions have the same tier.
    pub fn last(&self) -> i64 {
        self.0.last().map_or(1, |tier| tier.from)
    }
}

impl FromStr for Tiers {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let tiers = text.split(',').map(tier).collect::<Result<Vec<_>, _>>()?;
        if tiers.len() > MAX_TIERS {
            return Err(format!("at most {MAX_TIERS} tiers"));
        }
        if tiers.first().is_none_or(|first| first.from != 1) {
            return Err("the first tier must begin with conversion 1".to_owned());
        }
        if !tiers.is_sorted_by(|one, next| one.from < next.from && one.amount <= next.amount) {
            return Err("each tier must begin after the one before it, and pay at least as much".to_owned());
        }
        Ok(Self(tiers))
    }
}

fn tier(text: &str) -> Result<Tier, String> {
    let bad = || format!("a tier is such as 3=7.50, not {text:?}");
    let (from, amount) = text.trim().split_once('=').ok_or_else(bad)?;
    let from: i64 = from.parse().ok().filter(|from| (1..=1_000_000).contains(from)).ok_or_else(bad)?;
    let amount: BigDecimal = amount.parse().map_err(|_| bad())?;
    let cents = amount.with_scale_round(2, RoundingMode::Down);
    if !amount.is_positive() || amount > MAX_REWARD || cents != amount {
        return Err(format!("an amount is whole cents, greater than 0 and at most {MAX_REWARD}, not {amount}"));
    }
    Ok(Tier { from, amount: cents })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversions_have_tiers() {
        let tiers: Tiers = "1=5.00,3=7.50,6=10".parse().expect("tiers");
        let paid: Vec<(i32, String)> = (1..=7).map(|n| tiers.of(n)).map(|(tier, amount)| (tier, amount.to_string())).collect();
        let expected = [(1, "5.00"), (1, "5.00"), (2, "7.50"), (2, "7.50"), (2, "7.50"), (3, "10.00"), (3, "10.00")];
        assert_eq!(paid, expected.map(|(tier, amount)| (tier, amount.to_owned())));
        assert_eq!((tiers.of(i64::MAX).0, tiers.last()), (3, 6));
    }

    #[test]
    fn tiers_are_checked() {
        for bad in [
            "",
            "5.00",
            "2=5.00",
            "1=0",
            "1=-1",
            "1=5.001",
            "1=10000.01",
            "1=1e99",
            "1=5,1=6",
            "1=5,3=4",
            "1=5,3=7,2=8",
            "0=5",
            "1=NaN",
            "1=5,",
        ] {
            assert!(bad.parse::<Tiers>().is_err(), "{bad:?}");
        }
        let many: Vec<String> = (1..=21).map(|n| format!("{n}=5")).collect();
        assert!(many.join(",").parse::<Tiers>().is_err());
    }
}
