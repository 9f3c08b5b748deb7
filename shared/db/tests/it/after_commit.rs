//! Steps after a commit.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use orchard_db::{Failure, after_commit};

use crate::world::{Error, World};

/// Counts the steps that ran.
#[derive(Clone, Default)]
struct Steps(Arc<AtomicU32>);

impl Steps {
    fn add(&self) {
        let Self(done) = self.clone();
        after_commit(move || {
            done.fetch_add(1, Ordering::SeqCst);
        });
    }

    fn done(&self) -> u32 {
        self.0.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn steps_run_after_a_commit_only() -> anyhow::Result<()> {
    let world = World::start(2).await?;
    let (steps, attempts) = (Steps::default(), Arc::new(AtomicU32::new(0)));
    let (inside, counted) = (steps.clone(), Arc::clone(&attempts));
    let unit = world.db.write("conflicts once", async move |_connection| {
        inside.add();
        match counted.fetch_add(1, Ordering::SeqCst) {
            0 => Err(Error(Failure::Conflict("once".to_owned()))),
            _ => Ok(()),
        }
    });
    unit.await.expect("done");
    assert_eq!((attempts.load(Ordering::SeqCst), steps.done()), (2, 1), "only the committed attempt runs its step");

    let inside = steps.clone();
    let refused = world.db.write("refuses", async move |_connection| {
        inside.add();
        Err::<(), _>(Error(Failure::Internal("on purpose".to_owned())))
    });
    assert!(refused.await.is_err());
    steps.add();
    assert_eq!(steps.done(), 1, "neither after a rollback nor outside of a unit");
    Ok(())
}
