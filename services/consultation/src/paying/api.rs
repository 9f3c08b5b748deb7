//! Use cases of `PaymentService`.

use orchard_proto::consultation::v1 as pb;
use orchard_proto::consultation::v1::payment_service_server::PaymentService;
use orchard_rpc::Answer;
use orchard_server::Caller;
use tonic::{Request, Response};

use super::pay::pay;
use super::wire;
use crate::Api;
use crate::professional::Viewer;
use crate::session::wire::session;

#[tonic::async_trait]
impl PaymentService for Api {
    async fn pay_session(&self, request: Request<pb::PaySessionRequest>) -> Answer<pb::PaySessionResponse> {
        let (caller, token) = (Viewer::without_roles(&request)?, Caller::user(&request)?.token);
        let wanted = wire::pay(request.get_ref(), &self.currency)?;
        let found = pay(&self.payments, wanted, caller, &token).await?;
        Ok(Response::new(pb::PaySessionResponse { session: session(found, &self.currency) }))
    }
}
