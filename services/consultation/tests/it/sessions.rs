//! Constraints of sessions, which hold whatever the service does.

use tokio_postgres::Client;
use uuid::Uuid;

use crate::schema::migrated;
use crate::world::id;

const PROFESSIONAL_OVERLAP: &str = "consultation_sessions_professional_overlap";
const USER_OVERLAP: &str = "consultation_sessions_user_overlap";

async fn user(client: &Client) -> anyhow::Result<Uuid> {
    Ok(client.query_one("INSERT INTO users (id) VALUES ($1) RETURNING id", &[&id()]).await?.get(0))
}

async fn professional(client: &Client, account: Option<Uuid>) -> anyhow::Result<Uuid> {
    let insert = "INSERT INTO health_professionals (user_id, professional_name) VALUES ($1, 'Flora') RETURNING id";
    Ok(client.query_one(insert, &[&account]).await?.get(0))
}

/// Books a session that starts at `time` of a fixed day. Returns its id, or the constraint that refused it.
async fn book(client: &Client, user: Uuid, professional: Uuid, time: &str, minutes: i32, status: &str) -> Result<Uuid, String> {
    let insert = "INSERT INTO consultation_sessions (user_id, professional_id, session_date, duration_minutes, session_status)
        VALUES ($1, $2, ('2026-07-01 ' || $3 || '+00')::timestamptz, $4, $5) RETURNING id";
    let booked = client.query_one(insert, &[&user, &professional, &time, &minutes, &status]).await;
    booked.map(|row| row.get(0)).map_err(|error| constraint(&error))
}

fn constraint(error: &tokio_postgres::Error) -> String {
    error.as_db_error().and_then(|error| error.constraint().map(str::to_owned)).expect("a constraint")
}

fn refused_by(constraint: &str) -> Result<Uuid, String> {
    Err(constraint.to_owned())
}

#[tokio::test]
async fn no_one_has_two_sessions_at_once() -> anyhow::Result<()> {
    let client = migrated().await?;
    let (ann, bob) = (user(&client).await?, user(&client).await?);
    let (flora, felix) = (professional(&client, None).await?, professional(&client, None).await?);
    book(&client, ann, flora, "10:00", 30, "scheduled").await.expect("the first");
    // Overlapping the start or the end, within, around, and equal.
    for (time, minutes) in [("09:31", 30), ("10:29", 30), ("10:10", 10), ("09:00", 120), ("10:00", 30)] {
        let same_professional = book(&client, bob, flora, time, minutes, "scheduled").await;
        assert_eq!(same_professional, refused_by(PROFESSIONAL_OVERLAP), "{time}");
        let same_client = book(&client, ann, felix, time, minutes, "scheduled").await;
        assert_eq!(same_client, refused_by(USER_OVERLAP), "{time}");
    }
    // Other people are free at that time, and these two at adjacent times.
    book(&client, bob, felix, "10:00", 30, "scheduled").await.expect("other people");
    book(&client, ann, flora, "09:30", 30, "scheduled").await.expect("just before");
    book(&client, ann, flora, "10:30", 30, "scheduled").await.expect("just after");
    Ok(())
}

#[tokio::test]
async fn only_scheduled_sessions_exclude_each_other() -> anyhow::Result<()> {
    let client = migrated().await?;
    let ann = user(&client).await?;
    let flora = professional(&client, None).await?;
    let mut past = Vec::new();
    for status in ["cancelled", "no_show", "completed", "cancelled"] {
        past.push(book(&client, ann, flora, "10:00", 30, status).await.expect(status));
    }
    let scheduled = book(&client, ann, flora, "10:15", 30, "scheduled").await.expect("the time is free");
    for session in past {
        let revive = "UPDATE consultation_sessions SET session_status = 'scheduled' WHERE id = $1";
        let error = client.execute(revive, &[&session]).await.expect_err("the time is taken");
        assert!([PROFESSIONAL_OVERLAP, USER_OVERLAP].contains(&constraint(&error).as_str()));
    }
    client.execute("UPDATE consultation_sessions SET session_status = 'cancelled' WHERE id = $1", &[&scheduled]).await?;
    book(&client, ann, flora, "10:00", 30, "scheduled").await.expect("the time is free again");
    Ok(())
}

#[tokio::test]
async fn an_empty_or_unbounded_session_is_refused() -> anyhow::Result<()> {
    let client = migrated().await?;
    let (ann, flora) = (user(&client).await?, professional(&client, None).await?);
    for minutes in [0, -30, 1_441] {
        let booked = book(&client, ann, flora, "10:00", minutes, "scheduled").await;
        assert_eq!(booked, refused_by("consultation_sessions_duration_minutes_check"));
    }
    let insert = "INSERT INTO consultation_sessions (user_id, professional_id, session_date) VALUES ($1, $2, 'infinity')";
    let error = client.execute(insert, &[&ann, &flora]).await.expect_err("no time");
    assert_eq!(constraint(&error), "consultation_sessions_session_date_check");
    Ok(())
}

#[tokio::test]
async fn erasing_a_professionals_account_keeps_the_sessions_of_others() -> anyhow::Result<()> {
    let client = migrated().await?;
    let (account, ann) = (user(&client).await?, user(&client).await?);
    let flora = professional(&client, Some(account)).await?;
    let session = book(&client, ann, flora, "10:00", 30, "completed").await.expect("a session");
    let erase = "DELETE FROM users WHERE id = $1";
    client.execute(erase, &[&account]).await?;
    let kept = client
        .query_one(
            "SELECT s.id, s.user_id, p.user_id FROM consultation_sessions s
             JOIN health_professionals p ON p.id = s.professional_id",
            &[],
        )
        .await?;
    assert_eq!((kept.get(0), kept.get(1), kept.get(2)), (session, ann, None::<Uuid>));

    // A session keeps its professional and its client from being deleted. A pseudonym takes the client's place.
    let refused = client.execute("DELETE FROM health_professionals WHERE id = $1", &[&flora]).await.expect_err("refused");
    assert_eq!(constraint(&refused), "consultation_sessions_professional_id_fkey");
    let refused = client.execute(erase, &[&ann]).await.expect_err("refused");
    assert_eq!(constraint(&refused), "consultation_sessions_user_id_fkey");
    let pseudonym = user(&client).await?;
    client.execute("UPDATE consultation_sessions SET user_id = $1", &[&pseudonym]).await?;
    assert_eq!(client.execute(erase, &[&ann]).await?, 1);
    Ok(())
}
