//! Fingerprints of devices and means of payment, by which referrals among one person's accounts are found.

mod api;
pub(super) mod store;

use orchard_proto::social::v1 as pb;
use strum::{EnumString, IntoStaticStr};

/// How long a fingerprint is kept after it was recorded last, in days.
pub(super) const KEPT_DAYS: i64 = 180;

/// What a fingerprint is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum FingerprintKind {
    Device,
    Payment,
}

orchard_db::text_column!(FingerprintKind);
orchard_rpc::wire_enum!(FingerprintKind <=> pb::FingerprintKind: Device, Payment);

/// A keyed hash.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

/// Hides the hash, which is a secret.
impl std::fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fingerprint")
    }
}

impl Fingerprint {
    /// Reads 64 hexadecimal digits.
    pub fn read(text: &str) -> Result<Self, String> {
        let is_hash = text.len() == 64 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
        let half = |digits: Option<&str>| digits.and_then(|digits| u128::from_str_radix(digits, 16).ok());
        match (half(text.get(..32)), half(text.get(32..))) {
            // A client that repeats itself has no key.
            (Some(first), Some(second)) if is_hash && first != second => {
                let mut bytes = [0; 32];
                bytes[..16].copy_from_slice(&first.to_be_bytes());
                bytes[16..].copy_from_slice(&second.to_be_bytes());
                Ok(Self(bytes))
            }
            _ => Err("must be a keyed hash of 64 hexadecimal digits".to_owned()),
        }
    }

    /// Returns the hash.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_keyed_hashes() {
        let good = format!("{}{}", "0123456789abcdef".repeat(2), "f".repeat(32));
        assert!(Fingerprint::read(&good) == Fingerprint::read(&good.to_uppercase()) && Fingerprint::read(&good).is_ok());
        for bad in ["", "4111111111111111", &good[1..], &format!("{good}0"), &"g".repeat(64), &"0".repeat(64), &"é".repeat(32)] {
            assert!(Fingerprint::read(bad).is_err(), "{bad:?}");
        }
        assert_eq!(format!("{:?}", Fingerprint::read(&good)), "Ok(Fingerprint)");
    }
}
