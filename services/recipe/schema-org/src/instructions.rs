//! Steps.

use crate::graph::{Graph, MOST_LEVELS};
use crate::report::Report;
use crate::text::{line, lines};
use crate::value::Value;

const PROPERTY: &str = "recipeInstructions";

/// Properties of a step or section that are its order, or are carried.
const CARRIED: [&str; 12] = [
    "@type",
    "type",
    "@id",
    "id",
    "@context",
    "text",
    "itemListElement",
    "step",
    "steps",
    "position",
    "numberOfItems",
    "itemListOrder",
];

/// Returns the steps, flattened in their order, without numbers. The names of sections are no steps.
pub(crate) fn steps(graph: &Graph, value: &Value, report: &mut Report) -> Vec<String> {
    let mut sources = Vec::new();
    for value in graph.values(value) {
        collect(graph, value, &mut sources, report, 0);
    }
    let split: Vec<_> = match &*sources {
        [source] => numbered_parts(lines(source)),
        _ => sources.iter().map(|source| line(source)).collect(),
    };
    split.iter().map(|step| without_number(step).to_owned()).filter(|step| !step.is_empty()).collect()
}

fn collect<'a>(graph: &Graph<'a>, value: &'a Value, sources: &mut Vec<&'a str>, report: &mut Report, level: usize) {
    if level > MOST_LEVELS {
        return report.drop_inner(PROPERTY, "itemListElement");
    }
    if let Some(text) = value.text() {
        sources.push(text);
        return;
    }
    let texts = graph.texts(value.get("text"));
    let inner = ["itemListElement", "step", "steps", "item"]
        .iter()
        .find_map(|name| value.get(name))
        .filter(|inner| inner.says_something());
    match inner {
        Some(_) if !texts.is_empty() => report.drop_inner(PROPERTY, "itemListElement"),
        Some(inner) => graph.values(inner).into_iter().for_each(|inner| collect(graph, inner, sources, report, level + 1)),
        None => {}
    }
    let name = graph.texts(value.get("name")).first().copied().unwrap_or_default();
    let is_name_the_step = texts.is_empty() && inner.is_none();
    let said = || texts.iter().map(|text| line(text)).collect::<Vec<_>>().join(" ");
    sources.extend(&texts);
    if is_name_the_step && !name.trim().is_empty() {
        sources.push(name);
    }
    for (property, value) in value.members() {
        let is_name = property == "name" && (is_name_the_step || repeats(&line(name), &said()));
        let is_carried = CARRIED.contains(&property.as_str()) || property == "item" || is_name;
        if !is_carried && value.says_something() {
            report.drop_inner(PROPERTY, property);
        }
    }
}

/// Returns whether the name of a step says no more than its text or its number.
fn repeats(name: &str, text: &str) -> bool {
    let name = without_number(name).trim_end_matches(['.', '…', ':', ' ']);
    text.starts_with(name)
}

/// Splits a single line with numbered steps: "1. Slice. 2. Serve."
fn numbered_parts(lines: Vec<String>) -> Vec<String> {
    let [line] = &*lines else { return lines };
    if number(line).is_none_or(|(number, _)| number != 1) {
        return lines;
    }
    let (mut parts, mut start, mut next) = (Vec::new(), 0, 2);
    for (at, _) in line.match_indices(' ') {
        if line.get(at + 1..).and_then(number).is_some_and(|(number, _)| number == next) {
            parts.extend(line.get(start..at).map(str::to_owned));
            (start, next) = (at + 1, next + 1);
        }
    }
    parts.extend(line.get(start..).map(str::to_owned));
    parts
}

/// Returns a step without the numbers and bullets that it starts with.
fn without_number(step: &str) -> &str {
    let mut rest = step;
    loop {
        let bulleted = rest.trim_start_matches(['•', '▢', '☐', '·', '*', '-', '–']);
        let stripped = if bulleted.len() < rest.len() && bulleted.starts_with(' ') { bulleted } else { rest };
        let stripped = number(stripped).map_or(stripped, |(_, after)| after).trim();
        if stripped.len() == rest.len() {
            return rest;
        }
        rest = stripped;
    }
}

