//! What can be done with a session, by its status and the time.

use chrono::{DateTime, TimeDelta, Utc};
use strum::{EnumString, IntoStaticStr};

use super::SessionError;

/// How long before the start a client may still move a session.
pub const MOVABLE_UNTIL: TimeDelta = TimeDelta::hours(2);

/// Whether a session takes place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum SessionStatus {
    Scheduled,
    Completed,
    Cancelled,
    NoShow,
}

/// What is done with a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Reschedule,
    /// By the client.
    Cancel,
    /// By anyone else.
    CallOff,
    Complete,
    MarkNoShow,
    /// Another session is booked that follows up this one.
    FollowUp,
    Rate,
    SetRecording,
}

impl Verb {
    /// Returns the status that follows. It is the present one if the verb was done already, or changes no status.
    pub fn after(self, status: SessionStatus, start: DateTime<Utc>, now: DateTime<Utc>) -> Result<SessionStatus, SessionError> {
        use SessionStatus::{Cancelled, Completed, NoShow, Scheduled};
        match (self, status) {
            (Self::Cancel | Self::CallOff, Cancelled) | (Self::Complete | Self::Rate, Completed) | (Self::MarkNoShow, NoShow) => {
                Ok(status)
            }
            (Self::Cancel | Self::Reschedule, Scheduled) if now >= start => Err(SessionError::Started),
            (Self::Cancel | Self::CallOff, Scheduled) => Ok(Cancelled),
            (Self::Reschedule, Scheduled) if now > start - MOVABLE_UNTIL => Err(SessionError::TooLate),
            (Self::Reschedule, Scheduled) => Ok(Scheduled),
            (Self::Complete | Self::MarkNoShow | Self::FollowUp | Self::SetRecording, Scheduled) if now < start => {
                Err(SessionError::NotStarted)
            }
            (Self::Complete, Scheduled) => Ok(Completed),
            (Self::MarkNoShow, Scheduled) => Ok(NoShow),
            (Self::FollowUp, Scheduled | Completed | NoShow) | (Self::SetRecording, Scheduled | Completed) => Ok(status),
            (
                Self::Reschedule | Self::Cancel | Self::CallOff | Self::Complete | Self::MarkNoShow,
                Completed | Cancelled | NoShow,
            )
            | (Self::FollowUp, Cancelled)
            | (Self::SetRecording, Cancelled | NoShow)
            | (Self::Rate, Scheduled | Cancelled | NoShow) => Err(SessionError::WrongStatus(status)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_verb_has_one_outcome_for_each_status_and_time() {
        use SessionError::{NotStarted, Started, TooLate, WrongStatus};
        use SessionStatus::{Cancelled, Completed, NoShow, Scheduled};
        let start = DateTime::from_timestamp(1_800_000_000, 0).expect("a moment");
        let early = start - MOVABLE_UNTIL;
        let late = early + TimeDelta::microseconds(1);
        let wrong = |status| Err(WrongStatus(status));
        // Of a scheduled session until 2 hours before the start, then until the start, and then; and of one in each other status.
        let [completed, cancelled, no_show] = [Completed, Cancelled, NoShow].map(wrong);
        for (verb, scheduled, ended) in [
            (Verb::Reschedule, [Ok(Scheduled), Err(TooLate), Err(Started)], [completed, cancelled, no_show]),
            (Verb::Cancel, [Ok(Cancelled), Ok(Cancelled), Err(Started)], [completed, Ok(Cancelled), no_show]),
            (Verb::CallOff, [Ok(Cancelled); 3], [completed, Ok(Cancelled), no_show]),
            (Verb::Complete, [Err(NotStarted), Err(NotStarted), Ok(Completed)], [Ok(Completed), cancelled, no_show]),
            (Verb::MarkNoShow, [Err(NotStarted), Err(NotStarted), Ok(NoShow)], [completed, cancelled, Ok(NoShow)]),
            (Verb::FollowUp, [Err(NotStarted), Err(NotStarted), Ok(Scheduled)], [Ok(Completed), cancelled, Ok(NoShow)]),
            (Verb::Rate, [wrong(Scheduled); 3], [Ok(Completed), cancelled, no_show]),
            (Verb::SetRecording, [Err(NotStarted), Err(NotStarted), Ok(Scheduled)], [Ok(Completed), cancelled, no_show]),
        ] {
            assert_eq!([early, late, start].map(|now| verb.after(Scheduled, start, now)), scheduled, "{verb:?}");
            for now in [early, late, start] {
                assert_eq!([Completed, Cancelled, NoShow].map(|status| verb.after(status, start, now)), ended, "{verb:?}");
            }
        }
    }
}
