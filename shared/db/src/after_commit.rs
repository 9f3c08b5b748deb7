//! Steps that follow a committed unit of work.

use std::cell::RefCell;

type Step = Box<dyn FnOnce() + Send>;

tokio::task_local! {
    static STEPS: RefCell<Vec<Step>>;
}

/// Runs `step` once this task's unit of work has been committed, and drops it if the unit is rolled back.
///
/// A process that ends in between does not run the step, so a step may only save time: nothing may depend on it. Outside of a
/// unit of work the step is dropped.
pub fn after_commit(step: impl FnOnce() + Send + 'static) {
    let _ = STEPS.try_with(|steps| steps.borrow_mut().push(Box::new(step)));
}

/// Runs one attempt at a unit of work, and its steps if it succeeds.
pub(crate) async fn with_steps<T, E>(attempt: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    // Boxed, because a future that is passed on takes its space twice.
    let attempt = Box::pin(attempt);
    let work = async {
        let result = attempt.await;
        (result, STEPS.with(RefCell::take))
    };
    let (result, steps) = STEPS.scope(RefCell::default(), work).await;
    if result.is_ok() {
        steps.into_iter().for_each(|step| step());
    }
    result
}
