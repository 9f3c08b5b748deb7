//! Reports, the queue of moderators, and what they decide.

use std::sync::Arc;

use orchard_proto::recipe::v1 as pb;
use orchard_testkit::answer::{refused, violations};
use tokio::task::JoinSet;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::world::{World, crumble, id, insist};

use pb::DecisionKind::{Dismiss, Feature, Hide, Restore, Unfeature};

impl World {
    async fn report(&self, user: Uuid, recipe: &str, reason: pb::ReportReason, note: &str) -> Result<(), Status> {
        let request = pb::ReportRecipeRequest { recipe_id: recipe.to_owned(), reason: reason.into(), note: note.to_owned() };
        self.moderation(user, &[]).report_recipe(request).await.map(drop)
    }

    pub async fn decide(&self, moderator: Uuid, recipe: &str, kind: pb::DecisionKind) -> Result<pb::RecipeSummary, Status> {
        let (mut client, recipe_id) = (self.moderation(moderator, &["moderator"]), recipe.to_owned());
        let note = format!("{kind:?}");
        let recipe = match kind {
            Hide => client.hide_recipe(pb::HideRecipeRequest { recipe_id, note }).await?.into_inner().recipe,
            Restore => client.restore_recipe(pb::RestoreRecipeRequest { recipe_id, note }).await?.into_inner().recipe,
            Dismiss => client.dismiss_reports(pb::DismissReportsRequest { recipe_id, note }).await?.into_inner().recipe,
            Feature => client.feature_recipe(pb::FeatureRecipeRequest { recipe_id, note }).await?.into_inner().recipe,
            Unfeature => client.unfeature_recipe(pb::UnfeatureRecipeRequest { recipe_id, note }).await?.into_inner().recipe,
            pb::DecisionKind::Unspecified => None,
        };
        Ok(recipe.expect("a recipe"))
    }

    /// Returns the queue: ids and numbers of open reports.
    async fn queue(&self) -> Result<Vec<(String, i32)>, Status> {
        let request = pb::ListReportedRecipesRequest::default();
        let answer = self.moderation(id(), &["moderator"]).list_reported_recipes(request).await?.into_inner();
        let entry = |reported: pb::ReportedRecipe| (reported.recipe.expect("a recipe").recipe_id, reported.open_report_count);
        Ok(answer.reported_recipes.into_iter().map(entry).collect())
    }

    /// Returns the decisions about a recipe, latest first: who decided what, and how many reports that closed.
    async fn decisions(&self, recipe: &str) -> Result<Vec<(Uuid, pb::DecisionKind, i32)>, Status> {
        let request = pb::ListDecisionsRequest { recipe_id: recipe.to_owned(), ..Default::default() };
        let answer = self.moderation(id(), &["moderator"]).list_decisions(request).await?.into_inner();
        let decision = |decision: pb::Decision| {
            assert!(decision.decision_time.is_some() && decision.recipe_id == recipe);
            assert_eq!(decision.note, format!("{:?}", decision.kind()));
            (decision.moderator_user_id.parse().expect("an id"), decision.kind(), decision.closed_report_count)
        };
        Ok(answer.decisions.into_iter().map(decision).collect())
    }
}

#[tokio::test]
async fn a_user_reports_a_recipe_once() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (author, user) = (id(), id());
    let recipe = world.publish(author).await?;
    for _ in 0..2 {
        world.report(user, &recipe, pb::ReportReason::Spam, "again and again").await?;
    }
    assert_eq!(world.queue().await?, [(recipe.clone(), 1)]);
    let reported = (Code::AlreadyExists, "ALREADY_REPORTED".to_owned());
    assert_eq!(refused(world.report(user, &recipe, pb::ReportReason::Copied, "again and again").await), reported);
    assert_eq!(refused(world.report(user, &recipe, pb::ReportReason::Spam, "").await), reported);
    let own = (Code::FailedPrecondition, "OWN_RECIPE".to_owned());
    assert_eq!(refused(world.report(author, &recipe, pb::ReportReason::Spam, "").await), own);
    assert_eq!(violations(world.report(id(), &recipe, pb::ReportReason::Other, "").await), ["note"]);
    assert_eq!(
        violations(world.report(id(), "", pb::ReportReason::Unspecified, &"x".repeat(501)).await),
        ["recipe_id", "reason", "note"]
    );
    world.report(id(), &recipe, pb::ReportReason::Other, "Not edible").await?;

    let request = pb::ListReportsRequest { recipe_id: recipe.clone(), ..Default::default() };
    let reports = world.moderation(id(), &["moderator"]).list_reports(request).await?.into_inner().reports;
    let said: Vec<_> = reports.iter().map(|report| (report.reason(), report.note.as_str(), report.is_open)).collect();
    assert_eq!(said, [(pb::ReportReason::Spam, "again and again", true), (pb::ReportReason::Other, "Not edible", true)]);
    assert!(!format!("{reports:?}").contains(&user.to_string()), "not who reported");
    Ok(())
}

