//! Ingredient lines.

use crate::graph::{Graph, MOST_LEVELS};
use crate::report::Report;
use crate::text::{line, lines};
use crate::value::Value;

const PROPERTY: &str = "recipeIngredient";

/// Returns the ingredient lines. A single text has one on each of its lines.
pub(crate) fn ingredients(graph: &Graph, value: &Value, report: &mut Report) -> Vec<String> {
    let mut sources = Vec::new();
    for value in graph.values(value) {
        collect(graph, value, &mut sources, report, 0);
    }
    let split = match &*sources {
        [source] => lines(source),
        _ => sources.iter().map(|source| line(source)).collect(),
    };
    split.iter().map(|line| without_bullet(line).to_owned()).filter(|line| !line.is_empty()).collect()
}

fn collect(graph: &Graph, value: &Value, sources: &mut Vec<String>, report: &mut Report, level: usize) {
    if level > MOST_LEVELS {
        return report.drop_inner(PROPERTY, "itemListElement");
    }
    if let Some(text) = value.text() {
        sources.push(text.to_owned());
        return;
    }
    if let Some(inner) = value.get("itemListElement").or_else(|| value.get("item")) {
        graph.values(inner).into_iter().for_each(|inner| collect(graph, inner, sources, report, level + 1));
        if value.get("name").is_some_and(Value::says_something) {
            report.drop_inner(PROPERTY, "name");
        }
        return;
    }
    sources.push(composed(graph, value, report));
}

/// Returns the line of an object with an amount, a unit and a name.
fn composed(graph: &Graph, value: &Value, report: &mut Report) -> String {
    let first = |value: &Value, names: &[&'static str]| {
        let found = names.iter().find_map(|name| Some((*name, value.get(name)?)))?;
        Some((found.0, graph.texts(Some(found.1)).first()?.to_string()))
    };
    let name = first(value, &["text", "name", "description"]);
    let quantity = ["requiredQuantity", "amount", "quantity", "value"]
        .iter()
        .find_map(|name| Some((*name, graph.resolve(value.get(name)?))));
    let amount = quantity.and_then(|(_, quantity)| match quantity {
        Value::Object(_) => first(quantity, &["value", "text", "name"])
            .map(|(_, text)| text)
            .zip(Some(first(quantity, &["unitText", "unitCode"]))),
        _ => graph.texts(Some(quantity)).first().map(|text| (text.to_string(), None)),
    });
    let unit = first(value, &["unitText", "unit", "unitCode"]);
    let used: Vec<_> =
        [name.as_ref().map(|(used, _)| *used), quantity.map(|(used, _)| used), unit.as_ref().map(|(used, _)| *used)].into();
    for (property, value) in value.members() {
        if !property.starts_with('@') && !used.contains(&Some(property.as_str())) && value.says_something() {
            report.drop_inner(PROPERTY, property);
        }
    }
    let (amount, inner_unit) = amount.map_or((None, None), |(amount, unit)| (Some(amount), unit));
    let unit = inner_unit.or(unit).map(|(_, unit)| unit);
    [amount, unit, name.map(|(_, name)| name)].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn without_bullet(line: &str) -> &str {
    let mut rest = line;
    while let Some(after) =
        rest.strip_prefix(['-', '–', '•', '*', '·', '▢', '☐']).filter(|after| after.is_empty() || after.starts_with(' '))
    {
        rest = after.trim_start();
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::read;

    fn of(document: &str) -> Vec<String> {
        let documents = read(&format!("[{document}]")).expect("a document");
        ingredients(&Graph::of(&documents), documents.first().expect("a value"), &mut Report::default())
    }

    #[test]
    fn lines_are_read_in_the_shapes_of_pages() {
        let shapes = [
            r#"["200 g pears", "1 tbsp honey"]"#,
            r#"[["200 g pears"], ["1 tbsp\nhoney"]]"#,
            r#""- 200 g pears\n- 1 tbsp honey""#,
            r#""<ul><li>200 g pears</li><li>1 tbsp honey</li></ul>""#,
            r#"{"@type": "ItemList", "itemListElement": ["200 g pears", {"@type": "ListItem", "item": "1 tbsp honey"}]}"#,
            r#"[{"name": "pears", "amount": "200 g"}, {"name": "honey", "quantity": 1, "unit": "tbsp"}]"#,
            r#"[{"name": "pears", "requiredQuantity": {"value": 200, "unitText": "g"}}, {"@value": "1 tbsp honey"}]"#,
        ];
        for shape in shapes {
            assert_eq!(of(shape), ["200 g pears", "1 tbsp honey"], "{shape}");
        }
    }

    #[test]
    fn a_number_below_zero_is_no_bullet() {
        assert_eq!(of(r#"["-1 pear", "- ", "– 2 pears"]"#), ["-1 pear", "2 pears"]);
    }
}
