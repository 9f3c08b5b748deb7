//! The column with the schedule.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::pg::{Pg, PgValue};
use diesel::sql_types::Jsonb;
use orchard_rpc::Zone;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::availability::{Buffers, Grid, Limits, Schedule, Window};

/// A schedule as it is stored. One that cannot be read is a fault, not an empty one.
#[derive(Debug, Serialize, Deserialize, FromSqlRow)]
pub(crate) struct Stored {
    time_zone: String,
    weekly: [Vec<Window>; 7],
    overrides: BTreeMap<NaiveDate, Vec<Window>>,
    grid: Grid,
    buffers: Buffers,
    limits: Limits,
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

impl From<&Schedule> for Stored {
    fn from(schedule: &Schedule) -> Self {
        Self {
            time_zone: schedule.zone.name().to_owned(),
            weekly: schedule.weekly.clone(),
            overrides: schedule.overrides.clone(),
            grid: schedule.grid,
            buffers: schedule.buffers,
            limits: schedule.limits,
        }
    }
}
