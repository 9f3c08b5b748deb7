//! Payments as received.

use orchard_proto::consultation::v1 as pb;
use orchard_rpc::{Currency, Fields, read};

use super::pay::Wanted;
use crate::error::Error;
use crate::professional::MAX_RATE;

pub(super) fn pay(request: &pb::PaySessionRequest, currency: &Currency) -> Result<Wanted, Error> {
    let mut fields = Fields::default();
    let session = fields.read("session_id", read::uuid(&request.session_id));
    let plan = fields.read("family_plan_id", read::uuid(&request.family_plan_id));
    let price = currency.optional(request.price.clone(), &MAX_RATE);
    let price = fields.read("price", price.and_then(|price| price.ok_or_else(|| "is required".to_owned())));
    Ok(fields.finish(|| Ok(Wanted { session: session?, plan: plan?, price: price? }))?)
}
