//! The directory: who is found, in which order, and how quickly.

use std::time::{Duration, Instant};

use orchard_proto::consultation::v1 as pb;
use orchard_testkit::answer::violations;
use pb::ProfessionalSort::{Rate, Rating};
use pb::SearchProfessionalsRequest as Search;
use pb::Specialization::{Diabetes, HeartHealth, SportsNutrition};

use crate::world::Someone::{Operator, User};
use crate::world::{World, euros, flora, id, strings};

impl World {
    /// Enters a verified professional.
    pub async fn enter(&self, request: pb::CreateProfessionalRequest) -> anyhow::Result<String> {
        let entry = self.create(Operator(id()), request).await?.professional_id;
        self.verify(&entry).await?;
        Ok(entry)
    }

    /// Searches, and returns the names.
    pub async fn names(&self, search: Search) -> anyhow::Result<Vec<String>> {
        let found = self.search(search).await?.professionals;
        Ok(found.into_iter().map(|found| found.professional_name).collect())
    }
}

pub fn named(
    name: &str,
    bio: &str,
    fields: &[pb::Specialization],
    languages: &[&str],
    cents: i64,
) -> pb::CreateProfessionalRequest {
    pb::CreateProfessionalRequest {
        professional_name: name.to_owned(),
        bio: bio.to_owned(),
        specializations: fields.iter().map(|field| i32::from(*field)).collect(),
        languages: strings(languages),
        consultation_rate: euros(cents).filter(|_| cents > 0),
        request_id: id().to_string(),
        ..flora()
    }
}

#[tokio::test]
async fn all_conditions_must_hold() -> anyhow::Result<()> {
    let world = World::start().await?;
    for (request, rating) in [
        (named("Anna Müller", "Diabetes in old age", &[Diabetes], &["German", "English"], 5_000), "4.50"),
        (named("Bao Trần", "Hearts, sport-nutrition, ΜΑΡΙΟΣ", &[HeartHealth, SportsNutrition], &["English"], 8_000), "3.99"),
        (named("Cleo Annan", "", &[Diabetes, HeartHealth], &["French"], 0), "0.00"),
    ] {
        let entry = world.enter(request).await?;
        let client = world.slice.schema.connect().await?;
        let rate = format!("UPDATE health_professionals SET rating_average = {rating}, updated_at = now() WHERE id = '{entry}'");
        client.batch_execute(&rate).await?;
    }
    let all = ["Anna Müller", "Bao Trần", "Cleo Annan"];
    let (anna, bao, cleo) = (all[0], all[1], all[2]);
    let fields = |fields: &[pb::Specialization]| fields.iter().map(|field| i32::from(*field)).collect::<Vec<_>>();
    let text = |text: &str| Search { text: text.to_owned(), ..Default::default() };
    for (search, expected) in [
        (Search::default(), &all[..]),
        (text("ann"), &[anna, cleo]),
        (text("ANN mü"), &[anna]),
        (text("nutri"), &[bao]),
        (text("ΜΑΡΙΟΣ"), &[bao]),
        (text("sport-nutrition hearts"), &[bao]),
        (text("'nutrition' & !bao"), &[bao]),
        (text("age hearts"), &[]),
        (Search { any_specializations: fields(&[SportsNutrition, Diabetes]), ..Default::default() }, &all),
        (Search { all_specializations: fields(&[HeartHealth, Diabetes]), ..Default::default() }, &[cleo]),
        (Search { any_languages: strings(&["German", "French"]), ..Default::default() }, &[anna, cleo]),
        (Search { all_languages: strings(&["German", "English"]), ..Default::default() }, &[anna]),
        (Search { max_rate: euros(8_000), ..Default::default() }, &[anna, bao]),
        (Search { max_rate: euros(7_999), ..Default::default() }, &[anna]),
        (Search { min_rating: "4".to_owned(), ..Default::default() }, &[anna]),
        (Search { min_rating: "1".to_owned(), ..Default::default() }, &[anna, bao]),
        (Search { sort: Rate.into(), ..Default::default() }, &[anna, bao]),
        (Search { text: "ann".to_owned(), any_languages: strings(&["French"]), ..Default::default() }, &[cleo]),
    ] {
        assert_eq!(world.names(search.clone()).await?, expected, "{search:?}");
    }
    Ok(())
}

