//! What a cancellation gives back.

use std::time::Duration;

use bigdecimal::{BigDecimal, RoundingMode, Zero as _};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use orchard_intents as intents;
use strum::{EnumString, IntoStaticStr};
use uuid::Uuid;

use super::{Kind, PaymentState, Step, store};

/// Until how long before the start the client gets all back, and until how long half.
const FULL_UNTIL: TimeDelta = TimeDelta::hours(24);
const HALF_UNTIL: TimeDelta = TimeDelta::hours(2);

/// The part of the price that a cancellation gives back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Share {
    None,
    Half,
    Full,
}

impl Share {
    /// Returns what the client gets back who cancels at `now`. These are real hours.
    pub fn at(start: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        match start - now {
            left if left >= FULL_UNTIL => Self::Full,
            left if left >= HALF_UNTIL => Self::Half,
            _ => Self::None,
        }
    }

    /// Returns this part of a price. An odd cent is the client's.
    pub fn of(self, price: &BigDecimal) -> BigDecimal {
        match self {
            Self::None => BigDecimal::zero(),
            Self::Half => price.half().with_scale_round(2, RoundingMode::Up),
            Self::Full => price.clone(),
        }
    }
}

/// Decides that cancelled sessions, which are locked, give these amounts back, where they are paid. What was not taken yet is not taken any
/// more, unless that is decided already: then it is given back once it is taken. The caller has so long to do it, and then workers do.
pub(crate) async fn settle(
    connection: &mut AsyncPgConnection,
    refunds: &[(Uuid, BigDecimal)],
    patience: Duration,
) -> QueryResult<()> {
    let sessions: Vec<Uuid> = refunds.iter().map(|(session, _)| *session).collect();
    for payment in store::of_sessions(connection, &sessions).await? {
        if abandon(connection, payment.id).await? {
            continue;
        }
        let amount = refunds.iter().find(|(session, _)| *session == payment.session).map(|(_, amount)| amount);
        let Some(amount) = amount.filter(|amount| !amount.is_zero()) else { continue };
        store::set_refund(connection, payment.session, Some(amount)).await?;
        if payment.state == PaymentState::Captured {
            let what = (Kind::Refund.into(), Step::Refund.into());
            intents::open(connection, (payment.id, payment.session), what, patience).await?;
        }
    }
    Ok(())
}

/// Has a payment released unless it was decided. Returns whether it is released: the wallet may have paid one that was decided.
pub(crate) async fn abandon(connection: &mut AsyncPgConnection, payment: Uuid) -> QueryResult<bool> {
    let is_undecided = store::step(connection, payment).await? == Some(Step::Hold);
    if is_undecided {
        store::release(connection, payment).await?;
    }
    Ok(is_undecided)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("a time")
    }

    #[test]
    fn the_share_falls_24_and_2_hours_before_the_start() {
        let start = at("2026-06-10T15:00:00Z");
        for (now, share) in [
            ("2026-06-01T00:00:00Z", Share::Full),
            ("2026-06-09T15:00:00Z", Share::Full),
            ("2026-06-09T15:00:00.000001Z", Share::Half),
            ("2026-06-10T13:00:00Z", Share::Half),
            ("2026-06-10T13:00:00.000001Z", Share::None),
            ("2026-06-10T15:00:00Z", Share::None),
            ("2026-06-11T15:00:00Z", Share::None),
        ] {
            assert_eq!(Share::at(start, at(now)), share, "{now}");
        }
        // New York's clocks are set forward in the night: 24.5 hours by the clock are 23.5.
        assert_eq!(Share::at(at("2026-03-08T16:00:00Z"), at("2026-03-07T16:30:00Z")), Share::Half);
    }

    #[test]
    fn an_odd_cent_is_the_clients() {
        let cents = |cents: i64| BigDecimal::new(cents.into(), 2);
        for (price, half) in [(8_000, 4_000), (3, 2), (1, 1), (4_999, 2_500), (99_999_999, 50_000_000), (0, 0)] {
            assert_eq!(Share::Half.of(&cents(price)), cents(half), "{price}");
            assert_eq!(Share::Full.of(&cents(price)), cents(price));
            assert_eq!(Share::None.of(&cents(price)), cents(0));
        }
    }
}
