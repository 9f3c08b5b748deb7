use std::time::Duration;

use edge::SectionState;
use family::MemberRole;
use orchard_proto::edge::v1 as edge;
use orchard_proto::family::v1 as family;
use orchard_proto::family::v1::member_service_client::MemberServiceClient;
use orchard_proto::family::v1::nutrition_service_client::NutritionServiceClient;
use orchard_proto::family::v1::plan_service_client::PlanServiceClient;
use orchard_proto::social::v1 as social;
use orchard_proto::social::v1::challenge_service_client::ChallengeServiceClient;
use orchard_proto::social::v1::progress_service_client::ProgressServiceClient;
use orchard_testkit::answer::{metadata, refused};
use tonic::Code;
use uuid::Uuid;

use crate::suite::{Suite, euros, id, today};

fn state(section: Option<&edge::SectionStatus>) -> SectionState {
    section.map(edge::SectionStatus::state).unwrap_or_default()
}

impl Suite {
    async fn eat(&self, user: Uuid, kcal: &[i32]) -> anyhow::Result<()> {
        let intake = |kcal: &i32| family::NewIntake {
            consumption_date: today(),
            calories_consumed: *kcal,
            meal: family::Meal::Dinner.into(),
            source: family::IntakeSource::Device.into(),
        };
        let request = family::RecordIntakeRequest { intakes: kcal.iter().map(intake).collect(), request_id: id().to_string() };
        NutritionServiceClient::new(self.user(user)?).record_intake(request).await?;
        Ok(())
    }

    async fn set_privacy(&self, plan: &str, user: Uuid, nutrition: bool, challenges: bool) -> anyhow::Result<()> {
        let privacy = family::PrivacySettings {
            share_nutrition: Some(nutrition),
            share_challenges: Some(challenges),
            ..Default::default()
        };
        let member = family::Member {
            family_plan_id: plan.to_owned(),
            user_id: user.to_string(),
            privacy_settings: Some(privacy),
            ..Default::default()
        };
        let update_mask = Some(prost_types::FieldMask { paths: vec!["privacy_settings".to_owned()] });
        let request = family::UpdateMemberRequest { member: Some(member), update_mask };
        MemberServiceClient::new(self.user(user)?).update_member(request).await?;
        Ok(())
    }

    /// Creates a challenge that `users` join, with a recorded day each.
    async fn challenge(&self, users: &[Uuid]) -> anyhow::Result<()> {
        use social::scoring::Rule;
        let request = social::CreateChallengeRequest {
            challenge_name: "Five a day".to_owned(),
            description: "Five servings of fruit, every day.".to_owned(),
            duration_days: 7,
            start_date: today(),
            scoring: Some(social::Scoring {
                rule: Some(Rule::Consistency(social::ConsistencyScoring { daily_target_servings: 5 })),
            }),
            request_id: id().to_string(),
            ..Default::default()
        };
        let made = ChallengeServiceClient::new(self.user(id())?).create_challenge(request).await?.into_inner();
        let challenge_id = made.challenge.expect("a challenge").challenge_id;
        for user in users {
            let join = social::JoinChallengeRequest { challenge_id: challenge_id.clone(), ..Default::default() };
            ChallengeServiceClient::new(self.user(*user)?).join_challenge(join).await?;
            let eaten = social::FruitServings { fruit: "apple".to_owned(), servings: 5 };
            let day = social::RecordProgressRequest {
                challenge_id: challenge_id.clone(),
                progress_date: today(),
                progress_data: Some(social::ProgressData { fruits: vec![eaten], amount: 0 }),
                ..Default::default()
            };
            let recorded = ProgressServiceClient::new(self.user(*user)?).record_progress(day).await?.into_inner();
            assert_eq!(recorded.participant.expect("a participant").final_score, 1);
        }
        Ok(())
    }

    /// Returns members and balance by the specification's view `family_dashboard`, as in a single database.
    async fn naive(&self, plan: &str) -> anyhow::Result<(i64, String)> {
        let client = self.family.schema.connect().await?;
        let (family, social) = (self.family.schema.name(), self.social.schema.name());
        let query = format!(
            "SELECT COUNT(fm.user_id), SUM(fp.shared_wallet_balance)::text
             FROM {family}.family_plans fp
             LEFT JOIN {family}.family_members fm ON fp.id = fm.family_plan_id
             LEFT JOIN {family}.nutritional_intake ni ON fm.user_id = ni.user_id
             LEFT JOIN {social}.challenge_participants cp ON fm.user_id = cp.user_id AND cp.completion_status = 'active'
             WHERE fp.is_active = true AND fp.id = $1
             GROUP BY fp.id, fp.family_name, fp.shared_wallet_balance"
        );
        let row = client.query_one(&query, &[&Uuid::parse_str(plan)?]).await?;
        Ok((row.get(0), row.get(1)))
    }
}

