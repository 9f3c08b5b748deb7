//! Keys of requests that must have their effect once.
//!
//! The key is written in the transaction of the effect, so there is never one without the other. It holds ids to answer from,
//! no personal data. Every slice has the table.

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

use crate::Failure;

/// How long a request is remembered: for that long it may be repeated, and its id not be used for another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// As long as the slice lives: for what moves money or gives rewards, which must not happen twice after any delay.
    Forever,
    /// Longer than any client goes on trying.
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

/// A request that its caller may send again.
#[derive(Debug, Clone)]
pub struct Key {
    caller: String,
    method: &'static str,
    request_id: Uuid,
    keep: Keep,
    request_hash: Vec<u8>,
}

/// Whether a request is new.
#[derive(Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is: have its effect, under the ids that were claimed.
    First,
    /// It had its effect before, under these ids.
    Repeated(Vec<Uuid>),
}

/// Forgets all requests of a caller who is erased.
pub async fn forget(connection: &mut AsyncPgConnection, caller: impl ToString) -> QueryResult<usize> {
    use crate::schema::idempotency_keys::dsl;

    let keys = dsl::idempotency_keys.filter(dsl::caller.eq(caller.to_string()));
    diesel::delete(keys).execute(connection).await
}

/// Replaces an id in the keys of these callers, for a user who is erased and is a result of others' requests.
pub async fn replace_id(connection: &mut AsyncPgConnection, callers: &[String], id: Uuid, by: Uuid) -> QueryResult<usize> {
    use crate::schema::idempotency_keys::dsl;

    let keys = dsl::idempotency_keys.filter(dsl::caller.eq_any(callers)).filter(dsl::result_ids.contains(vec![id]));
    diesel::update(keys).set(dsl::result_ids.eq(array_replace(dsl::result_ids, id, by))).execute(connection).await
}

impl Key {
    /// The key of `request`, sent by `caller` (a user's id or a service's name) to `method`.
    ///
    /// What tells one request from another is the message as this release knows it: fields of a newer contract are not part of it.
    pub fn new(caller: impl ToString, method: &'static str, request_id: Uuid, keep: Keep, request: &impl Message) -> Self {
        let request_hash = Sha256::digest(request.encode_to_vec()).to_vec();
        Self { caller: caller.to_string(), method, request_id, keep, request_hash }
    }

    /// As [`Key::claim`], for an effect with one id: that id, and whether the effect is still to be had.
    pub async fn claim_one(&self, connection: &mut AsyncPgConnection, id: Uuid) -> Result<(Uuid, bool), Failure> {
        match self.claim(connection, &[id]).await? {
            Claim::First => Ok((id, true)),
            Claim::Repeated(ids) => match ids.as_slice() {
                [id] => Ok((*id, false)),
                _ => Err(Failure::Internal(format!("a key of {} has {} ids", self.method, ids.len()))),
            },
        }
    }

    /// Claims the key for an effect with the ids `ids`. While another transaction holds the claim, this waits for its end.
    pub async fn claim(&self, connection: &mut AsyncPgConnection, ids: &[Uuid]) -> Result<Claim, Failure> {
        // Of the update only: `QueryDsl` has none for it.
        use crate::schema::idempotency_keys::dsl;
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
            .filter(dsl::expires_at.le(now))
            .execute(connection)
            .await?;
        if claimed == 1 {
            return Ok(Claim::First);
        }
        // The row that is not replaced is locked all the same, so that no sweep takes it away before it is read.
        let (hash, ids): (Vec<u8>, Vec<Uuid>) = dsl::idempotency_keys
            .find((&self.caller, self.method, self.request_id))
            .select((dsl::request_hash, dsl::result_ids))
            .first(connection)
            .await?;
        if hash == self.request_hash { Ok(Claim::Repeated(ids)) } else { Err(Failure::RequestIdReused) }
    }
}
