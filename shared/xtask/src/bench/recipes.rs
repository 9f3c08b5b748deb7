//! Recipes for the benchmark of search, and the texts that are asked for.

use anyhow::Result;
use tokio_postgres::Client;
use uuid::Uuid;

use super::data::{HOLDERS, holder};

/// Names of real dishes with fruit, whose words the recipes have.
const NAMES: &str = include_str!("../../../../services/recipe/tests/it/search/names.txt");
/// Number, kind, text, the name to be found first.
const QUERIES: &str = include_str!("../../../../services/recipe/tests/it/search/must_find.csv");
/// Words beside those of names, and ends of words that make others of them: real recipes have many rare words.
const PANTRY: &str = "sugar butter flour eggs milk cream vanilla cinnamon salt water honey oats yeast ginger cardamom nutmeg cloves sesame \
    almonds walnuts hazelnuts pistachios olive oil vinegar pepper mustard paprika cumin basil thyme rosemary parsley chives";
const ENDS: [&str; 12] = ["ette", "ini", "kuchen", "ado", "isch", "ine", "ola", "erie", "ling", "oux", "ard", "ita"];
const TAGS: [&str; 12] = [
    "vegan",
    "vegetarian",
    "gluten-free",
    "summer",
    "autumn",
    "winter",
    "spring",
    "dessert",
    "breakfast",
    "snack",
    "quick",
    "party",
];
/// Recipes that are inserted at once.
const BATCH: u64 = 1_000;

/// Numbers that look random, and are the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % most as u64) as usize
    }

    fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }
}

/// Returns the texts that are asked for.
pub fn texts() -> Vec<String> {
    // The one with a comma is in quotation marks.
    let text = |line: &str| match line.split_once('"') {
        Some((_, rest)) => rest.split('"').next().map(str::to_owned),
        None => line.split(',').nth(2).map(str::to_owned),
    };
    QUERIES.lines().skip(1).filter_map(text).collect()
}

/// The columns of some recipes.
#[derive(Default)]
struct Rows {
    ids: Vec<Uuid>,
    authors: Vec<Uuid>,
    names: Vec<String>,
    descriptions: Vec<String>,
    ingredients: Vec<String>,
    tags: Vec<String>,
    minutes: Vec<i32>,
    stars: Vec<i32>,
}

impl Rows {
    fn add(&mut self, number: u64, dice: &mut Dice, names: &[&str], pantry: &[&str]) {
        let split = |name: &'static str| name.split(' ').collect::<Vec<_>>();
        let all: &[&'static str] = &NAMES.lines().collect::<Vec<_>>();
        let (one, other) = (split(all[dice.below(all.len())]), split(all[dice.below(all.len())]));
        let name = match names.get(number as usize) {
            Some(name) => (*name).to_owned(),
            None => match dice.below(4) {
                0 => format!("{} {}", one[0], other[1.min(other.len() - 1)..].join(" ")),
                1 => format!("{} with {}", one.join(" "), dice.of(pantry)),
                2 => format!("{} {}{}", one[..one.len() - 1].join(" "), dice.of(pantry), dice.of(&ENDS)),
                _ => format!("{} {}", one.join(" "), other[other.len() - 1]),
            },
        };
        let words = |dice: &mut Dice, count: usize| {
            (0..count)
                .map(|_| {
                    if dice.below(4) == 0 { format!("{}{}", dice.of(pantry), dice.of(&ENDS)) } else { dice.of(pantry).to_owned() }
                })
                .collect::<Vec<_>>()
        };
        let extra = dice.below(8);
        let foods = [one[0].to_lowercase(), other[0].to_lowercase()].into_iter().chain(words(dice, 3 + extra));
        let foods: Vec<_> = foods.map(|food| serde_json::json!({ "food": food })).collect();
        let count = 10 + dice.below(20);
        let said = words(dice, count).join(" ");
        self.ids.push(Uuid::from_u128(0x0190_0000_0000_7000_8007_0000_0000_0000 | u128::from(number)));
        self.authors.push(holder(number % HOLDERS + 1));
        self.names.push(name.chars().take(100).collect());
        self.descriptions.push(format!("{} {said}", other.join(" ")));
        self.ingredients.push(serde_json::Value::from(foods).to_string());
        self.tags.push([dice.of(&TAGS), dice.of(&TAGS)].join(","));
        self.minutes.push(i32::try_from(5 + 5 * dice.below(30)).unwrap_or_default());
        self.stars.push(i32::try_from(dice.below(9)).unwrap_or_default());
    }

    async fn insert(self, client: &Client) -> Result<()> {
        let sql = "
            INSERT INTO recipe.user_recipes (id, user_id, recipe_name, description, ingredients, instructions, tags, prep_time_minutes,
                                             difficulty_level, ratings_5, ratings_3)
            SELECT id, author, name, description, ingredients::jsonb, 'Stir. Bake. Serve.', string_to_array(tags, ','), minutes,
                   1 + minutes % 5, stars, minutes % 4
            FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int[], $8::int[])
              AS r (id, author, name, description, ingredients, tags, minutes, stars)";
        let columns: [&(dyn tokio_postgres::types::ToSql + Sync); 8] = [
            &self.ids,
            &self.authors,
            &self.names,
            &self.descriptions,
            &self.ingredients,
            &self.tags,
            &self.minutes,
            &self.stars,
        ];
        client.execute(sql, &columns).await?;
        Ok(())
    }
}

