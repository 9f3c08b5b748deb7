//! How many people a recipe serves.

use crate::graph::Graph;
use crate::report::Report;
use crate::text::line;
use crate::value::Value;

/// The most people.
const MOST: f64 = 1_000.0;

/// Words that speak of servings, in the languages of many pages.
const SERVINGS: [&str; 30] = [
    "serves",
    "serve",
    "serving",
    "servings",
    "portion",
    "portions",
    "person",
    "persons",
    "people",
    "feeds",
    "guests",
    "adults",
    "portionen",
    "personen",
    "person(en)",
    "personnes",
    "personne",
    "parts",
    "personas",
    "porciones",
    "raciones",
    "porzioni",
    "persone",
    "pessoas",
    "porções",
    "porties",
    "personer",
    "portioner",
    "osób",
    "porcje",
];

/// Words of [`SERVINGS`] that stand before the number.
const BEFORE: [&str; 3] = ["serves", "serve", "feeds"];

/// Words beside the number that say nothing else.
const NEUTRAL: [&str; 9] = ["for", "yield", "yields", "makes", "make", "für", "pour", "para", "per"];

const NUMBERS: [&str; 13] =
    ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];

/// An entry of the yield.
#[derive(Debug, PartialEq)]
struct Yield {
    servings: Option<u32>,
    speaks_of_servings: bool,
    /// Whether the number is all that it says.
    is_whole: bool,
}

#[derive(Debug, PartialEq)]
enum Token {
    Number(f64),
    /// Between the ends of a range.
    To,
    Word(String),
}

/// Returns how many people a recipe serves: by the entry that speaks of servings, else by the first.
pub(crate) fn servings(graph: &Graph, recipe: &Value, report: &mut Report) -> Option<u32> {
    let (name, value) = ["recipeYield", "yield"]
        .iter()
        .find_map(|name| Some((*name, recipe.get(name).filter(|value| value.says_something())?)))?;
    let entries: Vec<_> = graph.values(value).into_iter().map(|value| read(&text(graph, value))).collect();
    let with_number = || entries.iter().filter(|entry| entry.servings.is_some());
    let chosen = with_number().find(|entry| entry.speaks_of_servings).or_else(|| with_number().next());
    let servings = chosen.and_then(|entry| entry.servings);
    if servings.is_none() || entries.iter().any(|entry| !entry.is_whole || entry.servings != servings) {
        report.drop(name);
    }
    servings
}

/// Returns the text of an entry, which may be a quantity with a unit.
fn text(graph: &Graph, value: &Value) -> String {
    let parts = ["value", "minValue", "maxValue", "unitText", "name", "text"]
        .iter()
        .filter_map(|name| graph.texts(value.get(name)).first().copied());
    line(&value.text().map_or_else(|| parts.collect::<Vec<_>>().join(" "), str::to_owned))
}

fn read(text: &str) -> Yield {
    let tokens = tokens(&text.to_lowercase());
    let is_serving = |token: &Token| matches!(token, Token::Word(word) if SERVINGS.contains(&word.as_str()));
    let number_at = |at: usize| if let Some(Token::Number(number)) = tokens.get(at) { Some(*number) } else { None };
    let serving = tokens.iter().position(is_serving);
    let before = |at: usize| (0..at).rev().find(|at| number_at(*at).is_some()).map(|at| low_end(&tokens, at));
    let after = |at: usize| (at..tokens.len()).find(|at| number_at(*at).is_some());
    let chosen = match serving {
        Some(at) if matches!(tokens.get(at), Some(Token::Word(word)) if BEFORE.contains(&word.as_str())) => {
            after(at).or_else(|| before(at))
        }
        Some(at) => before(at).or_else(|| after(at)),
        None => after(0),
    };
    let is_known = |token: &Token| match token {
        Token::Number(_) => true,
        Token::To => false,
        Token::Word(word) => SERVINGS.contains(&word.as_str()) || NEUTRAL.contains(&word.as_str()),
    };
    let is_alone = tokens.iter().filter(|token| matches!(token, Token::Number(_))).count() == 1;
    let number = chosen.and_then(number_at).filter(|number| (1.0..=MOST).contains(number) && number.fract() == 0.0);
    Yield {
        servings: number.map(|number| number as u32),
        speaks_of_servings: serving.is_some(),
        is_whole: is_alone && tokens.iter().all(is_known),
    }
}