#[tokio::test]
async fn the_dashboard_is_right_where_the_specified_view_multiplies_rows() -> anyhow::Result<()> {
    let suite = Suite::start().await?;
    let (alice, bob) = (id(), id());
    let plan = suite.plan(alice).await?;
    suite.join(&plan, alice, bob, MemberRole::Member).await?;
    suite.deposit(&plan, 100).await?;
    suite.set_privacy(&plan, bob, true, true).await?;
    suite.eat(alice, &[400, 500, 600]).await?;
    suite.eat(bob, &[700, 800, 900]).await?;
    suite.challenge(&[alice]).await?;

    assert_eq!(suite.naive(&plan).await?, (6, "600.00".to_owned()), "the view's joins multiply rows");
    let dashboard = suite.dashboard(alice, &plan).await?;
    assert_eq!((dashboard.total_members, dashboard.active_members), (2, 2));
    assert_eq!(dashboard.wallet_balance, euros(100));
    assert_eq!(dashboard.avg_weekly_calories, Some(650.0));
    assert_eq!(dashboard.active_challenges, Some(1));
    assert_eq!(dashboard.family_name, "The Appletons");
    for section in [&dashboard.wallet, &dashboard.nutrition, &dashboard.challenges] {
        assert_eq!(state(section.as_ref()), SectionState::Ok);
        assert!(section.as_ref().and_then(|section| section.as_of).is_some());
    }

    // Both join the next challenge, and bob joins another alone.
    suite.challenge(&[alice, bob]).await?;
    suite.challenge(&[bob]).await?;
    assert_eq!(suite.dashboard(alice, &plan).await?.active_challenges, Some(3));
    suite.set_privacy(&plan, bob, false, false).await?;
    let seen = suite.dashboard(alice, &plan).await?;
    assert_eq!((seen.active_challenges, seen.avg_weekly_calories), (Some(2), Some(500.0)));
    assert_eq!(suite.dashboard(bob, &plan).await?.active_challenges, Some(3), "viewers see their own challenges");
    Ok(())
}

#[tokio::test]
async fn guests_see_no_private_sections_and_strangers_see_no_plan() -> anyhow::Result<()> {
    let suite = Suite::start().await?;
    let (alice, guest) = (id(), id());
    let plan = suite.plan(alice).await?;
    suite.join(&plan, alice, guest, MemberRole::Guest).await?;
    suite.deposit(&plan, 100).await?;
    let seen = suite.dashboard(guest, &plan).await?;
    assert_eq!((seen.wallet_balance, seen.avg_weekly_calories), (None, None));
    assert_eq!(state(seen.wallet.as_ref()), SectionState::Denied);
    assert_eq!(state(seen.nutrition.as_ref()), SectionState::Denied);
    assert_eq!(state(seen.challenges.as_ref()), SectionState::Ok);

    let not_found = (Code::NotFound, "PLAN_NOT_FOUND".to_owned());
    assert_eq!(refused(suite.dashboard(id(), &plan).await), not_found);
    assert_eq!(refused(suite.dashboard(alice, &id().to_string()).await), not_found);
    assert_eq!(refused(suite.dashboard(alice, "x").await), (Code::InvalidArgument, "FIELDS_INVALID".to_owned()));
    Ok(())
}

#[tokio::test]
async fn a_slice_that_is_down_makes_only_its_own_section_unavailable() -> anyhow::Result<()> {
    let mut suite = Suite::start().await?;
    let alice = id();
    let plan = suite.plan(alice).await?;
    suite.deposit(&plan, 100).await?;
    suite.challenge(&[alice]).await?;
    assert_eq!(suite.dashboard(alice, &plan).await?.active_challenges, Some(1));

    suite.social.stop().await?;
    let seen = suite.dashboard(alice, &plan).await?;
    assert_eq!(state(seen.challenges.as_ref()), SectionState::Unavailable);
    assert_eq!(seen.active_challenges, None, "not known is not zero");
    assert_eq!((seen.wallet_balance, state(seen.wallet.as_ref())), (euros(100), SectionState::Ok));
    let settings = suite.social_settings();
    suite.social.start_again::<orchard_social::Service>(&settings).await?;
    assert_eq!(suite.dashboard(alice, &plan).await?.active_challenges, Some(1));

    suite.family.stop().await?;
    let status = suite.dashboard(alice, &plan).await.expect_err("no family service");
    assert_eq!(metadata(&status, "upstream").as_deref(), Some("family"));
    assert_eq!(refused::<()>(Err(status)), (Code::Unavailable, "UPSTREAM_UNAVAILABLE".to_owned()));
    let settings = suite.family_settings();
    suite.family.start_again::<orchard_family::Service>(&settings).await?;
    assert_eq!(suite.dashboard(alice, &plan).await?.wallet_balance, euros(100));
    Ok(())
}

#[tokio::test]
async fn users_are_not_told_that_the_token_of_the_edge_has_expired() -> anyhow::Result<()> {
    let suite = Suite::start().await?;
    let alice = id();
    let plan = suite.plan(alice).await?;
    // Longer than the edge's token lasts, and shorter than the user's.
    suite.family.advance_clock(Duration::from_secs(600));
    let status = suite.dashboard(alice, &plan).await.expect_err("the clocks differ");
    assert_eq!(metadata(&status, "upstream").as_deref(), Some("family"));
    assert_eq!(refused::<()>(Err(status)), (Code::Unavailable, "UPSTREAM_UNAVAILABLE".to_owned()));
    let get = family::GetPlanRequest { family_plan_id: plan };
    PlanServiceClient::new(suite.user(alice)?).get_plan(get).await?;
    Ok(())
}
