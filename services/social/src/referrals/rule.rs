//! The rules against fraud.

use orchard_proto::social::v1 as pb;
use strum::{EnumString, IntoStaticStr};

/// A rule against fraud.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum ReferralRule {
    /// The code is the claimant's own.
    #[strum(serialize = "self")]
    Own,
    AlreadyReferred,
    ExistingCustomer,
    /// The claimant has referred the owner of the code, perhaps through others.
    Cycle,
    SharedDevice,
    SharedPayment,
    /// Too many claims of the owner's codes were accepted.
    Velocity,
}

orchard_db::text_column!(ReferralRule);

impl From<ReferralRule> for i32 {
    fn from(rule: ReferralRule) -> Self {
        let rule = match rule {
            ReferralRule::Own => pb::ReferralRule::Self_,
            ReferralRule::AlreadyReferred => pb::ReferralRule::AlreadyReferred,
            ReferralRule::ExistingCustomer => pb::ReferralRule::ExistingCustomer,
            ReferralRule::Cycle => pb::ReferralRule::Cycle,
            ReferralRule::SharedDevice => pb::ReferralRule::SharedDevice,
            ReferralRule::SharedPayment => pb::ReferralRule::SharedPayment,
            ReferralRule::Velocity => pb::ReferralRule::Velocity,
        };
        rule.into()
    }
}

impl ReferralRule {
    /// Returns whether a moderator may approve a claim that has broken the rule.
    pub fn is_approvable(self) -> bool {
        match self {
            Self::Own | Self::AlreadyReferred | Self::ExistingCustomer => false,
            Self::Cycle | Self::SharedDevice | Self::SharedPayment | Self::Velocity => true,
        }
    }
}

/// Facts about a claim.
#[derive(Debug, Clone, Copy, Default)]
pub struct Facts {
    /// Whether the code is the claimant's own.
    pub is_own: bool,
    /// Whether the claimant was referred before.
    pub is_referred: bool,
    /// Whether the claimant has bought something before.
    pub is_customer: bool,
    /// Whether claimant and owner hang together by claims already. The claimant was not referred, so the owner was, by the claimant.
    pub is_cycle: bool,
    /// Whether a device of the claimant is that of another user who hangs together with either.
    pub shares_device: bool,
    /// Whether a means of payment of the claimant is that of another user who hangs together with either.
    pub shares_payment: bool,
    /// How many claims of the owner's codes were accepted in the last 24 hours.
    pub accepted: i64,
}

impl Facts {
    /// Returns the first rule that the claim breaks.
    pub fn broken(&self, claims_per_day: i64) -> Option<ReferralRule> {
        [
            (self.is_own, ReferralRule::Own),
            (self.is_referred, ReferralRule::AlreadyReferred),
            (self.is_customer, ReferralRule::ExistingCustomer),
            (self.is_cycle, ReferralRule::Cycle),
            (self.shares_device, ReferralRule::SharedDevice),
            (self.shares_payment, ReferralRule::SharedPayment),
            (self.accepted >= claims_per_day, ReferralRule::Velocity),
        ]
        .into_iter()
        .find_map(|(is_broken, rule)| is_broken.then_some(rule))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_broken_rule_counts() {
        use ReferralRule::{AlreadyReferred, Cycle, ExistingCustomer, Own, SharedDevice, SharedPayment, Velocity};
        let mut facts = Facts {
            is_own: true,
            is_referred: true,
            is_customer: true,
            is_cycle: true,
            shares_device: true,
            shares_payment: true,
            accepted: 20,
        };
        let mut found = Vec::new();
        let mends: [fn(&mut Facts); 7] = [
            |facts| facts.is_own = false,
            |facts| facts.is_referred = false,
            |facts| facts.is_customer = false,
            |facts| facts.is_cycle = false,
            |facts| facts.shares_device = false,
            |facts| facts.shares_payment = false,
            |facts| facts.accepted = 19,
        ];
        for mend in mends {
            found.extend(facts.broken(20));
            mend(&mut facts);
        }
        assert_eq!(found, [Own, AlreadyReferred, ExistingCustomer, Cycle, SharedDevice, SharedPayment, Velocity]);
        assert_eq!(facts.broken(20), None);
        let approvable: Vec<bool> = found.iter().map(|rule| rule.is_approvable()).collect();
        assert_eq!(approvable, [false, false, false, true, true, true, true]);
    }
}
