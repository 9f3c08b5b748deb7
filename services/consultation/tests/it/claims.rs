//! Constraints of taken time, which hold whatever the service does.

use futures::future::join_all;
use tokio_postgres::Client;
use uuid::Uuid;

use crate::schema::migrated;
use crate::world::{World, id};

const PROFESSIONAL_OVERLAP: &str = "time_claims_professional_overlap";
const USER_OVERLAP: &str = "time_claims_user_overlap";

async fn user(client: &Client) -> anyhow::Result<Uuid> {
    Ok(client.query_one("INSERT INTO users (id) VALUES ($1) RETURNING id", &[&id()]).await?.get(0))
}

async fn professional(client: &Client) -> anyhow::Result<Uuid> {
    let insert = "INSERT INTO health_professionals (professional_name) VALUES ('Flora') RETURNING id";
    Ok(client.query_one(insert, &[]).await?.get(0))
}

/// Takes time of a fixed day, with buffers before and after in minutes. Returns the constraint that refuses it.
async fn take(
    client: &Client,
    user: Uuid,
    professional: Uuid,
    (from, to): (&str, &str),
    (before, after): (i32, i32),
) -> Result<(), String> {
    let insert = "WITH given AS (
          SELECT ('2026-07-01 ' || $3 || '+00')::timestamptz AS starts_at, ('2026-07-01 ' || $4 || '+00')::timestamptz AS ends_at
        )
        INSERT INTO time_claims (id, user_id, professional_id, starts_at, ends_at, buffer_before_minutes, buffer_after_minutes,
          taken_from, taken_to)
        SELECT gen_random_uuid(), $1, $2, starts_at, ends_at, $5, $6, starts_at - make_interval(mins => $5),
          ends_at + make_interval(mins => $6) FROM given";
    let taken = client.execute(insert, &[&user, &professional, &from, &to, &before, &after]).await;
    taken.map(|_| ()).map_err(|error| {
        let error = error.as_db_error().expect("an answer of PostgreSQL");
        // Two who wait for each other's time without a lock have no constraint to blame.
        error.constraint().map_or_else(|| error.message().to_owned(), str::to_owned)
    })
}

fn refused_by(constraint: &str) -> Result<(), String> {
    Err(constraint.to_owned())
}

#[tokio::test]
async fn buffers_of_neighbours_add_up_and_clients_need_none() -> anyhow::Result<()> {
    let client = migrated().await?;
    let (ann, bob) = (user(&client).await?, user(&client).await?);
    let (flora, felix) = (professional(&client).await?, professional(&client).await?);
    assert_eq!(take(&client, ann, flora, ("10:00", "10:30"), (5, 10)).await, Ok(()));
    for (time, buffers) in
        [(("10:00", "10:30"), (0, 0)), (("10:39", "11:00"), (0, 0)), (("10:44", "11:00"), (5, 0)), (("09:00", "09:50"), (0, 6))]
    {
        assert_eq!(take(&client, bob, flora, time, buffers).await, refused_by(PROFESSIONAL_OVERLAP), "{time:?}");
    }
    assert_eq!(take(&client, bob, flora, ("10:45", "11:00"), (5, 0)).await, Ok(()));
    assert_eq!(take(&client, bob, flora, ("09:00", "09:50"), (0, 5)).await, Ok(()));
    for time in [("10:29", "10:31"), ("09:00", "10:01"), ("10:10", "10:20")] {
        assert_eq!(take(&client, ann, felix, time, (0, 0)).await, refused_by(USER_OVERLAP), "{time:?}");
    }
    assert_eq!(take(&client, ann, felix, ("10:30", "11:00"), (30, 30)).await, Ok(()), "right after, buffers or not");
    for time in [("12:00", "12:00"), ("13:00", "12:00")] {
        assert_eq!(take(&client, ann, felix, time, (0, 0)).await, refused_by("time_claims_range_check"), "{time:?}");
    }
    Ok(())
}

#[tokio::test]
async fn one_of_many_who_take_the_same_time_at_once_has_it() -> anyhow::Result<()> {
    let world = World::start().await?;
    let first = world.slice.schema.connect().await?;
    let flora = professional(&first).await?;
    let mut takers = Vec::new();
    for _ in 0..20 {
        let client = world.slice.schema.connect().await?;
        let user = user(&client).await?;
        takers.push((client, user));
    }
    let times = [("10:00", "10:30"), ("10:15", "10:45"), ("10:29", "11:00")];
    let answers = join_all(takers.iter().zip(times.iter().cycle()).map(|((client, user), time)| {
        // Without any lock of the service.
        take(client, *user, flora, *time, (0, 0))
    }));
    let answers = answers.await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{answers:?}");
    let expected = [refused_by(PROFESSIONAL_OVERLAP), refused_by("deadlock detected")];
    assert!(answers.iter().all(|answer| answer.is_ok() || expected.contains(answer)), "{answers:?}");
    Ok(())
}

/// What an earlier release has booked takes its time.
#[tokio::test]
async fn sessions_of_an_earlier_release_take_their_time() -> anyhow::Result<()> {
    let client = migrated().await?;
    let (ann, flora) = (user(&client).await?, professional(&client).await?);
    let book = "INSERT INTO consultation_sessions (user_id, professional_id, session_date, duration_minutes, session_status)
        VALUES ($1, $2, '2026-07-01 10:00+00', 45, $3)";
    for status in ["scheduled", "cancelled"] {
        client.execute(book, &[&ann, &flora, &status]).await?;
    }
    client.batch_execute(include_str!("../../migrations/2026-11-29-000052_time_claims/down.sql")).await?;
    client.batch_execute(include_str!("../../migrations/2026-11-29-000052_time_claims/up.sql")).await?;
    let query = "SELECT count(*), min((taken_to - taken_from)::text) FROM time_claims";
    let row = client.query_one(query, &[]).await?;
    assert_eq!((row.get(0), row.get(1)), (1_i64, "00:45:00".to_owned()));
    Ok(())
}
