//! Random histories against a slow model, which keeps all that has happened in lists and looks through them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use orchard_proto::social::v1 as pb;
use pb::FingerprintKind::{Device, Payment};
use pb::ReferralDecision::{Approved, Rejected};
use uuid::Uuid;

use super::text;
use crate::world::{World, id};

const USERS: usize = 6;
const STEPS: usize = 40;
/// Steps after which the world is compared with the model.
const EVERY: usize = 10;
const TIERS: [(usize, i64); 3] = [(1, 500), (3, 750), (6, 1_000)];
const HOUR: i64 = 1;
const DAYS: i64 = 24 * HOUR;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Pending,
    Withheld,
    Earned { due: i64, tier: i32, cents: i64 },
    Credited { tier: i32, cents: i64 },
    Expired,
    Reversed,
}

/// Users are numbers, times are hours.
#[derive(Debug, Default)]
struct Model {
    now: i64,
    /// Referrer, referee, when, state.
    referrals: Vec<(usize, usize, i64, State)>,
    /// Referrer, claimant, rule, when, whether it is decided.
    refused: Vec<(usize, usize, pb::ReferralRule, i64, bool)>,
    /// User, kind, print.
    prints: BTreeSet<(usize, i32, usize)>,
    /// The user's first order: when, how much of it was refunded.
    orders: BTreeMap<usize, (i64, i64)>,
}

impl Model {
    fn group(&self, user: usize) -> BTreeSet<usize> {
        let mut group = BTreeSet::from([user]);
        loop {
            let more: BTreeSet<usize> = self
                .referrals
                .iter()
                .filter(|(referrer, referee, ..)| group.contains(referrer) || group.contains(referee))
                .flat_map(|(referrer, referee, ..)| [*referrer, *referee])
                .collect();
            if more.is_subset(&group) {
                return group;
            }
            group.extend(more);
        }
    }

    fn shares(&self, user: usize, other: usize, kind: i32) -> bool {
        let near: BTreeSet<usize> = self.group(user).union(&self.group(other)).copied().filter(|near| *near != user).collect();
        let own = self.prints.iter().filter(|(holder, of, _)| *holder == user && *of == kind);
        own.clone().any(|(_, _, print)| near.iter().any(|near| self.prints.contains(&(*near, kind, *print))))
    }

    fn claim(&mut self, referrer: usize, claimant: usize) {
        use pb::ReferralRule::{AlreadyReferred, Cycle, ExistingCustomer, Self_, SharedDevice, SharedPayment};
        let rule = if referrer == claimant {
            Some(Self_)
        } else if self.referrals.iter().any(|(_, referee, ..)| *referee == claimant) {
            Some(AlreadyReferred)
        } else if self.orders.contains_key(&claimant) {
            Some(ExistingCustomer)
        } else if self.group(claimant).contains(&referrer) {
            Some(Cycle)
        } else if self.shares(claimant, referrer, Device.into()) {
            Some(SharedDevice)
        } else if self.shares(claimant, referrer, Payment.into()) {
            Some(SharedPayment)
        } else {
            None
        };
        match rule {
            // One open case for each rule.
            Some(rule)
                if self.refused.iter().any(|case| (case.0, case.1, case.2, case.4) == (referrer, claimant, rule, false)) => {}
            Some(rule) => self.refused.push((referrer, claimant, rule, self.now, false)),
            None => self.referrals.push((referrer, claimant, self.now, State::Pending)),
        }
    }

    fn earn(&mut self, at: usize) {
        let referrer = self.referrals[at].0;
        let before = self
            .referrals
            .iter()
            .filter(|(of, _, _, state)| *of == referrer && matches!(state, State::Earned { .. } | State::Credited { .. }))
            .count();
        let (tier, (_, cents)) = (1..).zip(TIERS).filter(|(_, (from, _))| *from <= before + 1).last().expect("a tier");
        self.referrals[at].3 = State::Earned { due: self.now + 14 * DAYS, tier, cents };
    }

