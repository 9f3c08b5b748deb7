//! Preparation times.

use crate::graph::Graph;
use crate::report::Report;
use crate::text::line;
use crate::value::Value;

/// The longest preparation time in minutes: a week.
const MOST_MINUTES: f64 = 10_080.0;

/// Minutes of the words for units of time, by how they begin.
const UNITS: [(&str, f64); 6] =
    [("sec", 1.0 / 60.0), ("min", 1.0), ("hour", 60.0), ("hr", 60.0), ("day", 1_440.0), ("week", 10_080.0)];

/// A duration of a property.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Duration {
    /// The property says nothing, or zero, which pages write for the same.
    Nothing,
    /// Minutes, and whether they are all that the property says.
    Minutes(f64, bool),
    /// It is no duration, or one out of range.
    Invalid,
}

/// Returns the preparation time of a recipe: `prepTime`, else `totalTime` without `cookTime`, else `totalTime`.
pub(crate) fn prep_time_minutes(graph: &Graph, recipe: &Value, report: &mut Report) -> Option<u32> {
    let names = ["prepTime", "cookTime", "totalTime"];
    let [prep, cook, total] = names.map(|name| recipe.get(name).map_or(Duration::Nothing, |value| read(graph, value)));
    let (minutes, carried) = match (prep, cook, total) {
        (Duration::Minutes(prep, is_whole), ..) => (Some(prep), Some("prepTime").filter(|_| is_whole)),
        (_, Duration::Minutes(cook, _), Duration::Minutes(total, _)) if total > cook => (Some(total - cook), None),
        (_, _, Duration::Minutes(total, is_whole)) => (Some(total), Some("totalTime").filter(|_| is_whole)),
        _ => (None, None),
    };
    for (name, duration) in names.into_iter().zip([prep, cook, total]) {
        if duration != Duration::Nothing && carried != Some(name) {
            report.drop(name);
        }
    }
    minutes.map(|minutes| minutes.round().max(1.0)).filter(|minutes| *minutes <= MOST_MINUTES).map(|minutes| minutes as u32)
}

fn read(graph: &Graph, value: &Value) -> Duration {
    let values = graph.values(value);
    let texts = values.iter().filter_map(|value| match value {
        Value::Object(_) => ["value", "duration", "text", "minValue", "name"].iter().find_map(|name| value.get(name)?.text()),
        _ => value.text(),
    });
    let mut texts: Vec<_> = texts.map(line).collect();
    texts.dedup();
    let Some(first) = texts.first() else { return if values.is_empty() { Duration::Nothing } else { Duration::Invalid } };
    let read = iso(first).map(|minutes| (minutes, true)).or_else(|| words(first));
    match read {
        Some((0.0, _)) => Duration::Nothing,
        Some((minutes, is_whole)) if minutes <= MOST_MINUTES => {
            Duration::Minutes(minutes, is_whole && texts.len() == 1 && minutes.fract() == 0.0)
        }
        _ => Duration::Invalid,
    }
}

/// Reads the minutes of an ISO 8601 duration, such as `PT1H30M`. Years and months are of no fixed length, and may only be zero.
fn iso(text: &str) -> Option<f64> {
    let upper = text.to_uppercase().replace(',', ".").replace(' ', "");
    let mut rest = upper.trim_start_matches('+').strip_prefix('P')?;
    let (mut minutes, mut is_time, mut count) = (0.0, false, 0);
    while !rest.is_empty() {
        if let Some(time) = rest.strip_prefix('T').filter(|_| !is_time) {
            (rest, is_time) = (time, true);
            continue;
        }
        let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let number: f64 = rest.get(..end)?.parse().ok()?;
        let unit = rest.get(end..)?.chars().next()?;
        let of_one = match (unit, is_time) {
            ('Y' | 'M', false) => (number == 0.0).then_some(0.0)?,
            ('W', false) => 10_080.0,
            ('D', false) => 1_440.0,
            ('H', true) => 60.0,
            ('M', true) => 1.0,
            ('S', true) => 1.0 / 60.0,
            _ => return None,
        };
        minutes += number * of_one;
        rest = rest.get(end + unit.len_utf8()..)?;
        count += 1;
    }
    (count > 0).then_some((minutes * 60.0).round() / 60.0)
}

