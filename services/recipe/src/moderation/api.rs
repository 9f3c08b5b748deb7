//! Use cases of `ModerationService`.

use orchard_proto::recipe::v1 as pb;
use orchard_proto::recipe::v1::moderation_service_server::ModerationService;
use orchard_rpc::Answer;
use orchard_server::{Caller, User};
use tonic::{Request, Response};
use uuid::Uuid;

use super::deciding::Verdict;
use super::{Decision, DecisionKind, Report, ReportedRecipe, reporting, store, wire};
use crate::error::Error;
use crate::recipe::{self, Recipe, RecipeError, Summary, store as recipes};
use crate::{Api, request};

impl Api {
    async fn case(&self, id: Uuid) -> Result<Recipe, Error> {
        let connection = self.db.read().await?;
        if !store::is_case(&connection, id).await? {
            return Err(RecipeError::NotFound.into());
        }
        Ok(recipes::find(&connection, id).await?.ok_or(RecipeError::NotFound)?)
    }

    /// Carries out a decision, and returns the recipe, and whether the social service did not answer.
    async fn decide(
        &self,
        moderator: &User,
        kind: DecisionKind,
        recipe_id: &str,
        note: &str,
    ) -> Result<(Option<pb::RecipeSummary>, bool), Error> {
        let (recipe, note) = wire::decision(recipe_id, note)?;
        let verdict = Verdict { recipe, moderator: moderator.id, kind, note };
        let Recipe { facts, content } = verdict.apply(&self.db, &self.outbox).await?;
        let authors = self.authors(moderator, vec![facts.user_id]).await;
        let summary = Summary { facts, heading: content.heading };
        Ok((Some(recipe::wire::summary(summary, &authors)), authors.is_unavailable))
    }
}

#[tonic::async_trait]
impl ModerationService for Api {
    async fn report_recipe(&self, request: Request<pb::ReportRecipeRequest>) -> Answer<pb::ReportRecipeResponse> {
        let reporter = Caller::user(&request)?.id;
        let (recipe, complaint) = wire::report(request.get_ref())?;
        reporting::report(&self.db, recipe, reporter, complaint).await?;
        Ok(Response::new(pb::ReportRecipeResponse {}))
    }

    async fn list_reported_recipes(
        &self,
        request: Request<pb::ListReportedRecipesRequest>,
    ) -> Answer<pb::ListReportedRecipesResponse> {
        let moderator = Caller::user(&request)?;
        let pb::ListReportedRecipesRequest { page_size, page_token } = request.into_inner();
        let page = request::page(format!("ListReportedRecipes {}", moderator.id), page_size, &page_token)?;
        let connection = self.db.read().await.map_err(Error::from)?;
        let rows = recipe::store::reported(&connection, &page).await.map_err(Error::from)?;
        let reported = |(recipe, open_reports, reported_at)| ReportedRecipe { recipe, open_reports, reported_at };
        let page = page.page(rows.into_iter().map(reported).collect(), ReportedRecipe::position);
        let authors = self.authors(&moderator, page.rows.iter().map(|reported| reported.recipe.facts.user_id).collect()).await;
        Ok(Response::new(pb::ListReportedRecipesResponse {
            reported_recipes: page.rows.into_iter().map(|reported| wire::reported(reported, &authors)).collect(),
            next_page_token: page.next_page_token,
            profiles_unavailable: authors.is_unavailable,
        }))
    }

    async fn get_reported_recipe(&self, request: Request<pb::GetReportedRecipeRequest>) -> Answer<pb::GetReportedRecipeResponse> {
        let moderator = Caller::user(&request)?;
        let id = request::id("recipe_id", &request.get_ref().recipe_id)?;
        let found = self.case(id).await?;
        let authors = self.authors(&moderator, vec![found.facts.user_id]).await;
        let profiles_unavailable = authors.is_unavailable;
        let recipe = Some(recipe::wire::recipe(found, &authors));
        Ok(Response::new(pb::GetReportedRecipeResponse { recipe, profiles_unavailable }))
    }