#[tokio::test]
async fn the_queue_has_the_oldest_first_with_counts() -> anyhow::Result<()> {
    let world = World::start().await?;
    let author = id();
    let mut recipes = Vec::new();
    for _ in 0..3 {
        recipes.push(world.publish(author).await?);
    }
    for index in [2, 0, 1, 2, 2] {
        world.report(id(), &recipes[index], pb::ReportReason::Offensive, "").await?;
    }
    let entry = |index: usize, count| (recipes[index].clone(), count);
    assert_eq!(world.queue().await?, [entry(2, 3), entry(0, 1), entry(1, 1)]);
    // It was public when it was reported: what its author does with it then does not take it out.
    world.set_public(author, &recipes[2], false).await?;
    assert_eq!(world.queue().await?.len(), 3);
    let request = pb::GetReportedRecipeRequest { recipe_id: recipes[2].clone() };
    let seen = world.moderation(id(), &["moderator"]).get_reported_recipe(request.clone()).await?.into_inner();
    assert_eq!(seen.recipe.expect("a recipe").ingredients.len(), 2, "moderators read what they decide about");

    let moderator = id();
    world.decide(moderator, &recipes[2], Dismiss).await?;
    assert_eq!(world.queue().await?, [entry(0, 1), entry(1, 1)]);
    let not_found = (Code::NotFound, "RECIPE_NOT_FOUND".to_owned());
    let answer = world.moderation(moderator, &["moderator"]).get_reported_recipe(request).await;
    assert_eq!(refused(answer), not_found, "a private recipe without open reports is nobody's business");
    assert_eq!(refused(world.decide(moderator, &recipes[2], Hide).await), not_found);

    let mut request = pb::ListReportedRecipesRequest { page_size: 1, ..Default::default() };
    let mut client = world.moderation(moderator, &["moderator"]);
    let first = client.list_reported_recipes(request.clone()).await?.into_inner();
    request.page_token = first.next_page_token;
    let second = client.list_reported_recipes(request).await?.into_inner();
    assert_eq!(second.reported_recipes[0].recipe.as_ref().expect("a recipe").recipe_id, recipes[1]);
    assert_eq!(second.next_page_token, "");
    Ok(())
}

#[tokio::test]
async fn decisions_have_their_effect_once_and_are_kept() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (author, one, other) = (id(), id(), id());
    let recipe = world.publish(author).await?;
    world.report(id(), &recipe, pb::ReportReason::Dangerous, "").await?;
    world.report(id(), &recipe, pb::ReportReason::Dangerous, "").await?;
    for _ in 0..2 {
        assert_eq!(world.decide(one, &recipe, Dismiss).await?.hide_time, None);
    }
    world.report(id(), &recipe, pb::ReportReason::Dangerous, "").await?;
    assert_eq!(world.queue().await?, [(recipe.clone(), 1)]);
    for _ in 0..2 {
        assert!(world.decide(other, &recipe, Hide).await?.hide_time.is_some());
    }
    assert_eq!(world.queue().await?, []);
    assert!(world.get(id(), &recipe).await.is_err());
    for _ in 0..2 {
        assert_eq!(world.decide(one, &recipe, Restore).await?.hide_time, None);
    }
    world.get(id(), &recipe).await?;
    let expected = [(one, Restore, 0), (other, Hide, 1), (one, Dismiss, 2)];
    assert_eq!(world.decisions(&recipe).await?, expected);

    let request = pb::DeleteRecipeRequest { recipe_id: recipe.clone(), etag: String::new() };
    world.recipes(author).delete_recipe(request).await?;
    assert_eq!(world.decisions(&recipe).await?, expected, "decisions outlive the recipe");
    assert_eq!(refused(world.decide(one, &recipe, Hide).await), (Code::NotFound, "RECIPE_NOT_FOUND".to_owned()));
    Ok(())
}

#[tokio::test]
async fn moderators_do_not_decide_about_their_own() -> anyhow::Result<()> {
    let world = World::start().await?;
    let moderator = id();
    let recipe = world.publish(moderator).await?;
    for kind in [Hide, Restore, Dismiss, Feature, Unfeature] {
        let own = (Code::FailedPrecondition, "OWN_RECIPE".to_owned());
        assert_eq!(refused(world.decide(moderator, &recipe, kind).await), own, "{kind:?}");
    }
    assert_eq!(world.decisions(&recipe).await?, []);
    Ok(())
}

#[tokio::test]
async fn private_recipes_are_not_moderated() -> anyhow::Result<()> {
    let world = World::start().await?;
    let recipe = world.create(id(), crumble()).await?.recipe_id;
    for recipe in [recipe, id().to_string()] {
        for kind in [Hide, Restore, Dismiss, Feature, Unfeature] {
            let not_found = (Code::NotFound, "RECIPE_NOT_FOUND".to_owned());
            assert_eq!(refused(world.decide(id(), &recipe, kind).await), not_found, "{kind:?}");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reports_are_exact_under_a_race() -> anyhow::Result<()> {
    let world = Arc::new(World::start().await?);
    let recipe = world.publish(id()).await?;
    let users: Vec<Uuid> = (0..12).map(|_| id()).collect();
    let mut calls = JoinSet::new();
    for index in 0..48 {
        let (world, recipe, user) = (Arc::clone(&world), recipe.clone(), users[index % users.len()]);
        calls.spawn(async move { insist(|| world.report(user, &recipe, pb::ReportReason::Spam, "")).await });
    }
    calls.join_all().await.into_iter().collect::<Result<Vec<_>, _>>()?;
    assert_eq!(world.queue().await?, [(recipe.clone(), 12)]);
    // Many moderators decide at once: one of them does.
    let mut calls = JoinSet::new();
    for _ in 0..12 {
        let (world, recipe) = (Arc::clone(&world), recipe.clone());
        calls.spawn(async move { insist(|| world.decide(id(), &recipe, Hide)).await });
    }
    calls.join_all().await.into_iter().collect::<Result<Vec<_>, _>>()?;
    let decisions: Vec<_> = world.decisions(&recipe).await?.into_iter().map(|(_, kind, closed)| (kind, closed)).collect();
    assert_eq!(decisions, [(Hide, 12)]);
    Ok(())
}
