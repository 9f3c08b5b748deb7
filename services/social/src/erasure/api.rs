//! Use cases of `ErasureService`.

use std::collections::HashMap;
use std::time::Duration;

use orchard_db::Connection;
use orchard_intents as intents;
use orchard_proto::social::v1 as pb;
use orchard_proto::social::v1::erasure_service_server::ErasureService;
use orchard_rpc::Answer;
use orchard_server::{Caller, Role, User};
use tonic::{Request, Response};
use uuid::Uuid;

use super::{Erasure, ErasureError, Requester, store, telling, wire};
use crate::error::Error;
use crate::{Api, request};

impl Api {
    async fn request_erasure(&self, user: Uuid, requester: Requester) -> Result<pb::Erasure, Error> {
        let delay = self.erasure_delay;
        let unit = async move |connection: &mut Connection| ask(connection, (user, requester), delay).await;
        let erasure = self.db.write("request erasure", unit).await?;
        Ok(self.told(vec![erasure], requester == Requester::Operator).await?.remove(0))
    }

    /// Returns the erasure that a request means, if the caller may know it.
    async fn erasure(&self, caller: &User, erasure_id: &str) -> Result<Erasure, Error> {
        let connection = self.db.read().await?;
        let found = match wire::id(erasure_id)? {
            None => store::of_user(&connection, caller.id).await?,
            Some(id) => store::find(&connection, id).await?,
        };
        let may_know = |erasure: &Erasure| erasure.user == Some(caller.id) || caller.is(Role::Operator);
        Ok(found.filter(may_know).ok_or(ErasureError::NotFound)?)
    }

    async fn told(&self, erasures: Vec<Erasure>, to_operator: bool) -> Result<Vec<pb::Erasure>, Error> {
        let ids: Vec<Uuid> = erasures.iter().map(|erasure| erasure.id).collect();
        let connection = self.db.read().await?;
        let mut answers: HashMap<Uuid, Vec<_>> = HashMap::new();
        for (id, answer) in store::answers(&connection, &ids).await? {
            answers.entry(id).or_default().push(answer);
        }
        let mut failures = if to_operator { intents::failures(&connection, &ids).await? } else { HashMap::new() };
        let told = |erasure: &Erasure| {
            wire::erasure(erasure, answers.remove(&erasure.id).unwrap_or_default(), failures.remove(&erasure.id))
        };
        Ok(erasures.iter().map(told).collect())
    }
}

/// Asks for an erasure, or returns the one that was asked for.
async fn ask(connection: &mut Connection, whom: (Uuid, Requester), delay: Duration) -> Result<Erasure, Error> {
    loop {
        let id = Uuid::now_v7();
        if store::insert(connection, id, whom, delay).await? {
            // The intent does not name the user.
            intents::open(connection, (id, id), telling::INTENT, delay).await?;
        }
        // What a user asks for is theirs, whoever has asked before.
        if whom.1 == Requester::User {
            store::adopt(connection, whom.0).await?;
        }
        // There is none if the one that was asked for was done or cancelled in between.
        if let Some(erasure) = store::of_user(connection, whom.0).await? {
            return Ok(erasure);
        }
    }
}

#[tonic::async_trait]
impl ErasureService for Api {
    async fn erase_me(&self, request: Request<pb::EraseMeRequest>) -> Answer<pb::EraseMeResponse> {
        let user = Caller::user(&request)?.id;
        let erasure = Some(self.request_erasure(user, Requester::User).await?);
        Ok(Response::new(pb::EraseMeResponse { erasure }))
    }

    async fn erase_account(&self, request: Request<pb::EraseAccountRequest>) -> Answer<pb::EraseAccountResponse> {
        let operator = Caller::user(&request)?.id;
        let user = request::id("user_id", &request.get_ref().user_id)?;
        let erasure = self.request_erasure(user, Requester::Operator).await?;
        // The log names the operator, and not the user.
        tracing::info!(%operator, erasure_id = erasure.erasure_id, "an erasure was asked for");
        Ok(Response::new(pb::EraseAccountResponse { erasure: Some(erasure) }))
    }

    async fn get_erasure(&self, request: Request<pb::GetErasureRequest>) -> Answer<pb::GetErasureResponse> {
        let caller = Caller::user(&request)?;
        let erasure = self.erasure(&caller, &request.get_ref().erasure_id).await?;
        let erasure = self.told(vec![erasure], caller.is(Role::Operator)).await?.pop();
        Ok(Response::new(pb::GetErasureResponse { erasure }))
    }

    async fn cancel_erasure(&self, request: Request<pb::CancelErasureRequest>) -> Answer<pb::CancelErasureResponse> {
        let caller = Caller::user(&request)?;
        let Erasure { id, .. } = self.erasure(&caller, &request.get_ref().erasure_id).await?;
        let unit = async move |connection: &mut Connection| {
            if telling::cancel(connection, id).await? { Ok(()) } else { Err(Error::from(ErasureError::NotFound)) }
        };
        self.db.write("cancel erasure", unit).await?;
        Ok(Response::new(pb::CancelErasureResponse {}))
    }

    async fn list_erasures(&self, request: Request<pb::ListErasuresRequest>) -> Answer<pb::ListErasuresResponse> {
        let operator = Caller::user(&request)?.id;
        let page = wire::list(request.get_ref(), operator)?;
        let rows = store::list(&*self.db.read().await.map_err(Error::from)?, request.get_ref().open_only, &page).await;
        let page = page.page(rows.map_err(Error::from)?, |erasure| (erasure.requested_at, erasure.id));
        let erasures = self.told(page.rows, true).await?;
        Ok(Response::new(pb::ListErasuresResponse { erasures, next_page_token: page.next_page_token }))
    }
}
