//! Histories with the right answers: events, each with its time and the answer that it gets, and what there is in the end.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use orchard_proto::family::v1::{CreditsDeposited, CreditsRejected};
use orchard_proto::privacy::v1::EraseUserRequest;
use orchard_proto::privacy::v1::privacy_service_client::PrivacyServiceClient;
use orchard_proto::social::v1 as pb;
use orchard_rpc::code_name;
use orchard_testkit::answer::refused;
use serde::Deserialize;
use serde_json::{Value, json};
use tonic::Status;
use uuid::Uuid;

use super::text;
use crate::friends::event;
use crate::world::{World, id};

#[derive(Deserialize)]
struct History {
    id: String,
    accounts: Vec<String>,
    events: Vec<Event>,
    expected: Expected,
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    at: DateTime<Utc>,
    answer: String,
    #[serde(flatten)]
    fields: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct Expected {
    referrals: Vec<Value>,
    refused: Vec<Value>,
    credits: BTreeMap<String, Value>,
    redemptions: BTreeMap<String, Value>,
}

impl Event {
    fn text(&self, field: &str) -> &str {
        self.fields.get(field).and_then(Value::as_str).unwrap_or_default()
    }
}

/// A history that is played.
struct Play {
    world: World,
    users: BTreeMap<String, Uuid>,
    codes: BTreeMap<String, String>,
    plans: BTreeMap<String, Uuid>,
    redemptions: BTreeMap<String, String>,
    began: DateTime<Utc>,
}

impl Play {
    async fn start(history: &History) -> anyhow::Result<Self> {
        let world = World::start().await?;
        let users: BTreeMap<String, Uuid> = history.accounts.iter().map(|name| (name.clone(), id())).collect();
        let mut codes = BTreeMap::new();
        for (name, user) in &users {
            codes.insert(format!("CODE:{name}"), world.code(*user).await?);
        }
        let (plans, redemptions) = Default::default();
        Ok(Self { world, users, codes, plans, redemptions, began: Utc::now() })
    }

    async fn apply(&mut self, event: &Event) -> Result<(), Status> {
        let user = self.users.get(event.text("user")).copied().unwrap_or_default();
        match event.kind.as_str() {
            "fingerprint" => {
                let kind = match event.text("kind") {
                    "device" => pb::FingerprintKind::Device,
                    _ => pb::FingerprintKind::Payment,
                };
                self.world.print(user, kind, event.text("value")).await
            }
            "claim" => {
                // As it is typed: its case and spaces, and what is no code of the history is one that nobody has.
                let typed = event.text("code");
                let known = self.codes.get(&typed.trim().to_uppercase()).cloned().unwrap_or_else(|| "CDFGHJKM".to_owned());
                let spaces = typed.len() - typed.trim_start().len();
                self.world.claim(user, &format!("{}{} ", " ".repeat(spaces), known.to_lowercase())).await
            }
            "purchase" => {
                let paid_with: Vec<&str> = Some(event.text("payment")).filter(|print| !print.is_empty()).into_iter().collect();
                self.world.buy(user, event.text("order"), &paid_with).await
            }
            "refund" => {
                let is_full = event.fields.get("full").and_then(Value::as_bool) != Some(false);
                self.world.refund(event.text("order"), "r", if is_full { "20.00" } else { "10.00" }).await
            }
            "decide" => {
                let approve = event.fields.get("approve").and_then(Value::as_bool) == Some(true);
                self.decide(event.text("claimant"), approve).await
            }
            "erase" => self.erase(user).await,
            "redeem" => {
                let plan = *self.plans.entry(event.text("plan").to_owned()).or_insert_with(id);
                let redemption = self.world.redeem(user, plan, event.text("amount")).await?;
                self.redemptions.insert(event.text("id").to_owned(), redemption.redemption_id);
                Ok(())
            }
            "rejected" | "deposited" => self.answer(event.text("id"), event.kind == "deposited").await,
            "sweep" => Ok(()),
            other => Err(Status::internal(format!("no event {other}"))),
        }
    }

    async fn decide(&self, claimant: &str, approve: bool) -> Result<(), Status> {
        let claimant = self.users[claimant];
        let query = format!("SELECT id::text FROM referral_cases WHERE claimant_id = '{claimant}' ORDER BY created_at LIMIT 1");
        let case = self.world.ask(&query).await.expect("a case");
        let decision = if approve { pb::ReferralDecision::Approved } else { pb::ReferralDecision::Rejected };
        self.world.decide(&case, decision).await.map(|_| ())
    }

    async fn erase(&self, user: Uuid) -> Result<(), Status> {
        let client = self.world.slice.user_with(id(), &["operator"]).expect("a client");
        let request = EraseUserRequest { user_id: user.to_string(), ..Default::default() };
        PrivacyServiceClient::new(client).erase_user(request).await.map(|_| ())
    }

