//! A model of a wallet.

use std::collections::BTreeMap;

/// The state of a wallet that its callers can observe.
#[derive(Debug, Default)]
pub struct Model {
    pub balance: i64,
    pub limit: Option<i64>,
    pub spent: i64,
    pub entries: i64,
    pub holds: BTreeMap<String, ModelHold>,
}

#[derive(Debug, Clone)]
pub struct ModelHold {
    amount: i64,
    /// `None` while the money is held, and then what was paid.
    captured: Option<i64>,
    refunded: i64,
}

/// A call that concerns a wallet.
#[derive(Debug, Clone)]
pub enum Action {
    Deposit(i64, String),
    Spend(i64),
    Hold(i64, String),
    Capture(Option<i64>, String),
    Release(String),
    Refund(i64, String, String),
    Limit(Option<i64>),
}

impl Model {
    pub fn held(&self) -> i64 {
        self.holds.values().filter(|hold| hold.captured.is_none()).map(|hold| hold.amount).sum()
    }

    fn may_take(&self, amount: i64) -> Result<(), &'static str> {
        if self.limit.is_some_and(|limit| self.spent + amount > limit) {
            return Err("DAILY_LIMIT_REACHED");
        }
        if amount > self.balance - self.held() { Err("INSUFFICIENT_FUNDS") } else { Ok(()) }
    }

    pub fn apply(&mut self, action: &Action) -> Result<(), &'static str> {
        match action {
            Action::Deposit(amount, _) => {
                self.balance += amount;
                self.entries += 1;
            }
            Action::Spend(amount) => {
                self.may_take(*amount)?;
                self.balance -= amount;
                self.spent += amount;
                self.entries += 1;
            }
            Action::Hold(amount, reference) => {
                self.may_take(*amount)?;
                self.spent += amount;
                self.holds.insert(reference.clone(), ModelHold { amount: *amount, captured: None, refunded: 0 });
            }
            Action::Capture(amount, reference) => {
                let hold = self.holds.get_mut(reference).ok_or("HOLD_NOT_FOUND")?;
                let amount = amount.unwrap_or(hold.amount);
                match hold.captured {
                    None if amount > hold.amount => return Err("CAPTURE_EXCEEDS_HOLD"),
                    None => {
                        hold.captured = Some(amount);
                        self.balance -= amount;
                        self.spent -= hold.amount - amount;
                        self.entries += 1;
                    }
                    Some(captured) if captured == amount => {}
                    Some(_) => return Err("HOLD_ENDED"),
                }
            }
            Action::Release(reference) => {
                let hold = self.holds.get_mut(reference).ok_or("HOLD_NOT_FOUND")?;
                match hold.captured {
                    None => {
                        hold.captured = Some(0);
                        self.spent -= hold.amount;
                    }
                    Some(0) => {}
                    Some(_) => return Err("HOLD_ENDED"),
                }
            }
            Action::Refund(amount, reference, _) => {
                let hold = self.holds.get_mut(reference).ok_or("HOLD_NOT_FOUND")?;
                if *amount > hold.captured.unwrap_or_default() - hold.refunded {
                    return Err("REFUND_EXCEEDS_CAPTURE");
                }
                hold.refunded += amount;
                self.balance += amount;
                self.entries += 1;
            }
            Action::Limit(limit) => self.limit = *limit,
        }
        Ok(())
    }
}

/// Returns a random action. It uses few references, so that actions concern the same holds.
pub fn random_action(number: u32) -> Action {
    let reference = || format!("s-{}", fastrand::u32(..number / 8 + 2));
    let amount = || fastrand::i64(1..400);
    match fastrand::u8(..14) {
        0..3 => Action::Deposit(amount(), format!("pay-{number}")),
        3..6 => Action::Spend(amount()),
        6..9 => Action::Hold(amount(), format!("s-{}", number / 8)),
        9..11 => Action::Capture(fastrand::bool().then(amount), reference()),
        11 => Action::Release(reference()),
        12 => Action::Refund(amount(), reference(), format!("r-{number}")),
        _ => Action::Limit(fastrand::bool().then(|| fastrand::i64(0..5_000))),
    }
}
