//! Claims in a large group, accepted and refused, and first orders of one referrer's referees and of many referrers'.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Result, ensure};
use futures::FutureExt as _;
use orchard_proto::google::r#type::Money;
use orchard_proto::social::v1::purchase_service_client::PurchaseServiceClient;
use orchard_proto::social::v1::referral_service_client::ReferralServiceClient;
use orchard_proto::social::v1::{ClaimReferralRequest, RecordPurchaseRequest};
use tonic::Request;
use tonic::metadata::AsciiMetadataValue;
use uuid::Uuid;

use crate::bench::calls::Clients;
use crate::bench::data::id;
use crate::bench::load::Call;
use crate::bench::report::{Finding, Outcome};
use crate::bench::side::{Round, Side, alternate};
use crate::bench::world::World;

/// Microseconds of CPU per call, roughly.
const COST: u64 = 4_000;
/// The kind of ids of users here.
const USER: u128 = 9;
const TTL: Duration = Duration::from_secs(6 * 3600);
/// Referrers whose codes are claimed, and of the many orders: they accept 20 claims each.
const REFERRERS: u64 = 1_000;
/// Users who claim, each once.
const CLAIMANTS: u64 = 20_000;
/// Referees of the one referrer, and as many of the many.
const REFEREES: u64 = 20_000;

/// Ids of users: the one referrer is 0, the referrers follow, then the referees of the one, those of the many, and the claimants. All but
/// the claimants are one group.
const DATA: &str = "
CREATE FUNCTION pg_temp.person(n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
  $$ SELECT ('01900000-0000-7000-8009-' || lpad(to_hex(n), 12, '0'))::uuid $$;
INSERT INTO social.referral_groups (id, size) VALUES (pg_temp.person(0), 41001);
INSERT INTO social.users (id, referral_group_id)
SELECT pg_temp.person(n), CASE WHEN n <= 41000 THEN pg_temp.person(0) END FROM generate_series(0, 61000) AS n;
INSERT INTO social.referral_codes (code, user_id) SELECT 'C' || lpad(n::text, 7, 'D'), pg_temp.person(n) FROM generate_series(1, 1000) AS n;
INSERT INTO social.referrals (referrer_id, referee_id, referral_code, invited_at, signed_up_at, expires_at)
SELECT pg_temp.person(CASE WHEN n <= 21000 THEN 0 ELSE 1 + n % 1000 END), pg_temp.person(n), 'B' || n,
       now() - INTERVAL '2 days', now() - INTERVAL '2 days', now() + INTERVAL '88 days'
FROM generate_series(1001, 41000) AS n;";

pub(super) async fn run(world: &mut World<'_>) -> Result<Outcome> {
    world.sql.batch_execute(DATA).await?;
    world.sql.batch_execute("VACUUM (ANALYZE) social.users, social.referrals, social.referral_codes").await?;
    let (clients, social) = (world.clients("social").await?, world.processes(["social", "family"])?);
    let token = |token: String| anyhow::Ok(format!("Bearer {token}").parse::<AsciiMetadataValue>()?);
    let commerce = token(world.keys.workload_token("commerce", TTL)?)?;
    let tokens = |from: u64, count: u64| {
        (from..from + count).map(|n| token(world.keys.user_token(id(USER, n), &[], TTL)?)).collect::<Result<Vec<_>>>()
    };
    let (claimants, referees) = (tokens(41_001, CLAIMANTS)?, tokens(1_001, REFERRERS)?);
    let side = |name, call| Side::calls(name, social.clone(), call);
    let mut sides = vec![
        side("ClaimReferral, accepted", claims(clients.clone(), claimants)),
        side("ClaimReferral, refused", claims(clients.clone(), referees)),
        side("RecordPurchase, one referrer", purchases(clients.clone(), commerce.clone(), 1_001)),
        side("RecordPurchase, many referrers", purchases(clients, commerce, 21_001)),
    ];
    let effort = world.effort(COST);
    let sides = alternate(&mut world.meter, &mut sides, effort).await?;
    let exact: bool = world.sql.query_one(EXACT, &[]).await?.get(0);
    ensure!(exact, "rewards, orders and milestones differ");
    let (rate, p50) = (|round: &Round| round.rate, |round: &Round| round.p50);
    let findings = vec![
        Finding::new("p99 of an accepted claim in a group of 41,000", "ms", sides[0].each(|round| round.p99)),
        Finding::ratio("p50 of a refused claim / an accepted one", sides[1].ratio(p50, &sides[0], p50)),
        Finding::ratio("rate of one referrer / of many", sides[2].ratio(rate, &sides[3], rate)).at_least(0.8),
    ];
    let what = "ClaimReferral by a user each, and RecordPurchase of first orders".to_owned();
    Ok(Outcome { what, sides, findings, ..Outcome::default() })
}

/// `ReferralService/ClaimReferral` by the next of these users, of the code of any of the referrers.
fn claims(clients: Clients, tokens: Vec<AsciiMetadataValue>) -> Call {
    let made = AtomicU64::new(0);
    Arc::new(move |channel| {
        let number = made.fetch_add(1, Ordering::Relaxed);
        let mut request = Request::new(ClaimReferralRequest {
            referral_code: format!("C{:D>7}", number % REFERRERS + 1),
            request_id: Uuid::new_v4().to_string(),
            ..ClaimReferralRequest::default()
        });
        let at = usize::try_from(number).unwrap_or_default() % tokens.len();
        request.metadata_mut().insert("authorization", tokens[at].clone());
        let mut client = ReferralServiceClient::new(clients.channel(channel));
        async move { client.claim_referral(request).await.map(drop) }.boxed()
    })
}

/// `PurchaseService/RecordPurchase` of the first order of the next user, from this one on.
fn purchases(clients: Clients, commerce: AsciiMetadataValue, first: u64) -> Call {
    let made = AtomicU64::new(0);
    Arc::new(move |channel| {
        let number = made.fetch_add(1, Ordering::Relaxed) % REFEREES;
        let mut request = Request::new(RecordPurchaseRequest {
            user_id: id(USER, first + number).to_string(),
            order_id: format!("order-{}", first + number),
            amount: Some(Money { currency_code: "EUR".to_owned(), units: 20, nanos: 0 }),
            payment_fingerprints: Vec::new(),
        });
        request.metadata_mut().insert("authorization", commerce.clone());
        let mut client = PurchaseServiceClient::new(clients.channel(channel));
        async move { client.record_purchase(request).await.map(drop) }.boxed()
    })
}

/// Whether each first order has earned a reward, and each referrer's conversions are counted.
const EXACT: &str = "SELECT (SELECT count(*) FROM social.orders WHERE is_first)
      = (SELECT count(*) FROM social.referrals WHERE reward_status = 'earned')
    AND NOT EXISTS (
      SELECT FROM social.achievement_milestones m WHERE milestone_type = 'conversions' AND target = 1 AND current <> (
        SELECT count(*) FROM social.referrals r WHERE r.referrer_id = m.user_id AND reward_status = 'earned'))";
