//! Locks that make calls wait.

use super::World;

/// A lock on a row, so that calls wait for it inside their transactions.
pub struct RowLock {
    pub client: tokio_postgres::Client,
}

impl RowLock {
    pub async fn new(world: &World, plan: &str) -> anyhow::Result<Self> {
        let client = world.slice.schema.connect().await?;
        client.batch_execute(&format!("BEGIN; SELECT 1 FROM family_plans WHERE id = '{plan}' FOR UPDATE")).await?;
        Ok(Self { client })
    }

    /// Waits until a session waits for the row, and returns its process id.
    pub async fn waiter(&self) -> anyhow::Result<i32> {
        let holder = self.client.query_one("SELECT pg_backend_pid()", &[]).await?.get(0);
        Ok(self.waiters(holder, 1).await?.remove(0))
    }

    /// Waits until `number` sessions wait for the session with this process id, and returns their process ids.
    pub async fn waiters(&self, session: i32, number: usize) -> anyhow::Result<Vec<i32>> {
        let query = "SELECT pid FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))";
        loop {
            // Within a transaction, PostgreSQL shows the sessions as of the first query unless the snapshot is cleared.
            self.client.batch_execute("SELECT pg_stat_clear_snapshot()").await?;
            let rows = self.client.query(query, &[&session]).await?;
            if rows.len() >= number {
                return Ok(rows.iter().map(|row| row.get(0)).collect());
            }
            tokio::task::yield_now().await;
        }
    }

    pub async fn release(self) -> anyhow::Result<()> {
        Ok(self.client.batch_execute("ROLLBACK").await?)
    }
}