/// Reads the number that a step starts with, as in `1. Slice`, `(2) Serve`, `Step 3: Eat` or `Step 4` alone, and returns it with what follows.
fn number(step: &str) -> Option<(u32, &str)> {
    let named = step.get(..4).filter(|start| start.eq_ignore_ascii_case("step")).and_then(|_| step.get(4..)).map(str::trim_start);
    let rest = named.unwrap_or(step);
    let rest = rest.strip_prefix('(').filter(|rest| rest.contains(')')).unwrap_or(rest);
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (number, after) = rest.split_at_checked(digits).filter(|_| (1..=3).contains(&digits))?;
    let marked = after.strip_prefix(['.', ')', ':']).or_else(|| after.strip_prefix(" -").filter(|_| named.is_some()));
    let after = marked.or_else(|| Some(after).filter(|after| named.is_some() && after.is_empty()))?;
    (after.is_empty() || after.starts_with(' ')).then_some((number.parse().ok()?, after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::read;

    fn of(document: &str) -> (Vec<String>, Vec<String>) {
        let documents = read(&format!("[{document}]")).expect("a document");
        let mut report = Report::default();
        let steps = steps(&Graph::of(&documents), documents.first().expect("a value"), &mut report);
        (steps, report.into_names())
    }

    #[test]
    fn steps_are_flattened() {
        let nested = r#"{"@type": "HowToSection", "name": "Method", "itemListElement": [
            {"@type": "HowToSection", "itemListElement": {"@type": "HowToStep", "text": "Slice."}},
            {"@type": "HowToStep", "itemListElement": [{"@type": "HowToDirection", "text": "Warm."}, {"@type": "HowToTip", "text": "Gently."}]},
            {"@type": "ListItem", "item": {"@type": "HowToStep", "name": "Serve."}}]}"#;
        assert_eq!(
            of(nested),
            (["Slice.", "Warm.", "Gently.", "Serve."].map(str::to_owned).to_vec(), vec!["recipeInstructions.name".to_owned()])
        );
    }

    #[test]
    fn what_a_step_has_beside_its_text_is_said() {
        let step = r#"{"@type": "HowToStep", "position": 1, "name": "Slice the…", "text": "Slice the pears.", "url": "https://example.org/#1", "image": ""}"#;
        assert_eq!(of(step), (vec!["Slice the pears.".to_owned()], vec!["recipeInstructions.url".to_owned()]));
    }

    #[test]
    fn a_single_text_is_split() {
        let table: [(&str, &[&str]); 6] = [
            (r#""Slice.\nServe.""#, &["Slice.", "Serve."]),
            (r#""<ol><li>Slice.</li><li>Serve.</li></ol>""#, &["Slice.", "Serve."]),
            (r#""1. Slice. 2. Serve. 3. Eat.""#, &["Slice.", "Serve.", "Eat."]),
            (r#""Step 1\nSlice.\nStep 2\nServe.""#, &["Slice.", "Serve."]),
            (r#"["1) Slice.", "(2) Serve at\n20 °C."]"#, &["Slice.", "Serve at 20 °C."]),
            (r#""Slice. Serve.""#, &["Slice. Serve."]),
        ];
        for (document, expected) in table {
            assert_eq!(of(document).0, expected, "{document}");
        }
    }

    #[test]
    fn quantities_are_no_numbers_of_steps() {
        for step in ["1.5 cups of pears are sliced.", "2 pears are sliced.", "Step back.", "180: not a step", "- "] {
            let expected = without_number(step);
            assert!(expected == step || step.starts_with("180") || step == "- ", "{step}: {expected}");
        }
    }
}
