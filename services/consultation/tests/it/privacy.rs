//! Export and erasure: what is a user's own goes, and the history of others stays.

use std::collections::BTreeMap;

use orchard_proto::consultation::v1 as pb;
use orchard_proto::privacy::v1::privacy_service_client::PrivacyServiceClient;
use orchard_proto::privacy::v1::{EraseUserRequest, ExportUserRequest};
use orchard_testkit::answer::refused;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::world::Someone::{Operator, User};
use crate::world::{World, flora, id, strings, weekdays};

/// A text that only the user has written.
const CANARY: &str = "Canary Ünïque";

impl World {
    /// Erases a user, and returns the counts of the receipt: table, deleted, pseudonymised.
    pub async fn erase(&self, user: Uuid) -> Result<Vec<(String, i64, i64)>, Status> {
        let mut client = PrivacyServiceClient::new(self.slice.service("social").expect("client"));
        let answer = client.erase_user(EraseUserRequest { user_id: user.to_string(), ..Default::default() }).await?.into_inner();
        Ok(answer.table_counts.into_iter().map(|count| (count.table, count.rows_deleted, count.rows_pseudonymised)).collect())
    }

    /// Exports a user's data: the number of rows by table, and all as text.
    async fn export(&self, user: Uuid) -> anyhow::Result<(BTreeMap<String, usize>, String)> {
        let mut answers =
            PrivacyServiceClient::new(self.slice.user(user)?).export_user(ExportUserRequest::default()).await?.into_inner();
        let (mut counts, mut text) = (BTreeMap::new(), String::new());
        while let Some(answer) = answers.message().await? {
            let record = answer.record.expect("a record");
            *counts.entry(record.table.clone()).or_default() += 1;
            text += &format!("{record:?}\n");
        }
        Ok((counts, text))
    }

    /// Returns the tables with a row that contains a text.
    async fn tables_with(&self, text: &str) -> anyhow::Result<Vec<String>> {
        self.slice.schema.tables_with(&[text.to_owned()]).await
    }

    /// Has a user apply with texts of theirs, and consult and be consulted. Returns their entry and a session of each kind.
    async fn live(&self, user: Uuid, other: Uuid) -> anyhow::Result<(String, [Uuid; 2])> {
        let text = || CANARY.to_owned();
        let entry = pb::CreateProfessionalRequest {
            professional_name: text(),
            bio: text(),
            credentials: strings(&[CANARY]),
            languages: strings(&[CANARY]),
            ..flora()
        };
        let entry = self.create(User(user), entry).await?.professional_id;
        let document = pb::VerificationDocument {
            kind: pb::DocumentKind::Degree.into(),
            url: "https://example.org/canary".to_owned(),
            sha256: "0f".repeat(32),
        };
        let documents = pb::SetVerificationDocumentsRequest { professional_id: entry.clone(), documents: vec![document] };
        self.professionals(User(user))?.set_verification_documents(documents).await?;
        let theirs = self.create(Operator(id()), flora()).await?.professional_id;
        let client = self.slice.schema.connect().await?;
        client.execute("INSERT INTO users (id) VALUES ($1) ON CONFLICT DO NOTHING", &[&other]).await?;
        let mut sessions = [Uuid::nil(); 2];
        for (index, (client_id, professional)) in [(user, &theirs), (other, &entry)].into_iter().enumerate() {
            let book = "INSERT INTO consultation_sessions (user_id, professional_id, session_date, session_status, session_notes,
                  user_feedback_rating, user_feedback_text, recording_url, recording_consent)
                VALUES ($1, $2, '2026-07-01 10:00+00', 'completed', 'Canary notes', 4, $3, 'https://example.org/canary', true)
                RETURNING id";
            let words = if client_id == user { CANARY } else { "Theirs" };
            sessions[index] = client.query_one(book, &[&client_id, &professional.parse::<Uuid>()?, &words]).await?.get(0);
        }
        let book = "INSERT INTO consultation_sessions (user_id, professional_id, session_date)
            VALUES ($1, $2, now() + INTERVAL '1 day')";
        client.execute(book, &[&user, &theirs.parse::<Uuid>()?]).await?;
        client.execute(book, &[&other, &entry.parse::<Uuid>()?]).await?;
        // Yesterday's, which nobody has completed yet.
        let yesterday = "INSERT INTO consultation_sessions (user_id, professional_id, session_date)
            VALUES ($1, $2, now() - INTERVAL '1 day')";
        client.execute(yesterday, &[&user, &theirs.parse::<Uuid>()?]).await?;
        client.execute(yesterday, &[&other, &entry.parse::<Uuid>()?]).await?;
        let claim = "INSERT INTO time_claims (id, professional_id, user_id, starts_at, ends_at, taken_from, taken_to)
            SELECT id, professional_id, user_id, session_date, session_date + INTERVAL '30 minutes', session_date,
              session_date + INTERVAL '30 minutes' FROM consultation_sessions";
        client.batch_execute(claim).await?;
        Ok((entry, sessions))
    }
}

