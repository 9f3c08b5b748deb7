//! Reviews, their averages, and votes for those that are helpful.

mod races;

use orchard_proto::recipe::v1 as pb;
use orchard_testkit::answer::{refused, violations};
use tonic::{Code, Status};
use uuid::Uuid;

use crate::world::{World, id, mask};

/// The summary of reviews with these ratings.
pub fn summary(average: &str, [one, two, three, four, five]: [i32; 5]) -> Option<pb::RatingSummary> {
    Some(pb::RatingSummary {
        average: average.to_owned(),
        review_count: one + two + three + four + five,
        one_star_count: one,
        two_star_count: two,
        three_star_count: three,
        four_star_count: four,
        five_star_count: five,
    })
}

impl World {
    async fn change_review(&self, reviewer: Uuid, review: pb::Review, paths: &[&str]) -> Result<pb::Review, Status> {
        let request = pb::UpdateReviewRequest { review: Some(review), update_mask: mask(paths) };
        Ok(self.reviews(reviewer).update_review(request).await?.into_inner().review.expect("a review"))
    }

    pub async fn rerate(&self, reviewer: Uuid, recipe: &str, rating: i32) -> Result<pb::Review, Status> {
        let review = pb::Review { recipe_id: recipe.to_owned(), rating, ..Default::default() };
        self.change_review(reviewer, review, &["rating"]).await
    }

    pub async fn take_back(&self, reviewer: Uuid, recipe: &str) -> Result<(), Status> {
        let request = pb::DeleteReviewRequest { recipe_id: recipe.to_owned() };
        self.reviews(reviewer).delete_review(request).await.map(drop)
    }

    async fn vote(&self, voter: Uuid, review: &str, is_helpful: bool) -> Result<i32, Status> {
        let (mut client, review_id) = (self.reviews(voter), review.to_owned());
        if is_helpful {
            Ok(client.add_helpful_vote(pb::AddHelpfulVoteRequest { review_id }).await?.into_inner().helpful_votes)
        } else {
            Ok(client.remove_helpful_vote(pb::RemoveHelpfulVoteRequest { review_id }).await?.into_inner().helpful_votes)
        }
    }
}

#[tokio::test]
async fn five_and_two_make_three_and_a_half() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (author, one, other) = (id(), id(), id());
    let recipe = world.publish(author).await?;
    assert_eq!(world.get(author, &recipe).await?.rating, summary("", [0; 5]));
    world.review(one, &recipe, 5).await?;
    assert_eq!(world.get(author, &recipe).await?.rating, summary("5", [0, 0, 0, 0, 1]));
    world.review(other, &recipe, 2).await?;
    assert_eq!(world.get(author, &recipe).await?.rating, summary("3.5", [0, 1, 0, 0, 1]));
    world.rerate(other, &recipe, 4).await?;
    assert_eq!(world.get(author, &recipe).await?.rating, summary("4.5", [0, 0, 0, 1, 1]));
    world.take_back(one, &recipe).await?;
    assert_eq!(world.get(author, &recipe).await?.rating, summary("4", [0, 0, 0, 1, 0]));
    let listed = world.recipes(author).list_recipes(pb::ListRecipesRequest::default()).await?.into_inner();
    assert_eq!(listed.recipes[0].rating, summary("4", [0, 0, 0, 1, 0]));
    Ok(())
}

