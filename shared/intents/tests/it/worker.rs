//! Workers, which finish what calls have left undone.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use orchard_db::{Connection, Db, Failure, Migrations};
use orchard_intents::migrations::INTENTS;
use orchard_intents::{Handler, Intent, Undone, Worker, advance, close, open, step_of};
use orchard_server::DatabaseOptions;
use orchard_testkit::database::Schema;
use tokio::task::JoinSet;
use uuid::Uuid;

const PERIOD: Duration = Duration::from_millis(20);

/// Does intents of two steps, and counts its attempts at each. The first attempts at some of them fail, or panic.
struct Errands {
    db: Db,
    attempts: Mutex<HashMap<(Uuid, String), u32>>,
}

impl Handler for Errands {
    const KINDS: &'static [&'static str] = &["errand"];

    async fn attempt(&self, intent: &Intent) -> Result<(), Undone> {
        let attempt = {
            let mut attempts = self.attempts.lock().expect("attempts");
            let attempts = attempts.entry((intent.id, intent.step.clone())).or_default();
            *attempts += 1;
            *attempts
        };
        match (intent.subject_id.as_u128(), intent.step.as_str(), attempt) {
            (1, "first", 1) => return Err(Undone("UNAVAILABLE".to_owned())),
            (2, "first", 1) => panic!("on purpose"),
            _ => {}
        }
        let (id, step) = (intent.id, intent.step.clone());
        let next = async move |connection: &mut Connection| {
            if step_of(connection, id).await? != Some(step.clone()) {
                return Ok::<_, Failure>(());
            }
            match step.as_str() {
                "first" => Ok(advance(connection, id, "second", Duration::ZERO).await?),
                _ => Ok(close(connection, id).await?),
            }
        };
        Ok(self.db.write("errand", next).await?)
    }

    async fn give_up(&self, connection: &mut Connection, intent: &Intent) -> Result<(), Failure> {
        Ok(close(connection, intent.id).await?)
    }
}

struct World {
    schema: Schema,
    errands: Arc<Errands>,
    _workers: JoinSet<()>,
}

impl World {
    async fn start(count: usize) -> anyhow::Result<Self> {
        let schema = Schema::create().await?;
        schema.migrate(Migrations::new([INTENTS])).await?;
        let database = DatabaseOptions::for_url(schema.url(), 8);
        let db = Db::new(database.url()?, database.database_connections.into(), &database.limits())?;
        let errands = Arc::new(Errands { db: db.clone(), attempts: Mutex::default() });
        let mut workers = JoinSet::new();
        for _ in 0..count {
            let worker = Worker::new(&db, &errands, PERIOD);
            workers.spawn(async move { match worker.run().await {} });
        }
        Ok(Self { schema, errands, _workers: workers })
    }

    async fn open(&self, subject: u128, patience: Duration) -> anyhow::Result<Uuid> {
        let id = Uuid::new_v4();
        let record = async move |connection: &mut Connection| {
            let what = ("errand", "first");
            open(connection, (id, Uuid::from_u128(subject)), what, patience).await.map_err(Failure::from)
        };
        self.errands.db.write("open", record).await?;
        Ok(id)
    }

    async fn until_done(&self) -> anyhow::Result<()> {
        self.schema.until("SELECT count(*) FROM intents", 0).await
    }

    fn attempts(&self, id: Uuid) -> [u32; 2] {
        let attempts = self.errands.attempts.lock().expect("attempts");
        ["first", "second"].map(|step| attempts.get(&(id, step.to_owned())).copied().unwrap_or_default())
    }
}

#[tokio::test]
async fn what_is_due_is_done_and_what_fails_does_not_stop_it() -> anyhow::Result<()> {
    let world = World::start(1).await?;
    let failing = world.open(1, Duration::ZERO).await?;
    let fine = world.open(0, Duration::ZERO).await?;
    let failed = "SELECT count(*) FROM intents WHERE attempts = 1 AND last_failure = 'UNAVAILABLE' AND step = 'first'";
    world.schema.until(failed, 1).await?;
    world.until_done().await?;
    assert_eq!((world.attempts(failing), world.attempts(fine)), ([2, 1], [1, 1]));
    Ok(())
}

#[tokio::test]
async fn an_intent_waits_for_the_call_that_recorded_it() -> anyhow::Result<()> {
    let world = World::start(1).await?;
    let waiting = world.open(0, Duration::from_secs(3_600)).await?;
    let later = world.open(0, Duration::ZERO).await?;
    world.schema.until("SELECT count(*) FROM intents", 1).await?;
    assert_eq!((world.attempts(waiting), world.attempts(later)), ([0, 0], [1, 1]));
    world.schema.connect().await?.batch_execute("UPDATE intents SET due_at = now()").await?;
    world.until_done().await
}

/// A panic ends the worker's round. What it had taken is due again when its lease ends.
#[tokio::test]
async fn a_panic_ends_no_worker() -> anyhow::Result<()> {
    let world = World::start(1).await?;
    let bad = world.open(2, Duration::ZERO).await?;
    world.schema.until("SELECT count(*) FROM intents WHERE due_at > now() + INTERVAL '5 s'", 1).await?;
    let fine = world.open(0, Duration::ZERO).await?;
    world.schema.until("SELECT count(*) FROM intents", 1).await?;
    assert_eq!(world.attempts(fine), [1, 1]);
    world.schema.connect().await?.batch_execute("UPDATE intents SET due_at = now()").await?;
    world.until_done().await?;
    assert_eq!(world.attempts(bad), [2, 1]);
    Ok(())
}

#[tokio::test]
async fn workers_side_by_side_do_each_step_once() -> anyhow::Result<()> {
    let world = World::start(3).await?;
    let mut ids = Vec::new();
    for _ in 0..200 {
        ids.push(world.open(0, Duration::ZERO).await?);
    }
    world.until_done().await?;
    assert!(ids.iter().all(|id| world.attempts(*id) == [1, 1]));
    Ok(())
}
