//! Documents as pages carry them, some broken on purpose, with the answers worked out by hand.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::answer::answer;

#[test]
fn documents_are_answered() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/documents");
    let mut names: Vec<_> = fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    names.retain(|path| !path.to_string_lossy().ends_with(".expected.json"));
    assert!(names.len() >= 45);
    for path in names {
        let document = fs::read_to_string(&path).expect("a document");
        let expected = fs::read_to_string(path.with_extension("expected.json")).expect("an answer");
        let expected: Value = serde_json::from_str(&expected).expect("JSON");
        assert_eq!(answer(&document), expected, "{}", path.display());
    }
}

#[test]
fn a_page_is_answered_like_its_script() {
    let recipe = r#"{"@context":"https://schema.org","@type":"Recipe","name":"Pears","recipeIngredient":["200 g pears"]}"#;
    let page = format!(
        "<!DOCTYPE html><html><head><script type=\"application/ld+json\">{recipe}</script></head><body>Pears</body></html>"
    );
    assert_eq!(answer(&page), answer(recipe));
    assert_eq!(answer(recipe)["ingredients"], json!(["200 g pears"]));
}

#[test]
fn a_long_name_is_cut_and_said() {
    let name = "Pear ".repeat(40);
    let answer = answer(&json!({"@type": "Recipe", "name": name}).to_string());
    assert_eq!((&answer["name"], &answer["dropped"]), (&json!(name[..99]), &json!(["name"])));
}

#[test]
fn properties_of_other_names_are_read_when_the_usual_ones_are_absent() {
    let older = answer(
        r#"{"@type":"Recipe","name":"Pears","supply":[{"@type":"HowToSupply","name":"pears"}],"step":{"@type":"HowToStep","text":"Slice."}}"#,
    );
    assert_eq!((&older["ingredients"], &older["steps"], &older["dropped"]), (&json!(["pears"]), &json!(["Slice."]), &json!([])));
    let both =
        answer(r#"{"@type":"Recipe","name":"Pears","recipeIngredient":["pears"],"ingredients":["pears"],"supply":"figs"}"#);
    assert_eq!((&both["ingredients"], &both["dropped"]), (&json!(["pears"]), &json!(["supply"])));
}

#[test]
fn hostile_documents_are_refused_or_neutralised() {
    let deep = format!(r#"{{"@type":"Recipe","name":"Pears","recipeInstructions":{}{}}}"#, "[".repeat(3_000), "]".repeat(3_000));
    let circle =
        r##"{"@type":"Recipe","name":"Pears","recipeInstructions":{"@id":"#s","itemListElement":[{"@id":"#s"},"Slice."]}}"##;
    let scripts = r#"{"@type":"Recipe","name":"<script>alert(1)</script>Pears","recipeInstructions":"<img src=x onerror=alert(1)","image":"javascript:alert(1)"}"#;
    let table = [
        (" ".repeat(10 << 20), json!({"error": "TOO_LARGE"})),
        (deep, json!({"error": "TOO_DEEP"})),
        (format!(r#"{{"@type":"Recipe","name":[{}]}}"#, r#""a","#.repeat(60_000)), json!({"error": "TOO_LARGE"})),
    ];
    for (document, expected) in table {
        assert_eq!(answer(&document), expected);
    }
    let lines = answer(&json!({"@type": "Recipe", "name": "Pears", "recipeInstructions": "Slice.\n".repeat(1_500)}).to_string());
    assert_eq!((lines["steps"].as_array().map(Vec::len), &lines["dropped"]), (Some(1_000), &json!(["recipeInstructions"])));
    assert!(answer(circle)["steps"].as_array().is_some_and(|steps| steps.len() <= 66 && steps.contains(&json!("Slice."))));
    let answer = answer(scripts);
    assert_eq!((&answer["name"], &answer["image_url"], &answer["dropped"]), (&json!("Pears"), &Value::Null, &json!(["image"])));
    assert!(!answer.to_string().contains('<'), "{answer}");
}