#[tokio::test]
async fn only_the_verified_and_available_are_listed() -> anyhow::Result<()> {
    let world = World::start().await?;
    let own = User(id());
    let entry = world.create(own, flora()).await?;
    let found = async || world.search(Search::default()).await.map(|page| page.professionals.len());
    assert_eq!(found().await?, 0, "pending");
    world.verify(&entry.professional_id).await?;
    let listed = world.search(Search::default()).await?.professionals;
    let expected = pb::ProfessionalSummary {
        professional_id: entry.professional_id.clone(),
        professional_name: entry.professional_name.clone(),
        credentials: entry.credentials.clone(),
        specializations: entry.specializations.clone(),
        years_experience: entry.years_experience,
        consultation_rate: entry.consultation_rate.clone(),
        languages: entry.languages.clone(),
        profile_image_url: entry.profile_image_url.clone(),
        verification_status: pb::VerificationStatus::Verified.into(),
        rating_average: None,
        total_consultations: 0,
        create_time: entry.create_time,
        next_slot_time: None,
    };
    assert_eq!(listed, [expected]);
    let away = |is_available| pb::Professional { is_available, etag: String::new(), ..entry.clone() };
    world.update(own, away(false), &["is_available"]).await?;
    assert_eq!(found().await?, 0, "not available");
    world.update(own, away(true), &["is_available"]).await?;
    assert_eq!(found().await?, 1);
    world.suspend(&entry.professional_id, "Why").await?;
    assert_eq!(found().await?, 0, "suspended");
    Ok(())
}

#[tokio::test]
async fn a_search_is_refused_by_field() -> anyhow::Result<()> {
    let world = World::start().await?;
    let bad = Search {
        text: "…".to_owned(),
        any_specializations: vec![0],
        all_specializations: vec![1, 2, 3, 1],
        any_languages: vec![String::new()],
        all_languages: strings(&["x"; 21]),
        max_rate: Some(orchard_proto::google::r#type::Money { nanos: 5, ..euros(1).expect("money") }),
        min_rating: "0".to_owned(),
        sort: 9,
        page_size: -1,
        page_token: "x".to_owned(),
        next_slot_before_time: Some(prost_types::Timestamp { seconds: -1, nanos: 0 }),
    };
    let paths = [
        "text",
        "any_specializations[0]",
        "all_specializations",
        "any_languages[0]",
        "all_languages",
        "max_rate",
        "min_rating",
        "next_slot_before_time",
        "sort",
        "page_size",
        "page_token",
    ];
    assert_eq!(violations(world.search(bad).await), paths);
    Ok(())
}

/// Fills the directory with professionals, of whom many share rates and ratings.
pub async fn fill(world: &World, count: i32) -> anyhow::Result<tokio_postgres::Client> {
    let client = world.slice.schema.connect().await?;
    let fill = format!(
        "INSERT INTO health_professionals (professional_name, bio, specializations, languages, consultation_rate, rating_average,
           verification_status)
         SELECT 'Doctor N' || n, 'Knows all of word' || n % 1000,
           CASE WHEN n % 500 = 0 THEN ARRAY['sports_nutrition'] WHEN n % 2 = 0 THEN ARRAY['diabetes']
             ELSE ARRAY['heart_health', 'diabetes'] END,
           ARRAY['English', 'L' || n % 500], CASE WHEN n % 10 > 0 THEN n % 90 END, (n % 401) / 100.0 + 1, 'verified'
         FROM generate_series(1, {count}) AS n"
    );
    client.batch_execute(&fill).await?;
    // Without it the indexes have most entries in lists that are not sorted yet.
    client.batch_execute("VACUUM ANALYZE health_professionals").await?;
    Ok(client)
}

