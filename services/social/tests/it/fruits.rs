//! The list of fruits, and fruits in challenges.

use std::collections::BTreeSet;

use orchard_proto::social::v1 as pb;
use orchard_proto::social::v1::fruit_service_client::FruitServiceClient;
use orchard_testkit::answer::violations;
use pb::Hemisphere::{Northern, Southern};
use tonic::Status;
use uuid::Uuid;

use crate::world::{World, days_ago, id, new_challenge};

impl World {
    async fn fruits(&self, request: pb::ListFruitsRequest) -> Result<pb::ListFruitsResponse, Status> {
        // Tokens are the caller's.
        let mut client = FruitServiceClient::new(self.slice.user(Uuid::from_u128(7)).expect("client"));
        Ok(client.list_fruits(request).await?.into_inner())
    }

    /// Lists all pages.
    async fn all_fruits(&self, hemisphere: pb::Hemisphere, month: i32, page_size: i32) -> Result<Vec<pb::Fruit>, Status> {
        let (mut fruits, mut page_token) = (Vec::new(), String::new());
        loop {
            let page = self.fruits(pb::ListFruitsRequest { hemisphere: hemisphere.into(), month, page_size, page_token }).await?;
            assert!(page.version > 0);
            fruits.extend(page.fruits);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return Ok(fruits);
            }
        }
    }
}

#[tokio::test]
async fn all_fruits_are_listed_ordered_by_name() -> anyhow::Result<()> {
    let world = World::start().await?;
    let all = world.all_fruits(pb::Hemisphere::Unspecified, 0, 200).await?;
    assert!((80..=200).contains(&all.len()), "{}", all.len());
    assert!(all.is_sorted_by(|one, next| one.name < next.name));
    for size in [1, 7, 50] {
        assert_eq!(world.all_fruits(pb::Hemisphere::Unspecified, 0, size).await?, all, "in pages of {size}");
    }
    assert_eq!(world.fruits(pb::ListFruitsRequest::default()).await?.fruits, all[..50]);
    let kiwi = all.iter().find(|fruit| fruit.name == "kiwi").expect("kiwi");
    assert!(kiwi.aliases.contains(&"kiwis".to_owned()) && kiwi.aliases.contains(&"kiwifruit".to_owned()));
    assert_eq!((&*kiwi.northern_months, &*kiwi.southern_months), (&[1, 2, 3, 10, 11, 12][..], &[4, 5, 6, 7, 8, 9][..]));
    Ok(())
}

#[tokio::test]
async fn fruits_in_season_are_listed_by_hemisphere_and_month() -> anyhow::Result<()> {
    let world = World::start().await?;
    let all = world.all_fruits(pb::Hemisphere::Unspecified, 0, 200).await?;
    for month in 1..=12 {
        let names = |fruits: &[&pb::Fruit]| fruits.iter().map(|fruit| fruit.name.clone()).collect::<Vec<_>>();
        let northern: Vec<_> = all.iter().filter(|fruit| fruit.northern_months.contains(&month)).collect();
        let listed = world.all_fruits(Northern, month, 9).await?;
        assert_eq!(names(&listed.iter().collect::<Vec<_>>()), names(&northern), "{month}");
        let opposite = world.all_fruits(Southern, (month + 5) % 12 + 1, 200).await?;
        assert_eq!(opposite, listed, "{month}, and half a year later in the south");
    }
    let july: BTreeSet<_> = world.all_fruits(Northern, 7, 200).await?.into_iter().map(|fruit| fruit.name).collect();
    assert!(july.contains("peach") && july.contains("banana") && !july.contains("mandarin"));
    Ok(())
}

#[tokio::test]
async fn invalid_requests_are_refused_by_field() -> anyhow::Result<()> {
    let world = World::start().await?;
    let season = |hemisphere, month| pb::ListFruitsRequest { hemisphere, month, ..Default::default() };
    let table = [
        (season(0, 7), vec!["hemisphere"]),
        (season(Northern.into(), 0), vec!["month"]),
        (season(Southern.into(), 13), vec!["month"]),
        (season(Southern.into(), -1), vec!["month"]),
        (season(9, i32::MAX), vec!["hemisphere", "month"]),
        (pb::ListFruitsRequest { page_size: -1, ..season(0, 0) }, vec!["page_size"]),
        (pb::ListFruitsRequest { page_token: "x".to_owned(), ..season(9, 0) }, vec!["hemisphere", "month", "page_token"]),
    ];
    for (request, paths) in table {
        assert_eq!(violations(world.fruits(request.clone()).await), paths, "{request:?}");
    }
    let page_token = world.fruits(pb::ListFruitsRequest { page_size: 1, ..season(Northern.into(), 7) }).await?.next_page_token;
    for (hemisphere, month) in [(0, 0), (Northern.into(), 8), (Southern.into(), 7)] {
        let request = pb::ListFruitsRequest { page_token: page_token.clone(), ..season(hemisphere, month) };
        assert_eq!(violations(world.fruits(request).await), ["page_token"]);
    }
    Ok(())
}

/// All names of a fruit count as the same fruit.
#[tokio::test]
async fn challenges_accept_fruits_by_name_and_alias() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let user = id();
    let seasonal = |fruits: &[&str]| {
        let fruits = fruits.iter().map(ToString::to_string).collect();
        Some(pb::Scoring { rule: Some(pb::scoring::Rule::Seasonal(pb::SeasonalScoring { fruits, daily_cap: 50 })) })
    };
    let request = |scoring| pb::CreateChallengeRequest { scoring, ..new_challenge() };
    let unknown = world.create(user, request(seasonal(&["Kakis", "moonfruit", "potato"]))).await;
    assert_eq!(violations(unknown), ["scoring.seasonal.fruits[1]", "scoring.seasonal.fruits[2]"]);

    let made = world.create(user, request(seasonal(&["Pears", " KAKI", "sharon  fruit", "pear", "star-fruit"]))).await?;
    assert_eq!(made.scoring, seasonal(&["pear", "persimmon", "star fruit"]));
    world.join(user, &made.challenge_id).await?;
    let eaten = [("persimmons", 3), ("Starfruit", 2), ("apples", 9)];
    let day = world.record(user, &made.challenge_id, days_ago(0), &eaten, 0).await?.day.expect("a day");
    assert_eq!(day.daily_score, 5);
    let stored: Vec<_> = day.progress_data.expect("data").fruits.into_iter().map(|eaten| (eaten.fruit, eaten.servings)).collect();
    assert_eq!(stored, [("persimmon".to_owned(), 3), ("star fruit".to_owned(), 2), ("apple".to_owned(), 9)]);

    let variety = Some(pb::Scoring { rule: Some(pb::scoring::Rule::Variety(pb::VarietyScoring { daily_cap: 50 })) });
    let challenge = world.create(user, request(variety)).await?.challenge_id;
    world.join(user, &challenge).await?;
    let twice = [("kaki", 1), ("Persimmon", 1), ("litchi", 1), ("lychees", 1), ("melon", 1), ("watermelon", 1)];
    let paths = violations(world.record(user, &challenge, days_ago(0), &twice, 0).await);
    assert_eq!(paths, ["progress_data.fruits[1].fruit", "progress_data.fruits[3].fruit"]);
    let once = [("kaki", 1), ("litchi", 1), ("melon", 1), ("watermelon", 1)];
    let day = world.record(user, &challenge, days_ago(0), &once, 0).await?.day.expect("a day");
    assert_eq!(day.daily_score, 4);
    Ok(())
}