/// Returns the lower end of the range whose upper end stands here, or the place itself.
fn low_end(tokens: &[Token], at: usize) -> usize {
    let is_range = at >= 2 && tokens.get(at - 1) == Some(&Token::To) && matches!(tokens.get(at - 2), Some(Token::Number(_)));
    if is_range { at - 2 } else { at }
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = if first.is_ascii_digit() {
            rest.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ',' | '/'))).unwrap_or(rest.len())
        } else if first.is_alphabetic() {
            rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        let (token, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let is_minus =
            first == '-' && !matches!(tokens.last(), Some(Token::Number(_))) && after.starts_with(|c: char| c.is_ascii_digit());
        push(&mut tokens, if is_minus { "minus" } else { token });
        rest = after;
    }
    tokens
}

fn push(tokens: &mut Vec<Token>, text: &str) {
    let last = tokens.last();
    match text {
        "-" | "–" | "—" | "to" | "or" | "bis" | "à" if matches!(last, Some(Token::Number(_))) => tokens.push(Token::To),
        "dozen" | "doz" => match last {
            Some(Token::Number(number)) => {
                let number = number * 12.0;
                tokens.pop();
                tokens.push(Token::Number(number));
            }
            _ => tokens.push(Token::Number(12.0)),
        },
        "half" => tokens.push(Token::Number(0.5)),
        "a" | "an" => {}
        _ if is_fraction(text) => {
            // The fraction of a mixed number, which is no number of people.
            if let Some(Token::Number(number)) = tokens.last_mut() {
                *number += 0.5;
            } else {
                tokens.push(Token::Number(0.5));
            }
        }
        _ => {
            let word = NUMBERS.iter().position(|word| *word == text).and_then(|number| u32::try_from(number).ok()).map(f64::from);
            let number = text
                .trim_end_matches(['.', ','])
                .replace(',', ".")
                .parse()
                .ok()
                .filter(|_| text.starts_with(|c: char| c.is_ascii_digit()));
            match (word.or(number), last) {
                // A quantity below zero serves nobody.
                (Some(number), Some(Token::Word(minus))) if minus == "minus" => tokens.push(Token::Number(-number)),
                (Some(number), _) => tokens.push(Token::Number(number)),
                (None, _) if text.starts_with(char::is_alphanumeric) => tokens.push(Token::Word(text.to_owned())),
                (None, _) => {}
            }
        }
    }
}

/// Returns whether a text is a fraction, such as `1/2` or `½`.
fn is_fraction(text: &str) -> bool {
    text.contains('/') || text.starts_with(|c: char| matches!(c, '¼'..='¾' | '⅐'..='⅞'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yields_are_read() {
        let table = [
            ("4", Some(4), false, true),
            ("4.0", Some(4), false, true),
            ("4 servings", Some(4), true, true),
            ("Serves 4", Some(4), true, true),
            ("Servings: 6", Some(6), true, true),
            ("for 4 people", Some(4), true, true),
            ("4-6", Some(4), false, false),
            ("4–6 portions", Some(4), true, false),
            ("Serves 8 to 10 people", Some(8), true, false),
            ("About 3 dozen cookies", Some(36), false, false),
            ("half a dozen", Some(6), false, true),
            ("a dozen muffins", Some(12), false, false),
            ("Makes 12 muffins, serves 6", Some(6), true, false),
            ("12 muffins (6 servings)", Some(6), true, false),
            ("four servings", Some(4), true, true),
            ("4 Portionen", Some(4), true, true),
            ("0.75 cup", None, false, false),
            ("2 1/2 cups", None, false, false),
            ("2½ cups", None, false, false),
            ("-3", None, false, false),
            ("0", None, false, true),
            ("999999999999 servings", None, true, true),
            ("a lot", None, false, false),
            ("1 loaf", Some(1), false, false),
        ];
        for (text, servings, speaks_of_servings, is_whole) in table {
            assert_eq!(read(text), Yield { servings, speaks_of_servings, is_whole }, "{text}");
        }
    }
}
