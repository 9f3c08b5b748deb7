//! Use cases of `CreditService`.

use bigdecimal::BigDecimal;
use orchard_db::{Connection, moment};
use orchard_proto::social::v1 as pb;
use orchard_proto::social::v1::credit_service_server::CreditService;
use orchard_rpc::Answer;
use orchard_server::{Caller, Clock};
use tonic::{Request, Response};
use uuid::Uuid;

use super::{Redeem, wire};
use crate::error::Error;
use crate::referrals::credit::{CreditError, Credits, Redemption, store};
use crate::{Api, request};

/// Returns the credits of a user, and what is held. Rewards whose hold is over count, also if no sweep has credited them yet.
async fn get(connection: &mut Connection, clock: &Clock, user: Uuid) -> Result<(Credits, BigDecimal), Error> {
    let now = clock.at(moment(connection).await?);
    let credits = store::get(connection, user).await?;
    let (due, held) = store::uncredited(connection, user, now).await?;
    Ok((Credits { earned: credits.earned + due, ..credits }, held))
}

impl Api {
    async fn redemption(&self, id: Uuid, user: Uuid) -> Result<Redemption, Error> {
        let connection = self.db.read().await?;
        Ok(store::find(&connection, id, user).await?.ok_or(CreditError::NoSuchRedemption)?)
    }
}

#[tonic::async_trait]
impl CreditService for Api {
    async fn get_credits(&self, request: Request<pb::GetCreditsRequest>) -> Answer<pb::GetCreditsResponse> {
        let user = Caller::user(&request)?.id;
        let clock = self.clock.clone();
        // In one snapshot: a reward that is credited in between would count twice.
        let (credits, held) =
            self.db.snapshot(async move |connection: &mut Connection| get(connection, &clock, user).await).await?;
        Ok(Response::new(pb::GetCreditsResponse { credits: Some(wire::credits(&credits, &held, &self.currency)) }))
    }

    async fn list_credit_entries(&self, request: Request<pb::ListCreditEntriesRequest>) -> Answer<pb::ListCreditEntriesResponse> {
        let user = Caller::user(&request)?.id;
        let pb::ListCreditEntriesRequest { page_size, page_token } = request.into_inner();
        let page = request::page(format!("ListCreditEntries {user}"), page_size, &page_token)?;
        let connection = self.db.read().await.map_err(Error::from)?;
        let rows = store::list(&connection, user, &page).await.map_err(Error::from)?;
        let page = page.page(rows, |entry| entry.id);
        Ok(Response::new(pb::ListCreditEntriesResponse {
            credit_entries: page.rows.into_iter().map(|entry| wire::entry(entry, &self.currency)).collect(),
            next_page_token: page.next_page_token,
        }))
    }

    async fn redeem_credits(&self, request: Request<pb::RedeemCreditsRequest>) -> Answer<pb::RedeemCreditsResponse> {
        let user = Caller::user(&request)?.id;
        let (plan, amount, key) = wire::redeem(request.get_ref(), user, &self.currency)?;
        let redeem = Redeem { user, plan, amount, key, rewards: self.rewards.clone(), clock: self.clock.clone() };
        let unit = async move |connection: &mut Connection| redeem.apply(connection).await;
        let redemption = self.db.write("redeem credits", unit).await?;
        Ok(Response::new(pb::RedeemCreditsResponse { redemption: Some(wire::redemption(redemption, &self.currency)) }))
    }

    async fn get_redemption(&self, request: Request<pb::GetRedemptionRequest>) -> Answer<pb::GetRedemptionResponse> {
        let user = Caller::user(&request)?.id;
        let id = request::id("redemption_id", &request.get_ref().redemption_id)?;
        let redemption = self.redemption(id, user).await?;
        Ok(Response::new(pb::GetRedemptionResponse { redemption: Some(wire::redemption(redemption, &self.currency)) }))
    }
}