/// Adds the recipes `from..to`, the first of which have the names themselves. They are not indexed.
pub async fn insert(client: &Client, from: u64, to: u64) -> Result<()> {
    let holders: Vec<Uuid> = (1..=HOLDERS).map(holder).collect();
    client.execute("INSERT INTO recipe.users (id) SELECT unnest($1::uuid[]) ON CONFLICT DO NOTHING", &[&holders]).await?;
    let names: Vec<&str> = NAMES.lines().collect();
    let pantry: Vec<&str> = PANTRY.split_whitespace().collect();
    let mut dice = Dice(88_172_645_463_325_252 ^ from);
    let mut next = from;
    while next < to {
        let mut rows = Rows::default();
        let end = to.min(next + BATCH);
        (next..end).for_each(|number| rows.add(number, &mut dice, &names, &pantry));
        rows.insert(client).await?;
        next = end;
    }
    Ok(())
}

/// The same recipes as others search them: with trigrams, and with full text.
pub const OTHERS: &str = "
    CREATE SCHEMA IF NOT EXISTS bench;
    SET search_path = bench, extensions;
    SET pg_trgm.word_similarity_threshold = 0.5;
    DROP TABLE IF EXISTS recipes;
    CREATE TABLE recipes AS
    SELECT id, lower(unaccent(recipe_name)) AS name, lower(unaccent(description)) AS description,
           setweight(to_tsvector('english', unaccent(recipe_name)), 'A') || setweight(to_tsvector('english', array_to_string(tags, ' ')), 'B')
           || setweight(to_tsvector('english', jsonb_path_query_array(ingredients, '$[*].food')::text), 'C')
           || setweight(to_tsvector('english', unaccent(description)), 'D') AS words
    FROM recipe.user_recipes;
    ALTER TABLE recipes ADD PRIMARY KEY (id);
    CREATE INDEX ON recipes USING gin (name gin_trgm_ops);
    CREATE INDEX ON recipes USING gin (description gin_trgm_ops);
    CREATE INDEX ON recipes USING gin (words);";
/// As Mealie searches: words of name or description that are alike by their trigrams, the most alike names first.
pub const TRIGRAMS: &str =
    "SELECT id, name, description FROM recipes WHERE name %> $1 OR description %> $1 ORDER BY name <->> $1 LIMIT 50";
/// PostgreSQL's full text, in English.
pub const FULL_TEXT: &str =
    "SELECT id, name, description FROM recipes, websearch_to_tsquery('english', $1) query WHERE words @@ query
    ORDER BY ts_rank(words, query) DESC, id LIMIT 50";
