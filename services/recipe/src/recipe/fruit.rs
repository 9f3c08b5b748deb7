//! Whether an ingredient is a fruit, or made of one.

/// The most words in the name of a fruit.
const MAX_WORDS: usize = 4;

/// What is made of a plant that bears fruit, and is no fruit: `olive oil`, `apple cider vinegar`, `banana leaves`.
const NOT_FRUIT: [&str; 17] = [
    "blossom",
    "blossoms",
    "bark",
    "essence",
    "extract",
    "flavour",
    "flavouring",
    "flavor",
    "flavoring",
    "flower",
    "flowers",
    "leaf",
    "leaves",
    "oil",
    "vinegar",
    "wood",
    "tea",
];

/// Returns whether a food contains the name or an alias of a fruit, such as `ripe bananas, mashed`.
pub(super) fn is_in(food: &str) -> bool {
    food.split([',', ';', '(', ')', '/']).any(names_fruit)
}

fn names_fruit(part: &str) -> bool {
    let lower = part.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric() && c != '\'').filter(|word| !word.is_empty()).collect();
    if words.last().is_none_or(|last| NOT_FRUIT.contains(last)) {
        return false;
    }
    let begins = 0..words.len();
    let mut runs = begins.flat_map(|begin| (begin + 1..=words.len().min(begin + MAX_WORDS)).map(move |end| (begin, end)));
    runs.any(|(begin, end)| orchard_fruit::find(&words[begin..end].join(" ")).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fruits_are_found_within_foods() {
        for food in [
            "apples",
            "Granny Smith apple",
            "ripe bananas, mashed",
            "frozen, mixed blueberries",
            "juice of an orange",
            "star-fruit",
            "AÇAÍ pulp",
            "2 kiwi fruit (peeled)",
            "lemon juice",
            "oil and 1 lemon",
        ] {
            assert!(is_in(food), "{food}");
        }
        for food in [
            "",
            ",",
            "rolled oats",
            "pineapples'",
            "olive oil",
            "apple cider vinegar",
            "banana leaves",
            "potato",
            "fruit",
            "applesauce",
        ] {
            assert!(!is_in(food), "{food}");
        }
    }

    #[test]
    fn no_name_has_more_words() {
        let names = orchard_fruit::all().iter().flat_map(|fruit| fruit.aliases.iter().chain([&fruit.name]));
        assert!(names.map(|name| name.split(' ').count()).max() <= Some(MAX_WORDS));
    }
}
