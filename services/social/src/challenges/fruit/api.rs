//! Use cases of `FruitService`.

use orchard_proto::social::v1 as pb;
use orchard_proto::social::v1::fruit_service_server::FruitService;
use orchard_rpc::Answer;
use orchard_server::Caller;
use tonic::{Request, Response};

use super::{VERSION, all, wire};
use crate::Api;

#[tonic::async_trait]
impl FruitService for Api {
    async fn list_fruits(&self, request: Request<pb::ListFruitsRequest>) -> Answer<pb::ListFruitsResponse> {
        let caller = Caller::user(&request)?.id;
        let (season, page) = wire::list(request.get_ref(), caller)?;
        let rest = all().iter().filter(|fruit| page.after.as_ref().is_none_or(|after| fruit.name > after.as_str()));
        let listed = rest.filter(|fruit| season.is_none_or(|(hemisphere, month)| fruit.is_in_season(hemisphere, month)));
        let page = page.page(listed.take(page.size + 1).collect(), |fruit| fruit.name.to_owned());
        let fruits = page.rows.into_iter().map(wire::fruit).collect();
        Ok(Response::new(pb::ListFruitsResponse { fruits, next_page_token: page.next_page_token, version: VERSION }))
    }
}
