//! Loads two challenges with progress.

use anyhow::{Context as _, Result};
use chrono::NaiveDate;
use orchard_proto::social::v1::challenge_service_client::ChallengeServiceClient;
use orchard_proto::social::v1::progress_service_client::ProgressServiceClient;
use orchard_proto::social::v1::scoring::Rule;
use orchard_proto::social::v1::{
    ConsistencyScoring, CreateChallengeRequest, FruitServings, GetChallengeRequest, JoinChallengeRequest, ProgressData,
    RecordProgressRequest, Scoring, VarietyScoring,
};
use tonic::Code;

use super::calls::{Calls, answer, request_id};
use super::people::PEOPLE;
use super::state::State;
use super::values::{date, day_before};

const FRUITS: [&str; 6] = ["apple", "pear", "strawberry", "banana", "plum", "melon"];

/// Creates the challenges, as an operator.
pub async fn open_challenges(calls: &Calls<'_>, state: &mut State) -> Result<()> {
    let consistency = CreateChallengeRequest {
        challenge_name: "Two a day".to_owned(),
        description: "Two servings of fruit on every day of a fortnight.".to_owned(),
        difficulty_level: 2,
        duration_days: 14,
        max_participants: Some(500),
        start_date: Some(date(state.first_day)),
        scoring: Some(Scoring { rule: Some(Rule::Consistency(ConsistencyScoring { daily_target_servings: 2 })) }),
        // The day is part of the request, so it is part of its id.
        request_id: request_id(&format!("two a day from {}", state.first_day)),
        ..Default::default()
    };
    state.consistency = create(calls, consistency).await?;
    state.save()?;
    let variety = CreateChallengeRequest {
        challenge_name: "All colours".to_owned(),
        description: "As many kinds of fruit as you can find, for a month from the day on which you join.".to_owned(),
        difficulty_level: 3,
        duration_days: 30,
        max_participants: None,
        start_date: None,
        scoring: Some(Scoring { rule: Some(Rule::Variety(VarietyScoring { daily_cap: 5 })) }),
        request_id: request_id("all colours"),
        ..Default::default()
    };
    state.variety = create(calls, variety).await?;
    state.save()
}

/// Has all users join the first challenge and some the second, and records progress in the first for the last two days.
pub async fn take_part(calls: &Calls<'_>, state: &State, today: NaiveDate) -> Result<()> {
    for (number, name) in PEOPLE.into_iter().enumerate() {
        join(calls, name, &state.consistency).await?;
        for day in [day_before(today), today].into_iter().filter(|day| *day >= state.first_day) {
            record(calls, name, number, &state.consistency, day).await?;
        }
        if number % 3 == 0 {
            join(calls, name, &state.variety).await?;
        }
    }
    Ok(())
}

/// Returns whether the challenge exists.
pub async fn is_there(calls: &Calls<'_>, challenge: &str) -> Result<bool> {
    let request = calls.user("alice", GetChallengeRequest { challenge_id: challenge.to_owned(), ..Default::default() })?;
    match ChallengeServiceClient::new(calls.edge.clone()).get_challenge(request).await {
        Err(refusal) if refusal.code() == Code::NotFound => Ok(false),
        result => answer("GetChallenge", result).map(|_| true),
    }
}

async fn create(calls: &Calls<'_>, request: CreateChallengeRequest) -> Result<String> {
    let mut challenges = ChallengeServiceClient::new(calls.edge.clone());
    let response = answer("CreateChallenge", challenges.create_challenge(calls.operator(request)?).await)?;
    Ok(response.challenge.context("CreateChallenge returned no challenge")?.challenge_id)
}

async fn join(calls: &Calls<'_>, name: &str, challenge: &str) -> Result<()> {
    let request = JoinChallengeRequest { challenge_id: challenge.to_owned(), ..Default::default() };
    let mut challenges = ChallengeServiceClient::new(calls.edge.clone());
    answer("JoinChallenge", challenges.join_challenge(calls.user(name, request)?).await)?;
    Ok(())
}

/// Records one to three servings, so that some days miss the target.
async fn record(calls: &Calls<'_>, name: &str, number: usize, challenge: &str, day: NaiveDate) -> Result<()> {
    use chrono::Datelike as _;
    let turn = number + usize::try_from(day.day()).unwrap_or_default();
    let eaten = FRUITS.iter().cycle().skip(turn).take(1 + turn % 3);
    let fruits = eaten.map(|fruit| FruitServings { fruit: (*fruit).to_owned(), servings: 1 }).collect();
    let request = RecordProgressRequest {
        challenge_id: challenge.to_owned(),
        progress_date: Some(date(day)),
        progress_data: Some(ProgressData { fruits, amount: 0 }),
        notes: String::new(),
        auto_generated: true,
    };
    let mut progress = ProgressServiceClient::new(calls.edge.clone());
    answer("RecordProgress", progress.record_progress(calls.user(name, request)?).await)?;
    Ok(())
}
