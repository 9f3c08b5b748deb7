//! The service for operators, who decide what happens to intents that do not come to an end.

use std::sync::Arc;

use orchard_db::{Connection, Db, Failure};
use orchard_proto::intents::v1 as pb;
use orchard_proto::intents::v1::intent_service_server::{IntentService, IntentServiceServer};
use orchard_rpc::Answer;
use orchard_server::Caller;
use tonic::{Request, Response};

use crate::error::Error;
use crate::worker::Handler;
use crate::{store, wire};

/// The trait of the service for operators.
pub use orchard_proto::intents::v1::intent_service_server::IntentService as IntentOperations;

/// Serves `IntentService`.
#[derive(Debug)]
struct Api<H> {
    db: Db,
    domain: String,
    handler: Arc<H>,
}

/// Returns the service for operators of the slice `name`.
pub fn service<H: Handler>(name: &str, db: &Db, handler: &Arc<H>) -> IntentServiceServer<impl IntentOperations> {
    IntentServiceServer::new(Api { db: db.clone(), domain: format!("orchard.{name}"), handler: Arc::clone(handler) })
}

#[tonic::async_trait]
impl<H: Handler> IntentService for Api<H> {
    async fn list_intents(&self, request: Request<pb::ListIntentsRequest>) -> Answer<pb::ListIntentsResponse> {
        let operator = Caller::user(&request)?.id;
        let request = request.get_ref();
        let listed = async {
            let page = wire::page(request, operator)?;
            let rows = store::list(&*self.db.read().await?, request.failing_only, &page).await?;
            Ok::<_, Error>(page.page(rows, |intent| (intent.created_at, intent.id)))
        };
        let page = listed.await.map_err(|error| error.into_status(&self.domain))?;
        let intents = page.rows.into_iter().map(wire::intent).collect();
        Ok(Response::new(pb::ListIntentsResponse { intents, next_page_token: page.next_page_token }))
    }

    async fn retry_intent(&self, request: Request<pb::RetryIntentRequest>) -> Answer<pb::RetryIntentResponse> {
        let operator = Caller::user(&request)?.id;
        let retried = async {
            let intent_id = wire::id(&request.get_ref().intent_id)?;
            let make_due =
                async move |connection: &mut Connection| store::make_due(connection, intent_id).await.map_err(Failure::from);
            let is_open = self.db.statement("retry intent", make_due).await?;
            tracing::info!(%operator, %intent_id, "an intent is retried");
            if is_open { Ok(()) } else { Err(Error::IntentNotFound) }
        };
        retried.await.map_err(|error| error.into_status(&self.domain))?;
        Ok(Response::new(pb::RetryIntentResponse {}))
    }

    async fn give_up_intent(&self, request: Request<pb::GiveUpIntentRequest>) -> Answer<pb::GiveUpIntentResponse> {
        let operator = Caller::user(&request)?.id;
        let given_up = async {
            let intent_id = wire::id(&request.get_ref().intent_id)?;
            let intent = store::find(&*self.db.read().await?, intent_id).await?.ok_or(Error::IntentNotFound)?;
            tracing::warn!(%operator, %intent_id, kind = intent.kind, step = intent.step, "an intent is given up");
            let handler = Arc::clone(&self.handler);
            let give_up = async move |connection: &mut Connection| handler.give_up(connection, &intent).await;
            Ok::<_, Error>(self.db.write("give up intent", give_up).await?)
        };
        given_up.await.map_err(|error| error.into_status(&self.domain))?;
        Ok(Response::new(pb::GiveUpIntentResponse {}))
    }
}
