//! One form for singular and plural, and for British and American spelling.

/// Plurals that follow no rule, and words that are written in several ways.
const IRREGULAR: &[(&str, &str)] = &[
    ("calves", "calf"),
    ("children", "child"),
    ("chile", "chilly"),
    ("chili", "chilly"),
    ("chilli", "chilly"),
    ("chily", "chilly"),
    ("donut", "doughnut"),
    ("fibre", "fiber"),
    ("geese", "goose"),
    ("halves", "half"),
    ("houmous", "hummus"),
    ("knives", "knife"),
    ("leaves", "leaf"),
    ("litchi", "lychee"),
    ("loaves", "loaf"),
    ("men", "man"),
    ("mice", "mouse"),
    ("omelet", "omelette"),
    ("phyllo", "filo"),
    ("pilau", "pilaf"),
    ("shelves", "shelf"),
    ("whiskey", "whisky"),
    ("wolves", "wolf"),
    ("women", "woman"),
    ("yoghourt", "yogurt"),
    ("yoghurt", "yogurt"),
];

/// Numbers that names have in words.
const NUMBERS: [&str; 11] = ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];

/// Returns the form under which a folded word is compared: the same for its singular and plural. It need not be a word itself.
pub(crate) fn stem(word: &str) -> String {
    if word.chars().any(|letter| !letter.is_ascii_lowercase()) {
        let number = word.parse::<usize>().ok().and_then(|number| NUMBERS.get(number.checked_sub(2)?));
        return number.map_or(word, |number| *number).to_owned();
    }
    let singular = singular(irregular(word));
    let stem = spelling(irregular(&singular));
    // "quiche" and "brioche", whose plurals end as that of "peach" does; "cookie" and "smoothie", as that of "berry".
    match stem.strip_suffix('e') {
        Some(stem) if stem.len() > 3 && stem.ends_with(['h', 'x', 'z']) && !stem.ends_with("th") => stem.to_owned(),
        Some(rest) if stem.len() > 4 && rest.ends_with('i') => format!("{}y", &rest[..rest.len() - 1]),
        _ => stem,
    }
}

fn irregular(word: &str) -> &str {
    IRREGULAR.iter().find(|(from, _)| *from == word).map_or(word, |(_, to)| to)
}

fn singular(word: &str) -> String {
    let cut = |letters: usize| &word[..word.len() - letters];
    match word.len() {
        0..=3 => word.to_owned(),
        5.. if word.ends_with("ies") => format!("{}y", cut(3)),
        5.. if word.ends_with("eaux") => cut(1).to_owned(),
        5.. if word.ends_with("oes") => cut(2).to_owned(),
        5.. if ["ches", "shes", "sses", "xes", "zes"].iter().any(|end| word.ends_with(end)) => cut(2).to_owned(),
        // German: "Erdbeeren", "Kirschen".
        6.. if word.ends_with("en") => cut(1).to_owned(),
        _ if ["ss", "us", "is"].iter().any(|end| word.ends_with(end)) => word.to_owned(),
        _ => word.strip_suffix('s').unwrap_or(word).to_owned(),
    }
}

/// American spelling. It must give the same for each pair of spellings; that it also changes "surprise" does no harm.
fn spelling(word: &str) -> String {
    let mut word = word.to_owned();
    if word.len() > 6 {
        for (british, american) in [("ise", "ize"), ("ised", "ized"), ("ising", "izing")] {
            if let Some(start) = word.strip_suffix(british) {
                word = format!("{start}{american}");
            }
        }
    }
    for (british, american) in [("avour", "avor"), ("olour", "olor")] {
        if word.contains(british) {
            word = word.replace(british, american);
        }
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn singular_and_plural_have_one_stem() {
        for (one, many) in [
            ("apple", "apples"),
            ("banana", "bananas"),
            ("berry", "berries"),
            ("brioche", "brioches"),
            ("cherry", "cherries"),
            ("chive", "chives"),
            ("clove", "cloves"),
            ("cookie", "cookies"),
            ("date", "dates"),
            ("dish", "dishes"),
            ("erdbeere", "erdbeeren"),
            ("fig", "figs"),
            ("gateau", "gateaux"),
            ("glass", "glasses"),
            ("glaze", "glazes"),
            ("grape", "grapes"),
            ("half", "halves"),
            ("kirsche", "kirschen"),
            ("leaf", "leaves"),
            ("loaf", "loaves"),
            ("mango", "mangoes"),
            ("mango", "mangos"),
            ("oat", "oats"),
            ("olive", "olives"),
            ("pea", "peas"),
            ("peach", "peaches"),
            ("pie", "pies"),
            ("potato", "potatoes"),
            ("quiche", "quiches"),
            ("radish", "radishes"),
            ("slice", "slices"),
            ("smoothie", "smoothies"),
            ("tomato", "tomatoes"),
        ] {
            assert_eq!(stem(one), stem(many), "{one}");
        }
    }

    #[test]
    fn spellings_have_one_stem() {
        for (one, other) in [
            ("caramelised", "caramelized"),
            ("flavoured", "flavored"),
            ("yoghurts", "yogurt"),
            ("colour", "color"),
            ("chillies", "chili"),
            ("chilies", "chilli"),
            ("chiles", "chile"),
            ("doughnuts", "donut"),
            ("4", "four"),
        ] {
            assert_eq!(stem(one), stem(other), "{one}");
        }
    }

    #[test]
    fn other_words_keep_stems_of_their_own() {
        let words = [
            "apple",
            "asparagus",
            "baked",
            "berry",
            "cake",
            "carp",
            "cassis",
            "chicken",
            "couscous",
            "fig",
            "grape",
            "grapefruit",
            "ham",
            "hummus",
            "lemon",
            "lime",
            "melon",
            "olive",
            "pea",
            "peach",
            "peanut",
            "pear",
            "pearl",
            "pie",
            "pine",
            "pin",
            "plum",
            "plump",
            "rice",
            "rum",
            "tea",
            "gas",
        ];
        for (index, word) in words.iter().enumerate() {
            for other in &words[index + 1..] {
                assert_ne!(stem(word), stem(other), "{word} {other}");
            }
        }
        assert_eq!(stem("śliwkas"), "śliwkas");
    }
}
