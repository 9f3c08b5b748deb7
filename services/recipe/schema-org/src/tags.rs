//! Tags.

use std::collections::HashSet;

use crate::graph::Graph;
use crate::text::line;
use crate::value::Value;

/// Properties with tags, in their order.
pub(crate) const PROPERTIES: [&str; 4] = ["keywords", "recipeCategory", "recipeCuisine", "suitableForDiet"];

/// Returns the tags of a recipe: in lower case, each once.
pub(crate) fn tags(graph: &Graph, recipe: &Value) -> Vec<String> {
    let (mut tags, mut known) = (Vec::new(), HashSet::new());
    for value in PROPERTIES.iter().filter_map(|name| recipe.get(name)).flat_map(|value| graph.values(value)) {
        let source = value
            .text()
            .or_else(|| ["name", "termCode", "url", "@id"].iter().find_map(|name| value.get(name)?.text()))
            .unwrap_or_default();
        for part in line(source).split([',', ';']) {
            let tag = line(&diet(part.trim()).unwrap_or_else(|| part.to_lowercase())).trim_start_matches(['#', ' ']).to_owned();
            if !tag.is_empty() && known.insert(tag.clone()) {
                tags.push(tag);
            }
        }
    }
    tags
}

/// Returns the name of a diet of schema.org, such as `https://schema.org/GlutenFreeDiet`: `gluten-free`.
fn diet(text: &str) -> Option<String> {
    let name = text.rsplit(['/', ':']).next().unwrap_or(text).strip_suffix("Diet")?;
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return None;
    }
    let mut spelled = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !spelled.is_empty() {
            spelled.push('-');
        }
        spelled.push(c.to_ascii_lowercase());
    }
    Some(spelled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::read;

    #[test]
    fn tags_are_gathered_once() {
        let document = r##"{"keywords": ["Autumn, gluten-free; Dessert,, autumn ", {"@type": "DefinedTerm", "name": "Quick"}, "#Easy"],
            "recipeCategory": "dessert", "recipeCuisine": ["French"], "suitableForDiet": ["https://schema.org/GlutenFreeDiet", "VeganDiet", "Keto"]}"##;
        let documents = read(document).expect("a document");
        let tags = tags(&Graph::of(&documents), documents.first().expect("a value"));
        assert_eq!(tags, ["autumn", "gluten-free", "dessert", "quick", "easy", "french", "vegan", "keto"]);
    }

    #[test]
    fn diets_are_spelled() {
        let table =
            [("http://schema.org/LowCalorieDiet", Some("low-calorie")), ("Diet", None), ("my own Diet", None), ("diet", None)];
        for (text, expected) in table {
            assert_eq!(diet(text).as_deref(), expected, "{text}");
        }
    }
}
