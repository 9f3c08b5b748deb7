//! Referrals in numbers.

use std::sync::Arc;

use chrono::{TimeDelta, Utc};
use orchard_proto::social::v1 as pb;
use orchard_social::{Settings, Terms};
use orchard_testkit::keys::DevKeys;
use tokio_postgres::types::ToSql;

use super::text;
use crate::world::{DAY, NOWHERE, World, id, settings};

/// One of all kinds of referrals, at one of several ages.
struct Made {
    days: i64,
    signed_up: bool,
    bought_after: Option<f64>,
    status: &'static str,
    amount: Option<i64>,
    due_in: Option<i64>,
    expires_in: i64,
    reversed: bool,
}

fn random() -> Made {
    let status = ["pending", "earned", "credited", "expired"][fastrand::usize(..4)];
    let is_paid = matches!(status, "earned" | "credited");
    let bought = is_paid || status != "expired" && fastrand::bool() || fastrand::bool();
    let reversed = status == "expired" && bought && fastrand::bool();
    Made {
        days: fastrand::i64(0..120),
        signed_up: bought || fastrand::bool(),
        bought_after: bought.then(|| f64::from(fastrand::u32(0..2_000)) / 100.0),
        status,
        amount: (is_paid || reversed).then(|| [500, 750, 1_000][fastrand::usize(..3)]),
        due_in: (is_paid || reversed).then(|| fastrand::i64(-5..5) * 24 + 1),
        expires_in: fastrand::i64(-5..5) * 24 + 1,
        reversed,
    }
}

fn slow(all: &[Made]) -> pb::ReferralAnalytics {
    let recent: Vec<&Made> = all.iter().filter(|made| made.days < 90).collect();
    let count = |of: &dyn Fn(&Made) -> bool| i64::try_from(recent.iter().filter(|made| of(made)).count()).expect("a count");
    let sum = |of: &dyn Fn(&Made) -> bool| {
        let cents: i64 = recent.iter().filter(|made| of(made)).filter_map(|made| made.amount).sum();
        super::euros(&format!("{}.{:02}", cents / 100, cents % 100))
    };
    let is_due = |made: &Made| made.due_in.is_some_and(|hours| hours <= 0);
    let is_open = |made: &Made| made.status == "pending" && made.bought_after.is_none();
    let days: Vec<f64> = recent.iter().filter_map(|made| made.bought_after).collect();
    pb::ReferralAnalytics {
        total_referrals: count(&|_| true),
        successful_signups: count(&|made| made.signed_up),
        converted_purchases: count(&|made| made.bought_after.is_some()),
        total_rewards_earned: sum(&|made| matches!(made.status, "earned" | "credited")),
        avg_conversion_days: (!days.is_empty())
            .then(|| days.iter().sum::<f64>() / f64::from(u32::try_from(days.len()).expect("few"))),
        earned_rewards: sum(&|made| made.status == "earned" && !is_due(made)),
        credited_rewards: sum(&|made| made.status == "credited" || made.status == "earned" && is_due(made)),
        pending_referrals: count(&|made| is_open(made) && made.expires_in > 0),
        withheld_referrals: count(&|made| made.status == "pending" && made.bought_after.is_some()),
        expired_referrals: count(&|made| made.status == "expired" && !made.reversed || is_open(made) && made.expires_in <= 0),
        reversed_referrals: count(&|made| made.reversed),
    }
}

