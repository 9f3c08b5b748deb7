//! What is written is read as the same, and any document is read or refused.

use std::fs;
use std::path::Path;

use fastrand::Rng;
use orchard_schema_org::{NutritionFacts, Recipe, export, import};
use serde_json::Value;

/// Parts of texts, some of which an import changes.
const PARTS: [&str; 40] = [
    "pears",
    "200 g",
    "½",
    "crème",
    "e\u{301}",
    "🍐",
    "&",
    "&amp;",
    "&lt;b&gt;",
    "<",
    ">",
    "<b>",
    "</p>",
    "<script>",
    "a < b",
    "5 > 3",
    "\"",
    "'",
    "\\",
    "\n",
    "\t",
    "\u{a0}",
    "\u{200b}",
    "1.",
    "2)",
    "Step 3:",
    "- ",
    "•",
    ",",
    ";",
    "#",
    "Vegan",
    "Diet",
    "{",
    "}",
    "[",
    "//",
    "<!--",
    "\0",
    "PT5M",
];

fn text(random: &mut Rng) -> String {
    (0..random.usize(1..8)).map(|_| PARTS[random.usize(..PARTS.len())]).collect::<Vec<_>>().join(if random.bool() {
        " "
    } else {
        ""
    })
}

fn texts(random: &mut Rng) -> Vec<String> {
    (0..random.usize(..5)).map(|_| text(random)).collect()
}

fn recipe(random: &mut Rng) -> Recipe {
    let amount =
        |random: &mut Rng| format!("{}.{}", random.u16(..2_000), random.u16(..1_000)).parse().ok().filter(|_| random.bool());
    Recipe {
        name: format!("Pears {}", text(random)),
        description: random.bool().then(|| text(random)),
        ingredients: texts(random),
        steps: texts(random),
        prep_time_minutes: random.bool().then(|| random.u32(1..=10_080)),
        servings: random.bool().then(|| random.u32(1..=1_000)),
        tags: texts(random),
        image_url: random.bool().then(|| format!("https://example.org/{}.jpg", random.u32(..))),
        nutrition: NutritionFacts {
            energy_kcal: amount(random),
            sodium_mg: amount(random),
            fat_g: amount(random),
            ..NutritionFacts::default()
        },
    }
}

fn seeded() -> Rng {
    let seed = fastrand::u64(..);
    eprintln!("seed {seed}");
    Rng::with_seed(seed)
}

#[test]
fn a_recipe_is_written_and_read_as_the_same() {
    let mut random = seeded();
    for _ in 0..2_000 {
        // Reading once takes out of the texts what no import carries.
        let read = import(&export(&recipe(&mut random))).expect("a recipe").recipe;
        let again = import(&export(&read)).expect("a recipe");
        assert_eq!(again.recipe, read);
        assert_eq!(again.dropped, [""; 0], "{read:?}");
    }
}

#[test]
fn plain_texts_are_not_changed() {
    let plain = Recipe {
        name: "Pears & crème <3 \"quick\"".to_owned(),
        description: Some("Whip < 5 minutes at 20 °C; a/b \\ c".to_owned()),
        ingredients: vec!["½ cup pears, sliced".to_owned(), "1.5 cups 2% milk".to_owned()],
        steps: vec!["Heat to 180 °C. 2. is no step.".to_owned()],
        prep_time_minutes: Some(90),
        servings: Some(4),
        tags: vec!["gluten-free".to_owned(), "autumn".to_owned()],
        image_url: Some("https://example.org/p.jpg?w=1&h=2".to_owned()),
        nutrition: NutritionFacts {
            energy_kcal: "239.006".parse().ok(),
            protein_g: "0".parse().ok(),
            ..NutritionFacts::default()
        },
    };
    let imported = import(&export(&plain)).expect("a recipe");
    assert_eq!((imported.recipe, imported.dropped), (plain, vec![]));
}

#[test]
fn what_is_written_is_a_recipe_of_schema_org() {
    let mut random = seeded();
    for _ in 0..200 {
        let written = export(&recipe(&mut random));
        assert!(!written.contains('<'));
        let document: Value = serde_json::from_str(&written).expect("JSON");
        assert_eq!((&document["@context"], &document["@type"]), (&"https://schema.org".into(), &"Recipe".into()));
        for (property, value) in document.as_object().expect("an object") {
            // The types that schema.org expects of each property.
            let is_expected = match property.as_str() {
                "@context" | "@type" | "name" | "description" | "recipeYield" => value.is_string(),
                "image" => value.as_str().is_some_and(|address| address.starts_with("https://")),
                "prepTime" => value.as_str().is_some_and(|text| text.starts_with("PT") && text.ends_with('M')),
                "keywords" | "recipeIngredient" => value.as_array().is_some_and(|list| list.iter().all(Value::is_string)),
                "recipeInstructions" => value.as_array().is_some_and(|list| list.iter().all(is_step)),
                "nutrition" => {
                    value["@type"] == "NutritionInformation"
                        && value.as_object().is_some_and(|facts| facts.values().all(Value::is_string))
                }
                _ => false,
            };
            assert!(is_expected, "{property}: {value}");
        }
    }
}

fn is_step(step: &Value) -> bool {
    step["@type"] == "HowToStep" && step["text"].is_string()
}

#[test]
fn changed_documents_are_read_or_refused() {
    let mut random = seeded();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/documents");
    let documents: Vec<String> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| fs::read_to_string(entry.expect("an entry").path()).expect("a text"))
        .collect();
    for _ in 0..3_000 {
        let mut chars: Vec<char> = documents[random.usize(..documents.len())].chars().collect();
        for _ in 0..random.usize(1..6) {
            let at = random.usize(..chars.len());
            match random.u8(..4) {
                0 => chars[at] = char::from(random.u8(b' '..b'~')),
                1 => chars.insert(at, PARTS[random.usize(..PARTS.len())].chars().next().unwrap_or(' ')),
                2 => chars.truncate(at.max(1)),
                _ => chars.extend_from_within(at..),
            }
        }
        let document: String = chars.into_iter().collect();
        if let Ok(imported) = import(&document) {
            let again = import(&export(&imported.recipe)).expect("a recipe");
            assert_eq!(again.recipe, imported.recipe, "{document}");
        }
    }
}