    async fn list_reports(&self, request: Request<pb::ListReportsRequest>) -> Answer<pb::ListReportsResponse> {
        let moderator = Caller::user(&request)?.id;
        let pb::ListReportsRequest { recipe_id, page_size, page_token } = request.into_inner();
        let (recipe, page) = request::recipe_and_page("ListReports", moderator, &recipe_id, (page_size, &page_token))?;
        let connection = self.db.read().await.map_err(Error::from)?;
        let rows = store::reports::list(&connection, recipe, &page).await.map_err(Error::from)?;
        let page = page.page(rows, Report::position);
        Ok(Response::new(pb::ListReportsResponse {
            reports: page.rows.into_iter().map(wire::report_to_wire).collect(),
            next_page_token: page.next_page_token,
        }))
    }

    async fn list_decisions(&self, request: Request<pb::ListDecisionsRequest>) -> Answer<pb::ListDecisionsResponse> {
        let moderator = Caller::user(&request)?.id;
        let pb::ListDecisionsRequest { recipe_id, page_size, page_token } = request.into_inner();
        let (recipe, page) = request::recipe_and_page("ListDecisions", moderator, &recipe_id, (page_size, &page_token))?;
        let connection = self.db.read().await.map_err(Error::from)?;
        let rows = store::decisions::list(&connection, recipe, &page).await.map_err(Error::from)?;
        let page = page.page(rows, Decision::position);
        Ok(Response::new(pb::ListDecisionsResponse {
            decisions: page.rows.into_iter().map(wire::decision_to_wire).collect(),
            next_page_token: page.next_page_token,
        }))
    }

    async fn hide_recipe(&self, request: Request<pb::HideRecipeRequest>) -> Answer<pb::HideRecipeResponse> {
        let moderator = Caller::user(&request)?;
        let pb::HideRecipeRequest { recipe_id, note } = request.get_ref();
        let (recipe, profiles_unavailable) = self.decide(&moderator, DecisionKind::Hide, recipe_id, note).await?;
        Ok(Response::new(pb::HideRecipeResponse { recipe, profiles_unavailable }))
    }

    async fn restore_recipe(&self, request: Request<pb::RestoreRecipeRequest>) -> Answer<pb::RestoreRecipeResponse> {
        let moderator = Caller::user(&request)?;
        let pb::RestoreRecipeRequest { recipe_id, note } = request.get_ref();
        let (recipe, profiles_unavailable) = self.decide(&moderator, DecisionKind::Restore, recipe_id, note).await?;
        Ok(Response::new(pb::RestoreRecipeResponse { recipe, profiles_unavailable }))
    }

    async fn dismiss_reports(&self, request: Request<pb::DismissReportsRequest>) -> Answer<pb::DismissReportsResponse> {
        let moderator = Caller::user(&request)?;
        let pb::DismissReportsRequest { recipe_id, note } = request.get_ref();
        let (recipe, profiles_unavailable) = self.decide(&moderator, DecisionKind::Dismiss, recipe_id, note).await?;
        Ok(Response::new(pb::DismissReportsResponse { recipe, profiles_unavailable }))
    }

    async fn feature_recipe(&self, request: Request<pb::FeatureRecipeRequest>) -> Answer<pb::FeatureRecipeResponse> {
        let moderator = Caller::user(&request)?;
        let pb::FeatureRecipeRequest { recipe_id, note } = request.get_ref();
        let (recipe, profiles_unavailable) = self.decide(&moderator, DecisionKind::Feature, recipe_id, note).await?;
        Ok(Response::new(pb::FeatureRecipeResponse { recipe, profiles_unavailable }))
    }

    async fn unfeature_recipe(&self, request: Request<pb::UnfeatureRecipeRequest>) -> Answer<pb::UnfeatureRecipeResponse> {
        let moderator = Caller::user(&request)?;
        let pb::UnfeatureRecipeRequest { recipe_id, note } = request.get_ref();
        let (recipe, profiles_unavailable) = self.decide(&moderator, DecisionKind::Unfeature, recipe_id, note).await?;
        Ok(Response::new(pb::UnfeatureRecipeResponse { recipe, profiles_unavailable }))
    }
}
