//! Words of names, notes and measures.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Returns the words of a text: in lower case, in the singular, without accents. Words are of letters, digits and percent signs.
pub(crate) fn words(text: &str) -> Vec<String> {
    let folded: String =
        text.nfd().filter(|c| !is_combining_mark(*c) && !matches!(c, '\'' | '’')).flat_map(char::to_lowercase).collect();
    let is_apart = |c: char| !(c.is_alphabetic() || c.is_ascii_digit() || c == '%');
    folded.split(is_apart).filter(|word| !word.is_empty()).map(singular).collect()
}

/// Returns the singular of a word. The plural `peppers` stays, since it names another food than `pepper`.
fn singular(word: &str) -> String {
    let irregular = match word {
        "leaves" => "leaf",
        "halves" => "half",
        "loaves" => "loaf",
        "cookies" => "cookie",
        "peppers" => "peppers",
        "chillies" => "chilli",
        "chilies" => "chili",
        _ => "",
    };
    if !irregular.is_empty() {
        return irregular.to_owned();
    }
    if let Some(stem) = word.strip_suffix("ies").filter(|stem| stem.len() > 1) {
        return format!("{stem}y");
    }
    for ending in ["oes", "ches", "shes", "xes", "sses"] {
        if word.ends_with(ending) {
            return word.strip_suffix("es").unwrap_or(word).to_owned();
        }
    }
    let is_plural = word.len() > 3 && word.ends_with('s') && !["ss", "us"].iter().any(|ending| word.ends_with(ending));
    word.strip_suffix('s').filter(|_| is_plural).unwrap_or(word).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_folded() {
        let table = [
            ("Jalapeño  PEPPERS, puréed", "jalapeno peppers pureed"),
            ("goat's cheese", "goat cheese"),
            ("confectioners’ sugar", "confectioner sugar"),
            ("low-fat 2% milk", "low fat 2% milk"),
            ("½ Stück", "stuck"),
            ("", ""),
        ];
        for (text, expected) in table {
            assert_eq!(words(text).join(" "), expected, "{text}");
        }
    }

    #[test]
    fn plurals_are_the_singular() {
        let table = [
            ("tomatoes", "tomato"),
            ("berries", "berry"),
            ("peaches", "peach"),
            ("radishes", "radish"),
            ("boxes", "box"),
            ("leaves", "leaf"),
            ("olives", "olive"),
            ("oats", "oat"),
            ("asparagus", "asparagus"),
            ("swiss", "swiss"),
            ("peas", "pea"),
            ("kiwis", "kiwi"),
            ("gas", "gas"),
        ];
        for (plural, expected) in table {
            assert_eq!(singular(plural), expected);
        }
    }
}