#[tokio::test]
async fn a_review_is_read_back_unchanged() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (author, reviewer) = (id(), id());
    let recipe = world.publish(author).await?;
    let review = world.review(reviewer, &recipe, 4).await?;
    let expected = pb::Review {
        review_id: review.review_id.clone(),
        recipe_id: recipe.clone(),
        reviewer_user_id: reviewer.to_string(),
        rating: 4,
        review_text: "Crunchy".to_owned(),
        create_time: review.create_time,
        update_time: review.create_time,
        edit_time: review.create_time,
        ..Default::default()
    };
    assert!(review.create_time.is_some());
    assert_eq!(review, expected);
    assert_eq!(world.list_reviews(reviewer, &recipe).await?, std::slice::from_ref(&expected));
    assert_eq!(world.list_reviews(author, &recipe).await?, [pb::Review { reviewer_user_id: String::new(), ..expected }]);

    let text = pb::Review { recipe_id: recipe.clone(), rating: 9, review_text: String::new(), ..Default::default() };
    let changed = world.change_review(reviewer, text.clone(), &["review_text"]).await?;
    assert_eq!((changed.rating, changed.review_text.as_str()), (4, ""));
    assert_eq!((changed.create_time, changed.edit_time), (review.create_time, changed.update_time));
    assert_ne!(changed.edit_time, review.edit_time);
    assert_eq!(violations(world.change_review(reviewer, text.clone(), &["rating"]).await), ["review.rating"]);
    for path in ["review_id", "helpful_votes", "reviewer_user_id", "x"] {
        assert_eq!(violations(world.change_review(reviewer, text.clone(), &[path]).await), ["update_mask"], "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn a_user_reviews_another_users_recipe_once() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (author, reviewer) = (id(), id());
    let recipe = world.publish(author).await?;
    let own = (Code::FailedPrecondition, "OWN_RECIPE".to_owned());
    assert_eq!(refused(world.review(author, &recipe, 5).await), own);
    world.review(reviewer, &recipe, 5).await?;
    assert_eq!(refused(world.review(reviewer, &recipe, 5).await), (Code::AlreadyExists, "ALREADY_REVIEWED".to_owned()));
    assert_eq!(world.get(author, &recipe).await?.rating, summary("5", [0, 0, 0, 0, 1]));
    // Once it is taken back, there may be another.
    for _ in 0..2 {
        world.take_back(reviewer, &recipe).await?;
    }
    let not_found = (Code::NotFound, "REVIEW_NOT_FOUND".to_owned());
    assert_eq!(refused(world.rerate(reviewer, &recipe, 1).await), not_found);
    world.review(reviewer, &recipe, 1).await?;
    assert_eq!(world.get(author, &recipe).await?.rating, summary("1", [1, 0, 0, 0, 0]));
    Ok(())
}

#[tokio::test]
async fn a_repeated_request_creates_one_review() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (author, reviewer) = (id(), id());
    let recipe_id = world.publish(author).await?;
    let request = pb::CreateReviewRequest {
        recipe_id: recipe_id.clone(),
        rating: 3,
        review_text: String::new(),
        request_id: id().to_string(),
    };
    let mut client = world.reviews(reviewer);
    let first = client.create_review(request.clone()).await?.into_inner();
    assert_eq!(client.create_review(request.clone()).await?.into_inner(), first);
    let other = pb::CreateReviewRequest { rating: 4, ..request.clone() };
    assert_eq!(refused(client.create_review(other).await), (Code::AlreadyExists, "REQUEST_ID_REUSED".to_owned()));
    assert_eq!(world.get(author, &recipe_id).await?.rating, summary("3", [0, 0, 1, 0, 0]));
    world.take_back(reviewer, &recipe_id).await?;
    assert_eq!(refused(client.create_review(request).await), (Code::NotFound, "REVIEW_NOT_FOUND".to_owned()));
    Ok(())
}

#[tokio::test]
async fn all_violations_are_reported_at_once() -> anyhow::Result<()> {
    let world = World::start().await?;
    let bad = pb::CreateReviewRequest {
        recipe_id: "1".to_owned(),
        rating: 6,
        review_text: "x".repeat(2_001),
        request_id: String::new(),
    };
    let answer = world.reviews(id()).create_review(bad).await;
    assert_eq!(violations(answer), ["recipe_id", "rating", "review_text", "request_id"]);
    let list = pb::ListReviewsRequest { order: 3, page_size: -1, page_token: "x".to_owned(), ..Default::default() };
    assert_eq!(violations(world.reviews(id()).list_reviews(list).await), ["recipe_id", "order", "page_size", "page_token"]);
    Ok(())
}