#[tokio::test]
async fn nothing_of_an_erased_user_is_left_but_their_stars() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (user, other) = (id(), id());
    let (entry, [mine, theirs]) = world.live(user, other).await?;
    let receipt = world.erase(user).await?;
    let row = |table: &str, deleted, pseudonymised| (table.to_owned(), deleted, pseudonymised);
    let expected = [
        row("idempotency_keys", 1, 0),
        row("health_professionals", 0, 1),
        row("consultation_sessions", 0, 6),
        row("time_claims", 2, 2),
        row("users", 1, 0),
    ];
    assert_eq!(receipt, expected);
    for text in [user.to_string().as_str(), CANARY, "canary", "Canary notes"] {
        assert_eq!(world.tables_with(text).await?, Vec::<String>::new(), "{text}");
    }
    // The other one keeps their session, their words, and the entry that it names.
    let client = world.slice.schema.connect().await?;
    let query =
        "SELECT user_id, user_feedback_rating, user_feedback_text, session_status FROM consultation_sessions WHERE id = $1";
    let kept = client.query_one(query, &[&theirs]).await?;
    assert_eq!((kept.get(0), kept.get(1), kept.get(2)), (other, 4, Some("Theirs".to_owned())));
    let kept = client.query_one(query, &[&mine]).await?;
    assert_eq!((kept.get(1), kept.get(2)), (4, None::<String>), "the stars stay");
    let scheduled = "SELECT count(*) FROM consultation_sessions WHERE session_status = 'scheduled'";
    let to_come = format!("{scheduled} AND session_date > now()");
    assert_eq!(client.query_one(&to_come, &[]).await?.get::<_, i64>(0), 0, "nobody waits for them");
    assert_eq!(client.query_one(scheduled, &[]).await?.get::<_, i64>(0), 2, "what has begun is not cancelled");
    let claims = "SELECT count(*) FROM time_claims";
    assert_eq!(client.query_one(claims, &[]).await?.get::<_, i64>(0), 4, "what has begun keeps its time, and the rest is free");
    let seen = world.get(User(other), &entry).await?;
    assert_eq!((seen.professional_name.as_str(), seen.is_available), ("Former professional", false));
    assert_eq!(refused(world.get(User(id()), &entry).await), (Code::NotFound, "PROFESSIONAL_NOT_FOUND".to_owned()));

    let erased = (Code::FailedPrecondition, "USER_ERASED".to_owned());
    assert_eq!(refused(world.create(User(user), flora()).await), erased);
    assert_eq!(world.erase(user).await?, []);
    Ok(())
}

#[tokio::test]
async fn what_an_operator_has_entered_outlives_them_without_their_name() -> anyhow::Result<()> {
    let world = World::start().await?;
    let operator = id();
    let entry = world.create(Operator(operator), flora()).await?;
    let (counts, text) = world.export(operator).await?;
    let expected = [("health_professionals", 1), ("users", 1)];
    assert_eq!(counts, expected.map(|(table, rows)| (table.to_owned(), rows)).into());
    assert!(text.contains(&entry.professional_id) && !text.contains("Flora"), "{text}");
    let receipt = world.erase(operator).await?;
    let expected = [("idempotency_keys", 1, 0), ("health_professionals", 0, 1), ("users", 1, 0)];
    assert_eq!(receipt, expected.map(|(table, deleted, kept)| (table.to_owned(), deleted, kept)));
    assert_eq!(world.tables_with(&operator.to_string()).await?, Vec::<String>::new());
    assert_eq!(world.verify(&entry.professional_id).await?.professional_name, entry.professional_name);
    let erased = (Code::FailedPrecondition, "USER_ERASED".to_owned());
    assert_eq!(refused(world.create(Operator(operator), flora()).await), erased);
    Ok(())
}

#[tokio::test]
async fn a_next_slot_goes_with_the_schedule() -> anyhow::Result<()> {
    let world = World::start().await?;
    let user = id();
    let entry = world.create(User(user), flora()).await?.professional_id;
    world.set_schedule(User(user), &entry, weekdays()).await?;
    let (counts, text) = world.export(user).await?;
    assert_eq!((counts.get("next_slots"), text.contains("Europe/Berlin")), (Some(&1), true));
    assert!(world.erase(user).await?.contains(&("next_slots".to_owned(), 1, 0)));
    let client = world.slice.schema.connect().await?;
    assert_eq!(client.query_one("SELECT count(*) FROM next_slots", &[]).await?.get::<_, i64>(0), 0);
    assert_eq!(world.tables_with("Europe/Berlin").await?, Vec::<String>::new());
    Ok(())
}

#[tokio::test]
async fn an_export_has_all_of_a_user_and_nothing_of_others() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (user, other) = (id(), id());
    world.live(user, other).await?;
    let (counts, text) = world.export(user).await?;
    let expected = [("consultation_sessions", 6), ("health_professionals", 1), ("time_claims", 3), ("users", 1)];
    assert_eq!(counts, expected.map(|(table, rows)| (table.to_owned(), rows)).into());
    assert!(text.contains(CANARY) && text.contains("https://example.org/canary"));
    // The notes of the professional are theirs.
    assert!(!text.contains("Canary notes") && !text.contains(&other.to_string()) && !text.contains("Theirs"));
    Ok(())
}
