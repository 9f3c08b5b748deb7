//! Use cases of `IngredientService`.

use orchard_proto::recipe::v1 as pb;
use orchard_proto::recipe::v1::ingredient_service_server::IngredientService;
use orchard_rpc::Answer;
use orchard_server::Caller;
use tonic::{Request, Response};

use super::wire;
use crate::Api;

#[tonic::async_trait]
impl IngredientService for Api {
    async fn parse_ingredients(&self, request: Request<pb::ParseIngredientsRequest>) -> Answer<pb::ParseIngredientsResponse> {
        Caller::user(&request)?;
        Ok(Response::new(pb::ParseIngredientsResponse { ingredients: wire::parse(request.get_ref())? }))
    }
}
