//! The column with the schedule.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::pg::{Pg, PgValue};
use diesel::sql_types::Jsonb;
use orchard_rpc::Zone;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::availability::{Buffers, Grid, Limits, Schedule, Window};

/// A schedule as it is stored. One that cannot be read is a fault, not an empty one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromSqlRow)]
pub(crate) struct Stored {
    pub(in crate::availability) time_zone: String,
    pub(in crate::availability) weekly: [Vec<Window>; 7],
    pub(in crate::availability) overrides: BTreeMap<NaiveDate, Vec<Window>>,
    pub(in crate::availability) grid: Grid,
    pub(in crate::availability) buffers: Buffers,
    pub(in crate::availability) limits: Limits,
}

impl Stored {
    /// Returns what differs when the schedule does. It needs no column, so no writer can forget to change it.
    pub(in crate::availability) fn etag(&self) -> String {
        // Numbers, texts and maps with dates as keys can be written.
        let hash = Sha256::digest(serde_json::to_vec(self).unwrap_or_default());
        hash[..16].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl FromSql<Jsonb, Pg> for Stored {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        let json = <Value as FromSql<Jsonb, Pg>>::from_sql(value)?;
        Ok(serde_json::from_value(json)?)
    }
}

impl From<Stored> for Schedule {
    fn from(stored: Stored) -> Self {
        Self {
            zone: Zone::stored(&stored.time_zone),
            weekly: stored.weekly,
            overrides: stored.overrides,
            grid: stored.grid,
            buffers: stored.buffers,
            limits: stored.limits,
        }
    }
}

impl From<Schedule> for Stored {
    fn from(schedule: Schedule) -> Self {
        Self {
            time_zone: schedule.zone.name().to_owned(),
            weekly: schedule.weekly,
            overrides: schedule.overrides,
            grid: schedule.grid,
            buffers: schedule.buffers,
            limits: schedule.limits,
        }
    }
}
