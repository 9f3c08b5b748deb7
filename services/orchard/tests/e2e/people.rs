//! Users with every relation to one of them, each with an achievement, a recipe, a challenge and a review.

use std::collections::BTreeMap;

use orchard_proto::family::v1::MemberRole;
use orchard_proto::recipe::v1 as recipe;
use orchard_proto::recipe::v1::recipe_service_client::RecipeServiceClient;
use orchard_proto::recipe::v1::review_service_client::ReviewServiceClient;
use orchard_proto::social::v1 as social;
use orchard_proto::social::v1::achievement_service_client::AchievementServiceClient;
use orchard_proto::social::v1::challenge_service_client::ChallengeServiceClient;
use orchard_proto::social::v1::friendship_service_client::FriendshipServiceClient;
use orchard_proto::social::v1::profile_service_client::ProfileServiceClient;
use social::PrivacyLevel::{FriendsOnly, Private, Public};
use uuid::Uuid;

use crate::suite::{Suite, all_delivered, id, today};

/// Users, and who sees their profiles. "silent" shares nothing.
const PEOPLE: [(&str, social::PrivacyLevel); 8] = [
    ("me", FriendsOnly),
    ("public", Public),
    ("silent", Public),
    ("friend", FriendsOnly),
    ("blocked", Public),
    ("relative", FriendsOnly),
    ("guest", FriendsOnly),
    ("private", Private),
];

/// A text that is nobody else's.
pub fn canary(person: &str) -> String {
    format!("<{person}>")
}

pub struct People {
    pub ids: BTreeMap<&'static str, Uuid>,
    pub plan: String,
    pub recipes: Vec<String>,
    pub challenges: Vec<String>,
}

impl People {
    pub fn of(&self, name: &str) -> Uuid {
        self.ids[name]
    }
}

impl Suite {
    async fn enrol(&self, user: Uuid, name: &str, level: social::PrivacyLevel) -> anyhow::Result<()> {
        let request = social::RegisterProfileRequest {
            user_id: user.to_string(),
            display_name: canary(name),
            time_zone: "UTC".to_owned(),
            privacy_level: level.into(),
        };
        ProfileServiceClient::new(self.service("identity", &self.social)?).register_profile(request).await?;
        Ok(())
    }

    async fn award(&self, user: Uuid, name: &str) -> anyhow::Result<()> {
        let request = social::AwardAchievementRequest {
            user_id: user.to_string(),
            achievement_type: social::AchievementType::ChallengeWinner.into(),
            achievement_name: format!("Medal of {name}"),
            request_id: id().to_string(),
            ..Default::default()
        };
        AchievementServiceClient::new(self.user_with(id(), &["operator"])?).award_achievement(request).await?;
        Ok(())
    }

    async fn publish(&self, author: Uuid, name: &str) -> anyhow::Result<String> {
        let request = recipe::CreateRecipeRequest {
            recipe_name: format!("Quince of {name}"),
            ingredients: vec![recipe::Ingredient { food: "quince".to_owned(), ..Default::default() }],
            instructions: vec!["Bake.".to_owned()],
            request_id: id().to_string(),
            ..Default::default()
        };
        let made = RecipeServiceClient::new(self.user(author)?).create_recipe(request).await?.into_inner();
        Ok(made.recipe.expect("a recipe").recipe_id)
    }

    async fn compete(&self, creator: Uuid, name: &str) -> anyhow::Result<String> {
        let rule = social::scoring::Rule::Consistency(social::ConsistencyScoring { daily_target_servings: 5 });
        let request = social::CreateChallengeRequest {
            challenge_name: format!("Quince run of {name}"),
            description: "Five a day".to_owned(),
            duration_days: 7,
            start_date: today(),
            scoring: Some(social::Scoring { rule: Some(rule) }),
            request_id: id().to_string(),
            ..Default::default()
        };
        let made = ChallengeServiceClient::new(self.user(creator)?).create_challenge(request).await?.into_inner();
        Ok(made.challenge.expect("a challenge").challenge_id)
    }

    /// Creates the users with their relations to "me", each with an achievement, a recipe, a challenge and a review.
    pub async fn people(&self) -> anyhow::Result<People> {
        let ids: BTreeMap<&'static str, Uuid> = PEOPLE.iter().map(|(name, _)| (*name, id())).collect();
        let (mut recipes, mut challenges) = (Vec::new(), Vec::new());
        for (name, _) in PEOPLE {
            self.enrol(ids[name], name, Public).await?;
            self.award(ids[name], name).await?;
            recipes.push(self.publish(ids[name], name).await?);
            challenges.push(self.compete(ids[name], name).await?);
        }
        for (name, _) in PEOPLE {
            for challenge_id in [&challenges[0], &challenges[1]] {
                let join = social::JoinChallengeRequest { challenge_id: challenge_id.clone(), ..Default::default() };
                ChallengeServiceClient::new(self.user(ids[name])?).join_challenge(join).await?;
            }
            let recipe_id = if name == "public" { recipes[0].clone() } else { recipes[1].clone() };
            let review = recipe::CreateReviewRequest { recipe_id, rating: 4, request_id: id().to_string(), ..Default::default() };
            ReviewServiceClient::new(self.user(ids[name])?).create_review(review).await?;
        }
        let plan = self.plan(ids["me"]).await?;
        self.join(&plan, ids["me"], ids["relative"], MemberRole::Member).await?;
        self.join(&plan, ids["me"], ids["guest"], MemberRole::Guest).await?;
        all_delivered(&self.family.schema).await?;
        let friends = |user: Uuid| anyhow::Ok(FriendshipServiceClient::new(self.user(user)?));
        let user_id = |name: &str| ids[name].to_string();
        friends(ids["me"])?.send_friend_request(social::SendFriendRequestRequest { user_id: user_id("friend") }).await?;
        friends(ids["friend"])?.accept_friend_request(social::AcceptFriendRequestRequest { user_id: user_id("me") }).await?;
        friends(ids["me"])?.block_user(social::BlockUserRequest { user_id: user_id("blocked") }).await?;
        for (name, level) in PEOPLE {
            let profile = social::Profile {
                privacy_level: level.into(),
                social_sharing_enabled: Some(name != "silent"),
                ..Default::default()
            };
            let paths = ["privacy_level", "social_sharing_enabled"].map(str::to_owned).to_vec();
            let request =
                social::UpdateProfileRequest { profile: Some(profile), update_mask: Some(prost_types::FieldMask { paths }) };
            ProfileServiceClient::new(self.user(ids[name])?).update_profile(request).await?;
        }
        Ok(People { ids, plan, recipes, challenges })
    }
}