    fn convert(&mut self, at: usize, bought: i64, refunded: i64, is_shared: bool) {
        let (_, _, since, state) = self.referrals[at];
        if state != State::Pending {
            return;
        }
        if bought >= since + 90 * DAYS {
            self.referrals[at].3 = State::Expired;
        } else if refunded == 20 {
            self.referrals[at].3 = State::Reversed;
        } else if is_shared {
            self.referrals[at].3 = State::Withheld;
        } else {
            self.earn(at);
        }
    }

    fn buy(&mut self, user: usize, print: usize) {
        if self.orders.contains_key(&user) {
            return;
        }
        self.prints.insert((user, Payment.into(), print));
        self.orders.insert(user, (self.now, 0));
        if let Some(at) = self.referrals.iter().position(|(_, referee, ..)| *referee == user) {
            let is_shared = self.shares(user, self.referrals[at].0, Payment.into());
            self.convert(at, self.now, 0, is_shared);
        }
    }

    fn refund(&mut self, user: usize, amount: i64) {
        let Some((_, refunded)) = self.orders.get_mut(&user).filter(|(_, refunded)| refunded + amount <= 20) else { return };
        *refunded += amount;
        if *refunded < 20 {
            return;
        }
        for (_, referee, _, state) in &mut self.referrals {
            if *referee == user && matches!(state, State::Earned { .. } | State::Withheld) {
                *state = State::Reversed;
            }
        }
    }

    fn advance(&mut self, hours: i64) {
        self.now += hours;
        for (_, _, since, state) in &mut self.referrals {
            match *state {
                State::Earned { due, tier, cents } if self.now >= due => *state = State::Credited { tier, cents },
                State::Pending if self.now >= *since + 90 * DAYS => *state = State::Expired,
                _ => (),
            }
        }
    }

    /// Decides on the oldest case, if a moderator could approve it.
    fn decide(&mut self, claimant: usize, approve: bool) {
        if let Some(at) = self.referrals.iter().position(|(_, of, _, state)| *of == claimant && *state == State::Withheld) {
            if approve {
                self.earn(at)
            } else {
                self.referrals[at].3 = State::Expired
            }
            return;
        }
        let Some(case) = self.refused.iter().position(|(_, of, _, _, is_decided)| *of == claimant && !is_decided) else { return };
        let (referrer, _, rule, since, _) = self.refused[case];
        use pb::ReferralRule::{AlreadyReferred, ExistingCustomer, Self_};
        let is_referred = self.referrals.iter().any(|(_, referee, ..)| *referee == claimant);
        if approve && (matches!(rule, AlreadyReferred | ExistingCustomer | Self_) || is_referred) {
            return;
        }
        self.refused[case].4 = true;
        if !approve {
            return;
        }
        self.referrals.push((referrer, claimant, since, State::Pending));
        if let Some((bought, refunded)) = self.orders.get(&claimant).copied() {
            let is_shared = rule != pb::ReferralRule::SharedPayment && self.shares(claimant, referrer, Payment.into());
            self.convert(self.referrals.len() - 1, bought, refunded, is_shared);
        }
        self.advance(0);
    }
}

/// A world beside its model.
struct Beside {
    world: World,
    model: Model,
    users: Vec<Uuid>,
    codes: Vec<String>,
    orders: usize,
}

impl Beside {
    async fn step(&mut self) -> anyhow::Result<String> {
        let [user, other] = [fastrand::usize(..USERS), fastrand::usize(..USERS)];
        let print = fastrand::usize(..8);
        Ok(match fastrand::u32(..12) {
            0..=4 => {
                self.world.claim(self.users[user], &self.codes[other]).await?;
                self.model.claim(other, user);
                format!("{user} claims the code of {other}")
            }
            5..=6 => {
                let first = !self.model.orders.contains_key(&user);
                self.orders += 1;
                let order = if first { format!("first-{user}") } else { format!("later-{}", self.orders) };
                let paid_with: Vec<String> = first.then(|| print.to_string()).into_iter().collect();
                let paid_with: Vec<&str> = paid_with.iter().map(String::as_str).collect();
                self.world.buy(self.users[user], &order, &paid_with).await?;
                self.model.buy(user, print);
                format!("{user} buys {order} with {print}")
            }
            7 => {
                let amount = [10, 20][fastrand::usize(..2)];
                if self.model.orders.get(&user).is_some_and(|(_, refunded)| refunded + amount <= 20) {
                    self.orders += 1;
                    let refund = format!("r{}", self.orders);
                    self.world.refund(&format!("first-{user}"), &refund, &format!("{amount}.00")).await?;
                    self.model.refund(user, amount);
                }
                format!("{amount} of {user} are refunded")
            }
            8 => {
                self.world.print(self.users[user], Device, &print.to_string()).await?;
                self.model.prints.insert((user, Device.into(), print));
                format!("{user} has device {print}")
            }
            9..=10 => {
                let hours = fastrand::i64(1..30 * DAYS);
                self.world.clock.advance(Duration::from_secs(u64::try_from(hours)? * 3_600));
                self.world.swept().await?;
                self.model.advance(hours);
                format!("{hours} hours pass")
            }
            _ => self.decide(user, fastrand::bool()).await?,
        })
    }

