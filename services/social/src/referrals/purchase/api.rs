//! Use cases of `PurchaseService`.

use orchard_db::Connection;
use orchard_proto::social::v1 as pb;
use orchard_proto::social::v1::purchase_service_server::PurchaseService;
use orchard_rpc::{Answer, Fields, read};
use orchard_server::Caller;
use tonic::{Request, Response};

use super::{recording, refund};
use crate::Api;
use crate::error::Error;
use crate::referrals::fingerprint::Fingerprint;
use crate::referrals::order::Purchase;
use crate::referrals::terms::MAX_AMOUNT;

#[tonic::async_trait]
impl PurchaseService for Api {
    async fn record_purchase(&self, request: Request<pb::RecordPurchaseRequest>) -> Answer<pb::RecordPurchaseResponse> {
        Caller::service(&request)?;
        let record = self.read_purchase(request.into_inner())?;
        let unit = async move |connection: &mut Connection| record.apply(connection).await;
        self.db.write("record purchase", unit).await?;
        Ok(Response::new(pb::RecordPurchaseResponse {}))
    }

    async fn record_refund(&self, request: Request<pb::RecordRefundRequest>) -> Answer<pb::RecordRefundResponse> {
        Caller::service(&request)?;
        let record = self.read_refund(request.into_inner())?;
        let unit = async move |connection: &mut Connection| record.apply(connection).await;
        self.db.write("record refund", unit).await?;
        Ok(Response::new(pb::RecordRefundResponse {}))
    }
}

impl Api {
    fn read_purchase(&self, request: pb::RecordPurchaseRequest) -> Result<recording::Record, Error> {
        let mut fields = Fields::default();
        let user = fields.read("user_id", read::uuid(&request.user_id));
        let order = fields.read("order_id", read::text(&request.order_id, 1..=64));
        let amount = fields.read("amount", self.currency.positive(request.amount, &MAX_AMOUNT));
        let prints = &request.payment_fingerprints;
        let paid_with = fields.values("payment_fingerprints", 0..=10, prints, |text| Fingerprint::read(text));
        Ok(fields.finish(|| {
            let purchase = Purchase { order: order?, user: user?, amount: amount? };
            Ok(recording::Record { purchase, paid_with: paid_with?, rewards: self.rewards.clone(), clock: self.clock.clone() })
        })?)
    }

    fn read_refund(&self, request: pb::RecordRefundRequest) -> Result<refund::Record, Error> {
        let mut fields = Fields::default();
        let order = fields.read("order_id", read::text(&request.order_id, 1..=64));
        let refund = fields.read("refund_id", read::text(&request.refund_id, 1..=64));
        let amount = fields.read("amount", self.currency.positive(request.amount, &MAX_AMOUNT));
        Ok(fields.finish(|| {
            Ok(refund::Record {
                order: order?,
                refund: refund?,
                amount: amount?,
                rewards: self.rewards.clone(),
                clock: self.clock.clone(),
            })
        })?)
    }
}
