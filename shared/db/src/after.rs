//! What is to follow a unit of work, once it is committed.

use std::cell::RefCell;

type Step = Box<dyn FnOnce() + Send>;

tokio::task_local! {
    static STEPS: RefCell<Vec<Step>>;
}

/// Has `step` done when the unit of work that is under way in this task has been committed, and not at all if it is rolled back.
///
/// A process that ends in between does not do it: it can save time, and nothing may depend on it. Outside of a unit of work it is
/// forgotten.
pub fn after_commit(step: impl FnOnce() + Send + 'static) {
    let _ = STEPS.try_with(|steps| steps.borrow_mut().push(Box::new(step)));
}

/// Does one attempt at a unit of work, and what is to follow it.
pub(crate) async fn followed<T, E>(attempt: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    // Boxed, as a future that is handed on takes its room twice.
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
