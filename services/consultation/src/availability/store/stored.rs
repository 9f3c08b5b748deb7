//! The column with the schedule.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::pg::{Pg, PgValue};
use diesel::result::Error::DeserializationError;
use diesel::result::QueryResult;
use diesel::sql_types::Jsonb;
use orchard_rpc::Zone;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::availability::{Buffers, Grid, Limits, Schedule, Window};

/// The column as text. Who reads many rows decodes each by itself, because that may take a millisecond, or fail.
#[derive(Debug, FromSqlRow)]
pub(crate) struct Raw(Vec<u8>);

/// A schedule as it is stored: also one in a zone that this release does not know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stored {
    pub(in crate::availability) time_zone: String,
    pub(in crate::availability) weekly: [Vec<Window>; 7],
    pub(in crate::availability) overrides: BTreeMap<NaiveDate, Vec<Window>>,
    pub(in crate::availability) grid: Grid,
    pub(in crate::availability) buffers: Buffers,
    pub(in crate::availability) limits: Limits,
}

impl FromSql<Jsonb, Pg> for Raw {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        match value.as_bytes().split_first() {
            Some((1, json)) => Ok(Self(json.to_vec())),
            _ => Err("an unknown version of JSONB".into()),
        }
    }
}

impl Raw {
    /// Returns the schedule. One that cannot be read is a fault, not an empty one.
    pub(crate) fn read(&self) -> QueryResult<Stored> {
        serde_json::from_slice(&self.0).map_err(|cause| DeserializationError(cause.into()))
    }

    /// Returns the schedule of a professional by which slots are offered; `None` if this release cannot tell which. That is nobody else's fault.
    pub(crate) fn bookable(&self, professional: Uuid) -> Option<Schedule> {
        match self.read() {
            Ok(stored) => stored.bookable(professional),
            Err(cause) => {
                tracing::warn!(%professional, %cause, "a schedule cannot be read, and offers nothing");
                None
            }
        }
    }
}

impl Stored {
    /// Returns what differs when the schedule does. It needs no column, so no writer can forget to change it.
    pub(in crate::availability) fn etag(&self) -> String {
        // Numbers, texts and maps with dates as keys can be written.
        let hash = Sha256::digest(serde_json::to_vec(self).unwrap_or_default());
        hash[..16].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Returns the schedule by which slots are offered; `None` if these rules do not know its zone, though those that it was stored by did: in
    /// another zone its times would be wrong.
    pub(crate) fn bookable(self, professional: Uuid) -> Option<Schedule> {
        let Some(zone) = Zone::named(&self.time_zone) else {
            tracing::warn!(%professional, zone = self.time_zone, "a schedule is in an unknown time zone, and offers nothing");
            return None;
        };
        let Self { weekly, overrides, grid, buffers, limits, .. } = self;
        Some(Schedule { zone, weekly, overrides, grid, buffers, limits })
    }
}

impl From<Schedule> for Stored {
    fn from(schedule: Schedule) -> Self {
        let Schedule { zone, weekly, overrides, grid, buffers, limits } = schedule;
        Self { time_zone: zone.name().to_owned(), weekly, overrides, grid, buffers, limits }
    }
}