    async fn decide(&mut self, claimant: usize, approve: bool) -> anyhow::Result<String> {
        let query = format!(
            "SELECT id::text FROM referral_cases WHERE claimant_id = '{}' AND decision IS NULL
             ORDER BY kind DESC, created_at LIMIT 1",
            self.users[claimant]
        );
        if let Ok(case) = self.world.ask(&query).await {
            // Refused when the case can only be rejected.
            let _ = self.world.decide(&case, if approve { Approved } else { Rejected }).await;
            self.model.decide(claimant, approve);
        }
        Ok(format!("the case of {claimant} is decided: {approve}"))
    }

    async fn check(&self, what: &[String]) -> anyhow::Result<()> {
        for (number, user) in self.users.iter().enumerate() {
            let mut expected: Vec<(State, bool)> = self
                .model
                .referrals
                .iter()
                .filter(|(of, ..)| *of == number)
                .map(|(.., state)| (without_due(*state), true))
                .collect();
            let mut found: Vec<(State, bool)> = self
                .world
                .referrals(*user)
                .await?
                .iter()
                .map(|referral| (state(referral), referral.sign_up_time.is_some()))
                .collect();
            expected.sort();
            found.sort();
            assert_eq!(found, expected, "of {number} after {what:#?}");
            let credited: i64 =
                expected.iter().map(|(state, _)| if let State::Credited { cents, .. } = state { *cents } else { 0 }).sum();
            let earned = text(self.world.credits(*user).await?.earned);
            assert_eq!(earned, format!("{}.{:02}", credited / 100, credited % 100), "of {number} after {what:#?}");
        }
        self.world.check_books().await
    }
}

fn without_due(state: State) -> State {
    if let State::Earned { tier, cents, .. } = state { State::Earned { due: 0, tier, cents } } else { state }
}

fn state(referral: &pb::Referral) -> State {
    let tier = referral.bonus_tier;
    let cents = referral.reward_amount.as_ref().map_or(0, |money| money.units * 100 + i64::from(money.nanos / 10_000_000));
    match referral.reward_status() {
        pb::RewardStatus::Pending if referral.is_withheld => State::Withheld,
        pb::RewardStatus::Earned => State::Earned { due: 0, tier, cents },
        pb::RewardStatus::Credited => State::Credited { tier, cents },
        pb::RewardStatus::Expired if referral.reverse_time.is_some() => State::Reversed,
        pb::RewardStatus::Expired => State::Expired,
        _ => State::Pending,
    }
}

#[tokio::test]
async fn random_histories_end_as_in_a_slow_model() -> anyhow::Result<()> {
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(fastrand::get_seed);
    fastrand::seed(seed);
    for _ in 0..6 {
        let world = World::start().await?;
        let users: Vec<Uuid> = (0..USERS).map(|_| id()).collect();
        let mut codes = Vec::new();
        for user in &users {
            codes.push(world.code(*user).await?);
        }
        let mut beside = Beside { world, model: Model::default(), users, codes, orders: 0 };
        let mut what = vec![format!("SEED={seed}")];
        for step in 1..=STEPS {
            what.push(beside.step().await?);
            if step % EVERY == 0 {
                beside.check(&what).await?;
            }
        }
    }
    Ok(())
}
