//! Reads recipes.

use crate::error::ImportError;
use crate::graph::Graph;
use crate::recipe::Recipe;
use crate::report::Report;
use crate::text::{MOST_LINES, line};
use crate::value::Value;
use crate::{amounts, durations, images, ingredients, instructions, page, tags, yields};

/// The most characters of a name. The rest is cut off.
const LONGEST_NAME: usize = 100;

/// Properties with ingredients, the best first. The others are of older documents and of instructions in general.
const INGREDIENTS: [&str; 3] = ["recipeIngredient", "ingredients", "supply"];

/// Properties with steps, in the same way.
const STEPS: [&str; 3] = ["recipeInstructions", "step", "steps"];

/// Other properties that are carried, and reported by what reads them.
const CARRIED: [&str; 11] =
    ["name", "description", "prepTime", "cookTime", "totalTime", "recipeYield", "yield", "image", "nutrition", "type", "id"];

/// A recipe that was read, and what was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The recipe.
    pub recipe: Recipe,
    /// Names of the properties with a value that was not carried whole, such as `author` or `recipeInstructions.name`, in alphabetical order.
    /// `Recipe[1]` is the second recipe of the document.
    pub dropped: Vec<String>,
}

/// Reads the first recipe of a document: of JSON-LD, or of an HTML page with scripts of it.
///
/// Texts come without markup, with entities decoded, in NFC and with single spaces. Addresses other than whole ones with `https` are left out.
///
/// # Errors
///
/// [`ImportError`] when the document is too large or too deep, is not JSON, or has no recipe with a name.
pub fn import(document: &str) -> Result<Imported, ImportError> {
    let documents = page::read(document)?;
    let graph = Graph::of(&documents);
    let recipes = graph.recipes();
    let first = recipes.first().ok_or(ImportError::NotARecipe)?;
    let mut report = Report::default();
    let recipe = read(&graph, first, &mut report)?;
    for other in 1..recipes.len() {
        report.drop(&format!("Recipe[{other}]"));
    }
    Ok(Imported { recipe, dropped: report.into_names() })
}

fn read(graph: &Graph, recipe: &Value, report: &mut Report) -> Result<Recipe, ImportError> {
    let name = name(graph, recipe, report).ok_or(ImportError::NameMissing)?;
    let description = first_line(graph, recipe, "description", report);
    let read = Recipe {
        name,
        description,
        ingredients: first_list(recipe, &INGREDIENTS, report, |value, report| ingredients::ingredients(graph, value, report)),
        steps: first_list(recipe, &STEPS, report, |value, report| instructions::steps(graph, value, report)),
        prep_time_minutes: durations::prep_time_minutes(graph, recipe, report),
        servings: yields::servings(graph, recipe, report),
        tags: tags::tags(graph, recipe),
        image_url: recipe.get("image").and_then(|value| images::image_url(graph, value, report)),
        nutrition: recipe.get("nutrition").map(|value| amounts::nutrition(graph, value, report)).unwrap_or_default(),
    };
    for (property, value) in recipe.members() {
        let lists: [&[&str]; 4] = [&CARRIED, &INGREDIENTS, &STEPS, &tags::PROPERTIES];
        let is_carried = lists.iter().any(|list| list.contains(&property.as_str())) || property.starts_with('@');
        if !is_carried && value.says_something() {
            report.drop(property);
        }
    }
    Ok(read)
}

fn name(graph: &Graph, recipe: &Value, report: &mut Report) -> Option<String> {
    let name = first_line(graph, recipe, "name", report)?;
    let Some((end, _)) = name.char_indices().nth(LONGEST_NAME) else { return Some(name) };
    report.drop("name");
    name.get(..end).map(|start| start.trim_end().to_owned())
}

/// Returns the first text of a property that is not blank. Other texts are reported.
fn first_line(graph: &Graph, recipe: &Value, property: &str, report: &mut Report) -> Option<String> {
    let value = recipe.get(property)?;
    let values = graph.values(value);
    let lines: Vec<_> = values.iter().filter_map(|value| value.text()).map(line).filter(|line| !line.is_empty()).collect();
    let first = lines.first();
    if lines.iter().any(|line| Some(line) != first) || values.iter().any(|value| value.text().is_none()) {
        report.drop(property);
    }
    first.cloned()
}

/// Returns the lines of the first property that has some. Lines of the others are reported when they are not the same.
fn first_list(
    recipe: &Value,
    properties: &[&str],
    report: &mut Report,
    read: impl Fn(&Value, &mut Report) -> Vec<String>,
) -> Vec<String> {
    let mut first = Vec::new();
    for property in properties {
        let mut lines = recipe.get(property).map(|value| read(value, report)).unwrap_or_default();
        if lines.len() > MOST_LINES {
            lines.truncate(MOST_LINES);
            report.drop(property);
        }
        if first.is_empty() {
            first = lines;
        } else if !lines.is_empty() && lines != first {
            report.drop(property);
        }
    }
    first
}