    /// Delivers what the family service says of a redemption. Each is an event of its own, as if it had come in any order.
    async fn answer(&self, redemption: &str, is_deposited: bool) -> Result<(), Status> {
        let redemption_id = self.redemptions[redemption].clone();
        let told = if is_deposited {
            event(id(), 1, &CreditsDeposited { redemption_id })
        } else {
            event(id(), 1, &CreditsRejected { redemption_id, reason: "PLAN_INACTIVE".to_owned() })
        };
        self.world.deliver("family", vec![told]).await
    }

    /// Returns the name of a user, or of one who was erased.
    fn name(&self, user: &str, erased: &str) -> String {
        let known = self.users.iter().find(|(_, known)| known.to_string() == user);
        known.map_or(erased, |(name, _)| name).to_owned()
    }

    async fn referrals(&self, erased: &str) -> anyhow::Result<Vec<Value>> {
        let client = self.world.slice.schema.connect().await?;
        let query = "SELECT referrer_id::text, referee_id::text, bonus_tier, reward_amount::text, upper(withheld_rule),
            CASE WHEN reversed_at IS NOT NULL THEN 'reversed'
                 WHEN reward_status = 'pending' AND first_purchase_at IS NOT NULL THEN 'withheld'
                 ELSE reward_status END
            FROM referrals ORDER BY signed_up_at, id";
        let rows = client.query(query, &[]).await?;
        let row = |row: &tokio_postgres::Row| {
            json!({
                "referrer": self.name(row.get(0), erased), "referee": self.name(row.get(1), erased),
                "state": row.get::<_, String>(5), "bonus_tier": row.get::<_, i32>(2),
                "reward_amount": row.get::<_, Option<String>>(3), "rule": row.get::<_, Option<String>>(4),
            })
        };
        Ok(rows.iter().map(row).collect())
    }

    async fn refused(&self, erased: &str) -> anyhow::Result<Vec<Value>> {
        let client = self.world.slice.schema.connect().await?;
        let query = "SELECT referrer_id::text, claimant_id::text, upper(rule), decision
            FROM referral_cases WHERE kind = 'refused_claim' ORDER BY created_at, id";
        let rows = client.query(query, &[]).await?;
        let row = |row: &tokio_postgres::Row| {
            json!({
                "referrer": self.name(row.get(0), erased), "claimant": self.name(row.get(1), erased),
                "rule": row.get::<_, String>(2), "decision": row.get::<_, Option<String>>(3),
            })
        };
        Ok(rows.iter().map(row).collect())
    }

    async fn check(&self, history: &History) -> anyhow::Result<()> {
        self.world.swept().await?;
        let erased = history.events.iter().find(|event| event.kind == "erase").map_or("", |event| event.text("user"));
        let name = &history.id;
        assert_eq!(self.referrals(erased).await?, history.expected.referrals, "{name}");
        assert_eq!(self.refused(erased).await?, history.expected.refused, "{name}");
        for (user, expected) in history.expected.credits.iter().filter(|(user, _)| *user != erased) {
            let credits = self.world.credits(self.users[user]).await?;
            let found = json!({
                "earned_lifetime": text(credits.earned), "redeemed": text(credits.redeemed), "available": text(credits.available),
            });
            assert_eq!(&found, expected, "{name}: {user}");
        }
        for (redemption, expected) in &history.expected.redemptions {
            let query = format!("SELECT status FROM redemptions WHERE id = '{}'", self.redemptions[redemption]);
            assert_eq!(json!(self.world.ask(&query).await?), *expected, "{name}: {redemption}");
        }
        self.world.check_books().await
    }
}

impl World {
    /// Waits until the sweeps have written down what the clock has decided.
    pub async fn swept(&self) -> anyhow::Result<()> {
        let now = self.clock.at(Utc::now()).to_rfc3339();
        let open = format!(
            "SELECT count(*) FROM referrals
             WHERE reward_status = 'earned' AND credit_due_at <= '{now}'
                OR reward_status = 'pending' AND first_purchase_at IS NULL AND expires_at <= '{now}'"
        );
        self.until(async || Ok(self.number(&open).await? == 0)).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn histories_have_their_answers_and_ends() -> anyhow::Result<()> {
    // Other histories of the same kind can be named.
    let more = std::env::var("ORCHARD_REFERRAL_HISTORIES").ok().map(std::fs::read_to_string).transpose()?;
    let histories = more.unwrap_or_else(|| include_str!("histories.jsonl").to_owned());
    for line in histories.lines() {
        let history: History = serde_json::from_str(line)?;
        let mut play = Play::start(&history).await?;
        let first = history.events.iter().map(|event| event.at).min().unwrap_or_default();
        for event in &history.events {
            play.world.clock.stop_at(play.began + (event.at - first));
            let answer = match play.apply(event).await {
                Ok(()) => "OK".to_owned(),
                Err(status) if event.answer == code_name(status.code()) => event.answer.clone(),
                Err(status) => refused(Err::<(), _>(status)).1,
            };
            assert_eq!(answer, event.answer, "{} {} at {}", history.id, event.kind, event.at);
        }
        play.check(&history).await?;
    }
    Ok(())
}