#[tokio::test]
async fn a_vote_counts_once_and_can_be_taken_back() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (author, reviewer, voter) = (id(), id(), id());
    let recipe = world.publish(author).await?;
    let review = world.review(reviewer, &recipe, 4).await?;
    let own = (Code::FailedPrecondition, "OWN_REVIEW".to_owned());
    assert_eq!(refused(world.vote(reviewer, &review.review_id, true).await), own);
    assert_eq!(world.vote(reviewer, &review.review_id, false).await?, 0);
    for _ in 0..2 {
        assert_eq!(world.vote(voter, &review.review_id, true).await?, 1);
    }
    assert_eq!(world.vote(author, &review.review_id, true).await?, 2, "an author may find it helpful");
    let seen = world.list_reviews(voter, &recipe).await?.remove(0);
    assert_eq!((seen.helpful_votes, seen.is_voted_by_caller, seen.edit_time), (2, true, review.edit_time));
    assert!(!world.list_reviews(id(), &recipe).await?[0].is_voted_by_caller);
    for _ in 0..2 {
        assert_eq!(world.vote(voter, &review.review_id, false).await?, 1);
    }
    assert!(!world.list_reviews(voter, &recipe).await?[0].is_voted_by_caller);
    Ok(())
}

#[tokio::test]
async fn reviews_are_listed_by_votes_or_by_time() -> anyhow::Result<()> {
    let world = World::start().await?;
    let author = id();
    let recipe_id = world.publish(author).await?;
    let mut reviews = Vec::new();
    for _ in 0..5 {
        reviews.push(world.review(id(), &recipe_id, 3).await?.review_id);
    }
    let voters = [id(), id()];
    for (review, votes) in [(&reviews[1], 2), (&reviews[3], 1)] {
        for voter in &voters[..votes] {
            world.vote(*voter, review, true).await?;
        }
    }
    let viewer = id();
    for (order, expected) in [
        (pb::ReviewOrder::Unspecified, [1, 3, 4, 2, 0]),
        (pb::ReviewOrder::Helpful, [1, 3, 4, 2, 0]),
        (pb::ReviewOrder::Newest, [4, 3, 2, 1, 0]),
    ] {
        let mut request =
            pb::ListReviewsRequest { recipe_id: recipe_id.clone(), order: order.into(), page_size: 2, ..Default::default() };
        let mut listed = Vec::new();
        loop {
            let page = world.reviews(viewer).list_reviews(request.clone()).await?.into_inner();
            listed.extend(page.reviews.into_iter().map(|review| review.review_id));
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                break;
            }
        }
        assert_eq!(listed, expected.map(|index| reviews[index].clone()), "{order:?}");
    }
    let first = pb::ListReviewsRequest { recipe_id, page_size: 1, ..Default::default() };
    let page_token = world.reviews(viewer).list_reviews(first.clone()).await?.into_inner().next_page_token;
    for other in [
        pb::ListReviewsRequest { order: pb::ReviewOrder::Newest.into(), page_token: page_token.clone(), ..first.clone() },
        pb::ListReviewsRequest { recipe_id: world.publish(author).await?, page_token: page_token.clone(), ..first.clone() },
    ] {
        assert_eq!(violations(world.reviews(viewer).list_reviews(other).await), ["page_token"]);
    }
    let others = pb::ListReviewsRequest { page_token, ..first };
    assert_eq!(violations(world.reviews(id()).list_reviews(others).await), ["page_token"]);
    Ok(())
}

#[tokio::test]
async fn a_vote_is_taken_back_when_the_recipe_is_not_visible_any_more() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (author, reviewer, voter) = (id(), id(), id());
    let recipe = world.publish(author).await?;
    let review = world.review(reviewer, &recipe, 4).await?;
    assert_eq!(world.vote(voter, &review.review_id, true).await?, 1);
    world.set_public(author, &recipe, false).await?;
    assert_eq!(world.vote(voter, &review.review_id, false).await?, 0);
    assert_eq!(refused(world.vote(voter, &review.review_id, true).await).1, "REVIEW_NOT_FOUND");
    Ok(())
}
