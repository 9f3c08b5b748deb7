//! Use cases of `SearchService`.

use futures::future::join;
use orchard_proto::recipe::v1 as pb;
use orchard_proto::recipe::v1::search_service_server::SearchService;
use orchard_rpc::Answer;
use orchard_server::Caller;
use tonic::{Request, Response};

use super::searching::{self, Found};
use super::wire;
use crate::Api;
use crate::people::Profiles;

#[tonic::async_trait]
impl SearchService for Api {
    async fn search_recipes(&self, request: Request<pb::SearchRecipesRequest>) -> Answer<pb::SearchRecipesResponse> {
        let viewer = Caller::user(&request)?;
        let (search, page) = wire::search(request.get_ref(), viewer.id)?;
        // The recipes of an author tell who wrote them.
        if let Some(author) = search.filter.author {
            let profiles = self.authors(&viewer, vec![author]).await;
            if profiles.person(author).user_id.is_empty() {
                return Ok(Response::new(wire::answer(Found::default(), Vec::new(), &page, &profiles, |_| true)));
            }
        }
        let found = searching::search(&self.db, &search, &page).await?;
        let authors = self.authors(&viewer, found.hits.iter().map(|hit| hit.summary.facts.user_id).collect());
        // While the social service answers.
        let (profiles, highlights): (Profiles, _) = join(authors, async { wire::highlights(&found) }).await;
        let is_shown = |author| !search.sharing_only || profiles.shares(author);
        Ok(Response::new(wire::answer(found, highlights, &page, &profiles, is_shown)))
    }
}
