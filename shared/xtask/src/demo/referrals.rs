//! Loads referrals in all their states.

use anyhow::{Context as _, Result};
use orchard_proto::google::r#type::Money;
use orchard_proto::social::v1::fingerprint_service_client::FingerprintServiceClient;
use orchard_proto::social::v1::purchase_service_client::PurchaseServiceClient;
use orchard_proto::social::v1::referral_service_client::ReferralServiceClient;
use orchard_proto::social::v1::{
    ClaimReferralRequest, CreateReferralCodeRequest, CreateReferralRequest, FingerprintKind, RecordFingerprintsRequest,
    RecordPurchaseRequest, ReferralMethod, ReferralSource,
};
use orchard_testkit::keys::user_id;
use uuid::Uuid;

use super::calls::{Calls, answer, request_id};

/// Who has referred whom, and whether the referee has bought something.
const REFERRALS: [(&str, &str, bool); 5] = [
    ("alice", "hana", true),
    ("alice", "ivan", true),
    ("alice", "julia", false),
    ("fatima", "kofi", true),
    ("kofi", "lena", false),
];
/// Two users with one device: the claim of the second is refused.
const ONE_DEVICE: (&str, &str) = ("marco", "nadia");

/// Creates codes, claims and purchases, and an invitation that nobody has claimed.
pub async fn load(calls: &Calls<'_>) -> Result<()> {
    let (referrer, referee) = ONE_DEVICE;
    for name in [referrer, referee] {
        record_device(calls, name).await?;
    }
    claim(calls, referrer, referee).await?;
    for (referrer, referee, has_bought) in REFERRALS {
        claim(calls, referrer, referee).await?;
        if has_bought {
            buy(calls, referee).await?;
        }
    }
    let request = CreateReferralRequest {
        referral_method: ReferralMethod::QrCode.into(),
        referral_source: ReferralSource::AppShare.into(),
        metadata: None,
        request_id: request_id("alice invites somebody"),
    };
    let mut referrals = ReferralServiceClient::new(calls.edge.clone());
    answer("CreateReferral", referrals.create_referral(calls.user("alice", request)?).await)?;
    Ok(())
}

async fn claim(calls: &Calls<'_>, referrer: &str, referee: &str) -> Result<()> {
    let mut referrals = ReferralServiceClient::new(calls.edge.clone());
    let request = calls.user(referrer, CreateReferralCodeRequest {})?;
    let code = answer("CreateReferralCode", referrals.create_referral_code(request).await)?;
    let request = ClaimReferralRequest {
        referral_code: code.referral_code.context("CreateReferralCode returned no code")?.referral_code,
        referral_method: ReferralMethod::Link.into(),
        referral_source: ReferralSource::Email.into(),
        metadata: None,
        request_id: request_id(&format!("{referee} claims the code of {referrer}")),
    };
    answer("ClaimReferral", referrals.claim_referral(calls.user(referee, request)?).await)?;
    Ok(())
}

async fn buy(calls: &Calls<'_>, name: &str) -> Result<()> {
    let request = RecordPurchaseRequest {
        user_id: user_id(name).to_string(),
        order_id: format!("first-order-of-{name}"),
        amount: Some(Money { currency_code: "EUR".to_owned(), units: 24, nanos: 900_000_000 }),
        payment_fingerprints: vec![fingerprint(&format!("card of {name}"))],
    };
    let mut purchases = PurchaseServiceClient::new(calls.social.clone());
    answer("RecordPurchase", purchases.record_purchase(calls.service("commerce", request)?).await)?;
    Ok(())
}

async fn record_device(calls: &Calls<'_>, name: &str) -> Result<()> {
    let request = RecordFingerprintsRequest {
        user_id: user_id(name).to_string(),
        kind: FingerprintKind::Device.into(),
        fingerprints: vec![fingerprint("tablet of two")],
    };
    let mut fingerprints = FingerprintServiceClient::new(calls.social.clone());
    answer("RecordFingerprints", fingerprints.record_fingerprints(calls.service("identity", request)?).await)?;
    Ok(())
}

/// Returns 64 digits that stand for the keyed hash of something.
fn fingerprint(of: &str) -> String {
    let half = |namespace: &Uuid| Uuid::new_v5(namespace, of.as_bytes()).simple().to_string();
    format!("{}{}", half(&Uuid::NAMESPACE_OID), half(&Uuid::NAMESPACE_URL))
}