#[tokio::test]
async fn numbers_equal_a_slow_recount_and_the_view() -> anyhow::Result<()> {
    let seed = fastrand::get_seed();
    let keys = Arc::new(DevKeys::ephemeral()?);
    let usual = settings(&keys, NOWHERE.parse()?);
    // Without sweeps, so that the clock alone tells what is due.
    let settings = Settings { referrals: Terms { referral_period: DAY, ..usual.referrals.clone() }, ..usual };
    let world = World::with(&settings, keys).await?;
    let client = world.slice.schema.connect().await?;
    for _ in 0..4 {
        let referrer = id();
        client.execute("INSERT INTO users (id) VALUES ($1)", &[&referrer]).await?;
        let all: Vec<Made> = (0..60).map(|_| random()).collect();
        for made in &all {
            let referee = made.signed_up.then(id);
            if let Some(referee) = &referee {
                client.execute("INSERT INTO users (id) VALUES ($1)", &[referee]).await?;
            }
            // An hour less than the days, so that 90 days are no edge here.
            let invited = Utc::now() - TimeDelta::days(made.days) - TimeDelta::hours(1);
            let signed_up = made.signed_up.then_some(invited);
            let bought = made.bought_after.map(|days| {
                let micros = format!("{:.0}", days * 86_400_000_000.0).parse().expect("a number");
                invited + TimeDelta::microseconds(micros)
            });
            let hours = |hours: i64| Utc::now() + TimeDelta::hours(hours);
            let (due, expires) = (made.due_in.map(hours), hours(made.expires_in));
            let amount = made.amount.map(|cents| format!("{}.{:02}", cents / 100, cents % 100));
            let code = id().simple().to_string()[..12].to_uppercase();
            let reversed = made.reversed.then(Utc::now);
            let values: [&(dyn ToSql + Sync); 11] =
                [&referrer, &referee, &code, &invited, &signed_up, &bought, &made.status, &amount, &due, &expires, &reversed];
            client
                .execute(
                    "INSERT INTO referrals (referrer_id, referee_id, referral_code, invited_at, signed_up_at, first_purchase_at,
                       reward_status, reward_amount, credit_due_at, expires_at, reversed_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8::text::numeric, $9, $10, $11)",
                    &values,
                )
                .await?;
        }
        let expected = slow(&all);
        let found = world.referring(referrer).get_referral_analytics(pb::GetReferralAnalyticsRequest {}).await?;
        let found = found.into_inner().analytics.expect("numbers");
        let (mean, right) = (found.avg_conversion_days.expect("a mean"), expected.avg_conversion_days.expect("a mean"));
        assert!((mean - right).abs() < 1e-6, "{mean} {right}");
        let expected = pb::ReferralAnalytics { avg_conversion_days: found.avg_conversion_days, ..expected };
        assert_eq!(found, expected, "seed {seed}");
        // The view, whatever the time zone of the session.
        for zone in ["Pacific/Kiritimati", "America/New_York"] {
            client.batch_execute(&format!("SET TIME ZONE '{zone}'")).await?;
            let query = "SELECT total_referrals || ' ' || successful_signups || ' ' || converted_purchases || ' '
                  || total_rewards_earned || ' ' || earned_rewards || ' ' || credited_rewards || ' ' || pending_referrals || ' '
                  || withheld_referrals || ' ' || expired_referrals || ' ' || reversed_referrals
                FROM referral_analytics WHERE referrer_id = $1";
            let row: String = client.query_one(query, &[&referrer]).await?.get(0);
            let e = &expected;
            let numbers = [
                e.total_referrals.to_string(),
                e.successful_signups.to_string(),
                e.converted_purchases.to_string(),
                text(e.total_rewards_earned.clone()),
                text(e.earned_rewards.clone()),
                text(e.credited_rewards.clone()),
                e.pending_referrals.to_string(),
                e.withheld_referrals.to_string(),
                e.expired_referrals.to_string(),
                e.reversed_referrals.to_string(),
            ];
            let zero = |number: &str| if number == "0" { "0.00".to_owned() } else { number.to_owned() };
            let row: Vec<String> =
                row.split(' ').enumerate().map(|(at, n)| if (3..6).contains(&at) { zero(n) } else { n.to_owned() }).collect();
            assert_eq!(row, numbers, "{zone}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn operators_see_all_by_method_and_source() -> anyhow::Result<()> {
    let world = World::start().await?;
    for (method, source) in [(1, 2), (1, 2), (2, 0), (0, 0)] {
        let request = pb::CreateReferralRequest {
            referral_method: method,
            referral_source: source,
            metadata: None,
            request_id: id().to_string(),
        };
        world.referring(id()).create_referral(request).await?;
    }
    let report = world.moderating(id()).get_referral_report(pb::GetReferralReportRequest {}).await?.into_inner();
    let rows: Vec<(i32, i32, i64)> = report
        .rows
        .into_iter()
        .map(|row| (row.referral_method, row.referral_source, row.analytics.expect("numbers").total_referrals))
        .collect();
    assert_eq!(rows, [(1, 2, 2), (2, 0, 1), (0, 0, 1)]);
    Ok(())
}
