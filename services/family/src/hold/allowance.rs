//! What a member may still take out of a wallet.

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use uuid::Uuid;

use super::store;
use crate::error::Error;
use crate::member::Standing;
use crate::plan::{self, Plan};
use crate::wallet;

/// Lets a member take `amount` out of the wallet of a plan that is locked, and gives the plan without what is held no more.
pub(crate) async fn may_take(
    connection: &mut AsyncPgConnection,
    plan: Plan,
    standing: &Standing,
    user: Uuid,
    amount: &BigDecimal,
) -> Result<Plan, Error> {
    let plan = store::expire(connection, plan).await?;
    let spent_today = match &standing.permissions.daily_spend_limit {
        Some(_) => spent_on(connection, &plan, user, plan::store::moment(connection).await?).await?,
        // Nobody asks.
        None => BigDecimal::default(),
    };
    wallet::may_take(&plan, standing, &spent_today, amount)?;
    Ok(plan)
}

/// What a member has spent on the plan's date of `now`, and has had held and not let go.
pub(crate) async fn spent_on(
    connection: &AsyncPgConnection,
    plan: &Plan,
    user: Uuid,
    now: DateTime<Utc>,
) -> QueryResult<BigDecimal> {
    let day = plan.day(now);
    let (spent, held) =
        tokio::try_join!(wallet::store::spent(connection, plan.id, user, day), store::taken(connection, plan.id, user, day))?;
    Ok(spent + held)
}