#[tokio::test]
async fn pages_list_everyone_once_in_either_order() -> anyhow::Result<()> {
    let world = World::start().await?;
    let client = fill(&world, 700).await?;
    for (sort, order) in [(Rating, "rating_average DESC, id DESC"), (Rate, "consultation_rate, id DESC")] {
        let with_rate = if sort == Rate { "WHERE consultation_rate IS NOT NULL" } else { "" };
        let rows = client.query(&format!("SELECT id::text FROM health_professionals {with_rate} ORDER BY {order}"), &[]).await?;
        let expected: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        let (user, mut seen, mut page_token) = (id(), Vec::new(), String::new());
        loop {
            let search = Search { sort: sort.into(), page_size: 93, page_token, ..Default::default() };
            let page = world.search_as(user, search).await?;
            seen.extend(page.professionals.into_iter().map(|found| found.professional_id));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        assert_eq!(seen, expected, "{sort:?}");
    }
    let user = id();
    let first = Search { page_size: 5, ..Default::default() };
    let token = world.search_as(user, first.clone()).await?.next_page_token;
    let next = Search { page_token: token, ..first };
    let changed = Search { sort: Rate.into(), ..next.clone() };
    assert_eq!(violations(world.search_as(user, changed).await), ["page_token"]);
    assert_eq!(violations(world.search_as(id(), next).await), ["page_token"]);
    Ok(())
}

#[tokio::test]
async fn a_large_directory_is_searched_through_its_indexes() -> anyhow::Result<()> {
    let world = World::start().await?;
    let client = fill(&world, 50_000).await?;
    let listed = "verification_status = 'verified' AND is_available";
    for (condition, index) in [
        ("languages && ARRAY['L7', 'L8']".to_owned(), "health_professionals_languages_idx"),
        ("languages @> ARRAY['L7', 'English']".to_owned(), "health_professionals_languages_idx"),
        ("specializations @> ARRAY['sports_nutrition']".to_owned(), "idx_health_professionals_specialization"),
        ("specializations && ARRAY['sports_nutrition']".to_owned(), "idx_health_professionals_specialization"),
        ("words @@ to_tsquery('simple', '''word777'':*')".to_owned(), "health_professionals_words_idx"),
        ("TRUE".to_owned(), "health_professionals_by_rating_idx"),
    ] {
        let query = format!(
            "EXPLAIN SELECT id FROM health_professionals WHERE {listed} AND {condition} ORDER BY rating_average DESC, id DESC LIMIT 51"
        );
        let plan = client.query(&query, &[]).await?.iter().map(|row| row.get(0)).collect::<Vec<String>>().join("\n");
        assert!(plan.contains(index), "{plan}");
    }
    let of = |position: usize| match position % 5 {
        0 => Search { any_languages: strings(&[&format!("L{position}"), "L3"]), ..Default::default() },
        1 => Search { text: format!("word{position}"), ..Default::default() },
        2 => Search { all_specializations: vec![HeartHealth.into(), Diabetes.into()], sort: Rate.into(), ..Default::default() },
        3 => Search { max_rate: euros(4_000), min_rating: "4.5".to_owned(), ..Default::default() },
        _ => Search { all_languages: strings(&["English"]), ..Default::default() },
    };
    let (user, mut took) = (id(), Vec::new());
    for position in 0..200 {
        let begun = Instant::now();
        assert!(!world.search_as(user, of(position)).await?.professionals.is_empty(), "{position}");
        took.push(begun.elapsed());
    }
    took.sort();
    // A release takes a fraction of this. The limit is loose because other tests run beside this one.
    assert!(took[198] < Duration::from_millis(200), "{took:?}");
    Ok(())
}
