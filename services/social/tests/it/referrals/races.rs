//! Claims, purchases and refunds at once: each has its effect once, and rules hold as if they had come one after another.

use std::sync::Arc;

use orchard_proto::social::v1 as pb;
use orchard_testkit::answer::refused;
use tokio::task::JoinSet;
use tonic::Status;
use uuid::Uuid;

use super::text;
use crate::world::{DAY, World, id};

/// Does all of this at once, and returns the answers.
async fn at_once<T, F>(all: impl IntoIterator<Item = F>) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    all.into_iter().collect::<JoinSet<_>>().join_all().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_referrers_who_race_for_one_referee_one_wins() -> anyhow::Result<()> {
    let world = Arc::new(World::start().await?);
    for _ in 0..10 {
        let [one, other, referee] = [id(), id(), id()];
        let mut codes = Vec::new();
        for referrer in [one, other, one, other] {
            codes.push(world.code(referrer).await?);
        }
        let claims = codes.into_iter().map(|code| {
            let world = Arc::clone(&world);
            async move { world.claim(referee, &code).await }
        });
        at_once(claims).await.into_iter().collect::<Result<Vec<_>, _>>()?;
        let accepted = world.referrals(one).await?.len() + world.referrals(other).await?.len();
        assert_eq!(accepted, 1);
    }
    assert_eq!(world.cases().await?.len(), 20, "and the others are kept, once for each referrer");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_claims_that_close_a_cycle_together_one_is_refused() -> anyhow::Result<()> {
    let world = Arc::new(World::start().await?);
    for length in [2, 3, 5] {
        for _ in 0..6 {
            let users: Vec<Uuid> = (0..length).map(|_| id()).collect();
            let before = world.cases().await?.len();
            let mut claims = Vec::new();
            for (at, user) in users.iter().enumerate() {
                let code = world.code(users[(at + 1) % length]).await?;
                let (world, user) = (Arc::clone(&world), *user);
                claims.push(async move { world.claim(user, &code).await });
            }
            at_once(claims).await.into_iter().collect::<Result<Vec<_>, _>>()?;
            let cases = world.cases().await?;
            assert_eq!(cases.len() - before, 1, "{length} users");
            assert!(cases.iter().all(|case| case.rule() == pb::ReferralRule::Cycle));
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_claim_one_invitation_and_one_gets_it() -> anyhow::Result<()> {
    let world = Arc::new(World::start().await?);
    let referrer = id();
    let code = world.invite(referrer).await?.referral_code;
    let claims = (0..50).map(|_| {
        let (world, code) = (Arc::clone(&world), code.clone());
        async move { world.claim(id(), &code).await }
    });
    let answers: Vec<Result<(), Status>> = at_once(claims).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    for answer in answers.into_iter().filter(Result::is_err) {
        assert_eq!(refused(answer).1, "REFERRAL_CODE_NOT_FOUND");
    }
    assert_eq!(world.referrals(referrer).await?.len(), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_claims_at_once_the_limit_of_a_day_is_exact() -> anyhow::Result<()> {
    let world = Arc::new(World::start().await?);
    let referrer = id();
    let code = world.code(referrer).await?;
    let claims = (0..30).map(|_| {
        let (world, code) = (Arc::clone(&world), code.clone());
        async move { world.claim(id(), &code).await }
    });
    at_once(claims).await.into_iter().collect::<Result<Vec<_>, _>>()?;
    assert_eq!((world.referrals(referrer).await?.len(), world.cases().await?.len()), (20, 10));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conversions_that_race_at_thresholds_have_each_tier_once() -> anyhow::Result<()> {
    let world = Arc::new(World::start().await?);
    let referrer = id();
    let code = world.code(referrer).await?;
    let referees: Vec<Uuid> = (0..8).map(|_| id()).collect();
    for referee in &referees {
        world.claim(*referee, &code).await?;
    }
    // Each order is reported several times, at once, and so is one that was fully refunded before.
    world.refund("o-7", "r", "20.00").await?;
    let reports = referees.iter().enumerate().flat_map(|(number, referee)| [(number, *referee); 4]).map(|(number, referee)| {
        let world = Arc::clone(&world);
        async move { world.buy(referee, &format!("o-{number}"), &[]).await }
    });
    at_once(reports).await.into_iter().collect::<Result<Vec<_>, _>>()?;
    let mut paid: Vec<(i32, String)> = world
        .referrals(referrer)
        .await?
        .into_iter()
        .filter(|referral| referral.reward_amount.is_some())
        .map(|referral| (referral.bonus_tier, text(referral.reward_amount)))
        .collect();
    paid.sort();
    let expected = [(1, "5.00"), (1, "5.00"), (2, "7.50"), (2, "7.50"), (2, "7.50"), (3, "10.00"), (3, "10.00")];
    assert_eq!(paid, expected.map(|(tier, amount)| (tier, amount.to_owned())));
    let milestones = "SELECT string_agg(target || ':' || current, ' ' ORDER BY target) FROM achievement_milestones";
    assert_eq!(world.ask(milestones).await?, "1:7 5:7 10:7 25:7");
    Ok(())
}

/// Whatever comes first, a reward is paid or taken back, and never both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn purchases_refunds_and_credits_meet_in_every_order() -> anyhow::Result<()> {
    let world = Arc::new(World::start().await?);
    let (mut paid, mut taken) = (0, 0);
    for round in 0..24 {
        let [referrer, referee] = [id(), id()];
        let order = format!("o-{round}");
        world.claim(referee, &world.code(referrer).await?).await?;
        if round % 3 > 0 {
            world.buy(referee, &order, &[]).await?;
        }
        if round % 3 == 2 {
            // The hold ends while the refund is under way.
            world.clock.advance(DAY * 14 - std::time::Duration::from_millis(5));
        }
        let (buying, refunding) = (Arc::clone(&world), Arc::clone(&world));
        let (bought, refunded) = (order.clone(), order);
        let [buy, refund] = tokio::join!(async { buying.buy(referee, &bought, &[]).await }, async {
            refunding.refund(&refunded, "r", "20.00").await
        })
        .into();
        buy?;
        refund?;
        world.clock.advance(DAY * 14);
        world.swept().await?;
        let referral = world.referral(referrer).await?;
        let credits = text(world.credits(referrer).await?.earned);
        match referral.reward_status() {
            pb::RewardStatus::Credited => {
                paid += 1;
                assert_eq!((credits.as_str(), referral.reverse_time), ("5.00", None));
            }
            pb::RewardStatus::Expired => {
                taken += 1;
                assert!(credits == "0.00" && referral.reverse_time.is_some(), "{referral:?}");
            }
            other => anyhow::bail!("{other:?}"),
        }
    }
    world.check_books().await?;
    let late = world.moderating(id()).list_late_refunds(pb::ListLateRefundsRequest::default()).await?.into_inner();
    assert_eq!(late.late_refunds.len(), paid, "each that was paid is a refund that came too late");
    assert!(taken >= 16, "{taken} were taken back");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_credit_is_redeemed_twice() -> anyhow::Result<()> {
    let world = Arc::new(World::start().await?);
    let [referrer, referee] = [id(), id()];
    world.claim(referee, &world.code(referrer).await?).await?;
    world.buy(referee, "o", &[]).await?;
    world.clock.advance(DAY * 14);
    let redeem = (0..12).map(|_| {
        let world = Arc::clone(&world);
        async move { world.redeem(referrer, id(), "2.00").await }
    });
    let answers = at_once(redeem).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 2);
    for answer in answers.into_iter().filter(Result::is_err) {
        assert_eq!(refused(answer).1, "INSUFFICIENT_CREDITS");
    }
    world.check_books().await
}

/// A claim that is made beside the first order either comes first, and is rewarded, or finds a customer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_beside_the_first_order_is_rewarded_or_refused() -> anyhow::Result<()> {
    let world = Arc::new(World::start().await?);
    for round in 0..24 {
        let [referrer, referee] = [id(), id()];
        let code = world.code(referrer).await?;
        let (claiming, buying) = (Arc::clone(&world), Arc::clone(&world));
        let order = format!("o-{round}");
        let (claim, buy) =
            tokio::join!(async { claiming.claim(referee, &code).await }, async { buying.buy(referee, &order, &[]).await });
        claim?;
        buy?;
        let all = world.referrals(referrer).await?;
        let refused = world.cases().await?.iter().filter(|case| case.claimant_user_id == referee.to_string()).count();
        match all.as_slice() {
            [] => assert_eq!(refused, 1),
            [referral] => assert_eq!((referral.reward_status(), refused), (pb::RewardStatus::Earned, 0), "{referral:?}"),
            _ => anyhow::bail!("{all:?}"),
        }
    }
    Ok(())
}

/// A refund of the whole order takes the reward back, whether a moderator has approved the claim just before or just after.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_approval_beside_the_refund_pays_nothing() -> anyhow::Result<()> {
    let world = Arc::new(World::start().await?);
    for round in 0..16 {
        let [referrer, referee] = [id(), id()];
        for user in [referrer, referee] {
            world.print(user, pb::FingerprintKind::Device, &format!("phone {round}")).await?;
        }
        world.claim(referee, &world.code(referrer).await?).await?;
        let order = format!("o-{round}");
        world.buy(referee, &order, &[]).await?;
        let case = world.cases().await?.remove(0);
        let (deciding, refunding) = (Arc::clone(&world), Arc::clone(&world));
        let (decided, refunded) =
            tokio::join!(async { deciding.decide(&case.referral_case_id, pb::ReferralDecision::Approved).await }, async {
                refunding.refund(&order, "r", "20.00").await
            });
        decided?;
        refunded?;
        let referral = world.referral(referrer).await?;
        assert!(referral.reward_status() == pb::RewardStatus::Expired && referral.reverse_time.is_some(), "{referral:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_that_sweep_at_once_credit_and_end_each_referral_once() -> anyhow::Result<()> {
    let world = World::start().await?;
    let _replicas = [world.replica(world.settings.finalise_period).await?, world.replica(world.settings.finalise_period).await?];
    let client = world.slice.schema.connect().await?;
    let referrers: Vec<Uuid> = (0..4).map(|_| id()).collect();
    client.execute("INSERT INTO users (id) SELECT unnest($1::uuid[])", &[&referrers]).await?;
    // Each row notes how often it was changed.
    client
        .batch_execute(
            "CREATE TABLE changes (id UUID);
             CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS
               $$ BEGIN INSERT INTO changes VALUES (NEW.id); RETURN NEW; END $$;
             CREATE TRIGGER note_change AFTER UPDATE ON referrals FOR EACH ROW EXECUTE FUNCTION note_change();",
        )
        .await?;
    let due = "INSERT INTO referrals (referrer_id, referral_code, expires_at, reward_status, reward_amount, credit_due_at)
        SELECT r, upper(left(replace(gen_random_uuid()::text, '-', ''), 16)), now(), s, CASE s WHEN 'earned' THEN 5 END,
               CASE s WHEN 'earned' THEN now() END
        FROM unnest($1::uuid[]) r, unnest(ARRAY['earned', 'pending']) s, generate_series(1, 300)";
    client.execute(due, &[&referrers]).await?;
    world.swept().await?;
    let twice = "SELECT count(*) FROM (SELECT id FROM changes GROUP BY id HAVING count(*) > 1) twice";
    assert_eq!(world.number(twice).await?, 0);
    let counted = "SELECT count(DISTINCT id) FROM changes";
    assert_eq!((world.number(counted).await?, world.number("SELECT count(*) FROM credit_entries").await?), (2_400, 1_200));
    world.check_books().await
}