/// Reads the minutes of a text such as `1 hour 30 minutes`, `1h30`, `1:30` or `45`, and whether that is all it says. Of a range, the lower end.
fn words(text: &str) -> Option<(f64, bool)> {
    let lower = text.to_lowercase();
    if let Some((hours, minutes)) = lower.split_once(':') {
        let clock = |part: &str| part.parse::<u32>().ok().filter(|_| part.len() <= 2).map(f64::from);
        return Some((clock(hours)? * 60.0 + clock(minutes).filter(|minutes| *minutes < 60.0)?, true));
    }
    if !lower.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let mut rest = lower.as_str();
    let (mut minutes, mut is_whole, mut smallest) = (0.0, true, 1.0);
    while !rest.is_empty() {
        let end = rest.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ','))).unwrap_or(rest.len());
        let number: f64 = rest.get(..end)?.replace(',', ".").parse().ok()?;
        let after = rest.get(end..)?.trim_start();
        let (of_one, after) = unit(after, smallest)?;
        if let Some(higher) = after.strip_prefix(['-', '–']).or_else(|| after.strip_prefix("to ")) {
            // "10-15 minutes": the unit follows the higher end.
            let higher = higher.trim_start().trim_start_matches(|c: char| c.is_ascii_digit()).trim_start();
            return Some((minutes + number * unit(higher, 1.0)?.0, false));
        }
        minutes += number * of_one;
        smallest = of_one / 60.0;
        rest = after.strip_prefix("and ").unwrap_or(after).trim_start_matches([' ', ',']);
        is_whole &= rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_digit());
        if !is_whole {
            break;
        }
    }
    Some((minutes, is_whole))
}

/// Reads a unit of time, and returns its minutes and what follows. Without a unit it is the next smaller one, or minutes.
fn unit(text: &str, without: f64) -> Option<(f64, &str)> {
    let end = text.find(|c: char| !c.is_alphabetic()).unwrap_or(text.len());
    let (word, after) = text.split_at_checked(end)?;
    let of_one = match word {
        "" | "to" => return Some((without, text)),
        "h" => 60.0,
        "m" => 1.0,
        "s" => 1.0 / 60.0,
        "d" => 1_440.0,
        _ => UNITS.iter().find(|(start, _)| word.starts_with(start)).map(|(_, minutes)| *minutes)?,
    };
    Some((of_one, after.trim_start_matches(['.', ' '])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read() {
        let table = [
            ("PT90M", Some(90.0)),
            ("P0DT1H", Some(60.0)),
            ("PT1.5H", Some(90.0)),
            ("PT1,5H", Some(90.0)),
            ("P1W", Some(10_080.0)),
            ("P0Y0M1DT2H0M30S", Some(1_560.5)),
            ("pt20m", Some(20.0)),
            ("PT1H 30M", Some(90.0)),
            ("P1M", None),
            ("PT", None),
            ("P", None),
            ("PT5", None),
            ("-PT5M", None),
            ("PTT5M", None),
            ("PT1H30", None),
        ];
        for (text, expected) in table {
            assert_eq!(iso(text), expected, "{text}");
        }
    }

    #[test]
    fn words_are_read() {
        let table = [
            ("30 minutes", Some((30.0, true))),
            ("1 hour 30 min.", Some((90.0, true))),
            ("1 hr and 15 mins", Some((75.0, true))),
            ("1h30", Some((90.0, true))),
            ("1:30", Some((90.0, true))),
            ("45", Some((45.0, true))),
            ("10-15 minutes", Some((10.0, false))),
            ("1 to 2 hours", Some((60.0, false))),
            ("20 minutes plus chilling", Some((20.0, false))),
            ("overnight", None),
            ("1:75", None),
            ("5 apples", None),
        ];
        for (text, expected) in table {
            assert_eq!(words(text), expected, "{text}");
        }
    }
}
