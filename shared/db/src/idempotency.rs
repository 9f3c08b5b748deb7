//! Idempotency keys: a request that is sent again has no second effect.
//!
//! A key is written in the transaction of its request's effect, so neither exists without the other. It contains the ids from which a
//! repeated request is answered, and no personal data.

mod sweep;

use diesel::dsl::{array_replace, now};
use diesel::pg::data_types::PgInterval;
use diesel::prelude::*;
use diesel::sql_types::{Interval, Nullable, Timestamptz};
use diesel::upsert::excluded;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use prost::Message;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

pub use sweep::{keep_swept, sweep};

use crate::failure::Failure;
use crate::schema::idempotency_keys::dsl;

/// How long a key is kept. Until then its request may be repeated, and its id must not be used for another request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// For ever: for requests that move money or give rewards, which must not happen twice after any delay.
    Forever,
    /// For 30 days, which is longer than any client retries.
    Days30,
}

impl Keep {
    fn interval(self) -> Option<PgInterval> {
        match self {
            Self::Forever => None,
            Self::Days30 => Some(PgInterval::from_days(30)),
        }
    }
}

/// The key of a request that its caller may repeat.
#[derive(Debug, Clone)]
pub struct Key {
    caller: String,
    method: &'static str,
    request_id: Uuid,
    keep: Keep,
    request_hash: Vec<u8>,
}

/// The result of claiming a key.
#[derive(Debug, PartialEq, Eq)]
pub enum Claim {
    /// The request is new: it must have its effect under the claimed ids.
    First,
    /// The request is repeated: it had its effect under these ids.
    Repeated(Vec<Uuid>),
}

/// Deletes all keys of a caller who is erased, and returns their number.
pub async fn forget(connection: &mut AsyncPgConnection, caller: impl ToString) -> QueryResult<usize> {
    let keys = dsl::idempotency_keys.filter(dsl::caller.eq(caller.to_string()));
    diesel::delete(keys).execute(connection).await
}

/// Replaces an id in the keys of these callers, and returns how many keys contained it. For an erased user whom others' requests created.
pub async fn replace_id(connection: &mut AsyncPgConnection, callers: &[String], id: Uuid, by: Uuid) -> QueryResult<usize> {
    let keys = dsl::idempotency_keys.filter(dsl::caller.eq_any(callers)).filter(dsl::result_ids.contains(vec![id]));
    diesel::update(keys).set(dsl::result_ids.eq(array_replace(dsl::result_ids, id, by))).execute(connection).await
}

impl Key {
    /// Returns the key of `request`, which `caller` (a user's id or a service's name) sent to `method`.
    ///
    /// Requests are compared by the fields that this release knows. Fields of a newer contract do not count.
    pub fn new(caller: impl ToString, method: &'static str, request_id: Uuid, keep: Keep, request: &impl Message) -> Self {
        let request_hash = Sha256::digest(request.encode_to_vec()).to_vec();
        Self { caller: caller.to_string(), method, request_id, keep, request_hash }
    }

    /// Claims the key for a request that creates one thing. Returns the id of that thing, and whether the request is new and must create
    /// it. Waits as [`Key::claim`] does.
    pub async fn claim_id(&self, connection: &mut AsyncPgConnection) -> Result<(Uuid, bool), Failure> {
        let id = Uuid::now_v7();
        match self.claim(connection, &[id]).await? {
            Claim::First => Ok((id, true)),
            Claim::Repeated(ids) => match ids.as_slice() {
                [id] => Ok((*id, false)),
                _ => Err(Failure::Internal(format!("a key of {} has {} ids", self.method, ids.len()))),
            },
        }
    }

    /// Claims the key for an effect with these ids. Waits while another transaction holds the claim.
    pub async fn claim(&self, connection: &mut AsyncPgConnection, ids: &[Uuid]) -> Result<Claim, Failure> {
        // For the filter of the update, which `QueryDsl` does not have.
        use diesel::query_dsl::methods::FilterDsl as _;

        let expires_at = now.into_sql::<Nullable<Timestamptz>>() + self.keep.interval().into_sql::<Nullable<Interval>>();
        let claimed = diesel::insert_into(dsl::idempotency_keys)
            .values((
                dsl::caller.eq(&self.caller),
                dsl::method.eq(self.method),
                dsl::request_id.eq(self.request_id),
                dsl::request_hash.eq(&self.request_hash),
                dsl::result_ids.eq(ids),
                dsl::expires_at.eq(expires_at),
            ))
            .on_conflict((dsl::caller, dsl::method, dsl::request_id))
            .do_update()
            .set((
                dsl::request_hash.eq(excluded(dsl::request_hash)),
                dsl::result_ids.eq(excluded(dsl::result_ids)),
                dsl::created_at.eq(excluded(dsl::created_at)),
                dsl::expires_at.eq(excluded(dsl::expires_at)),
            ))
            // Which is the time now: PostgreSQL's distributed kin take no function here.
            .filter(dsl::expires_at.le(excluded(dsl::created_at).nullable()))
            .execute(connection)
            .await?;
        if claimed == 1 {
            return Ok(Claim::First);
        }
        // The upsert locked the row although it did not replace it, so no sweep can delete the row before this reads it.
        let (hash, ids): (Vec<u8>, Vec<Uuid>) = dsl::idempotency_keys
            .find((&self.caller, self.method, self.request_id))
            .select((dsl::request_hash, dsl::result_ids))
            .first(connection)
            .await?;
        if hash == self.request_hash { Ok(Claim::Repeated(ids)) } else { Err(Failure::RequestIdReused) }
    }
}
