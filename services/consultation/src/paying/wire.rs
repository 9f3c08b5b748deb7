//! Payments as received.

use orchard_proto::consultation::v1 as pb;
use orchard_rpc::{Currency, Fields, read};

use super::pay::Wanted;
use crate::error::Error;
use crate::professional::read_price;

pub(super) fn pay(request: &pb::PaySessionRequest, currency: &Currency) -> Result<Wanted, Error> {
    let mut fields = Fields::default();
    let session = fields.read("session_id", read::uuid(&request.session_id));
    let plan = fields.read("family_plan_id", read::uuid(&request.family_plan_id));
    let price = fields.read("price", read_price(request.price.clone(), currency));
    Ok(fields.finish(|| Ok(Wanted { session: session?, plan: plan?, price: price? }))?)
}
