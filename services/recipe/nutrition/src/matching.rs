//! Finds the food of an ingredient.

use crate::form::Forms;
use crate::ingredient::Ingredient;
use crate::names::{find, forms_of};
use crate::table::Food;
use crate::words::words;

/// Names with more words are sentences, and are not matched.
const MOST_WORDS: usize = 20;

/// Parts of a fruit that are foods of their own, with the words that name them.
const PARTS: [(&str, &[&str]); 2] = [("juice", &["juice", "juiced"]), ("zest", &["zest", "zested", "rind", "peel"])];

/// Words that may stand beside a part in a note. Others, as in "juice reserved", say something about the food itself.
const BESIDE_PARTS: [&str; 15] = [
    "only", "of", "and", "the", "finely", "grated", "freshly", "squeezed", "just", "strained", "both", "its", "pared", "fresh",
    "about",
];

/// Returns the food of an ingredient, or none. Every word of the name has to be known; a name that says more than the table has is not
/// matched to a neighbour.
///
/// The form that the name, the note or the unit tells decides: raw, dry and plain when they tell none; frozen, dried, canned, peeled or
/// cooked when they do. The juice or the zest of a fruit is its juice or its peel. Of alternatives, the first that the table has is taken.
pub fn match_food(ingredient: &Ingredient) -> Option<&'static Food> {
    if ingredient.chosen.is_some() {
        return ingredient.chosen;
    }
    let note = note_forms(ingredient.note);
    let unit =
        if matches!(&*words(ingredient.unit).join(" "), "can" | "tin") { Forms::read("canned")? } else { Forms::default() };
    let forms = note.and(unit);
    spellings(ingredient).iter().find_map(|spelling| {
        let is_preparation = note.meets(Forms::PREPARED);
        find(spelling, forms).or_else(|| find(spelling, forms.without(Forms::PREPARED)).filter(|_| is_preparation))
    })
}

/// Returns the forms that a note names. A clause counts when it says nothing else, unlike "thawed if frozen".
fn note_forms(note: &str) -> Forms {
    let mut forms = Forms::default();
    for clause in clauses(note) {
        // What is washed and dried is not a dried food.
        let is_wiped =
            clause.iter().any(|word| matches!(word.as_str(), "rinsed" | "drained")) && clause.iter().any(|word| word == "dried");
        if !is_wiped {
            forms = forms.and(forms_of(&clause).unwrap_or_default());
        }
    }
    forms
}

/// Returns the words of the clauses of a note.
fn clauses(note: &str) -> impl Iterator<Item = Vec<String>> {
    note.split([',', ';', '(', ')', '.']).map(words).filter(|clause| clause.len() <= MOST_WORDS)
}

/// Returns the words of the name, in the orders and with the parts in which they may name a food.
fn spellings(ingredient: &Ingredient) -> Vec<Vec<String>> {
    let name = words(ingredient.food);
    if name.is_empty() || name.len() > MOST_WORDS {
        return Vec::new();
    }
    let part = part_of_note(ingredient.note);
    let mut found = Vec::new();
    if let Some(share) = words(ingredient.note).into_iter().find(|word| word.ends_with('%')) {
        found.push([share].into_iter().chain(name.iter().cloned()).collect());
    }
    for mut spelling in alternatives(&name) {
        match (part, with_part_last(&spelling)) {
            (Some(part), _) => spelling.push(part.to_owned()),
            (None, Some(other)) => spelling = other,
            (None, None) => {}
        }
        found.push(spelling);
    }
    if let Some((head, qualifier)) = ingredient.food.split_once(',') {
        found.push(words(qualifier).into_iter().chain(words(head)).collect());
    }
    if forms_of(&name).is_some() {
        // A name that was taken for a note: "boneless, skinless chicken thighs".
        found.push(name.iter().cloned().chain(words(ingredient.note)).take(MOST_WORDS).collect());
    }
    found
}

/// Returns which part of the fruit a note asks for, as "juice only".
fn part_of_note(note: &str) -> Option<&'static str> {
    let names = |word: &String, names: &[&str]| names.contains(&word.as_str());
    let is_known = |word: &String| names(word, &BESIDE_PARTS) || PARTS.iter().any(|(_, part)| names(word, part));
    let clauses: Vec<_> = clauses(note).filter(|clause| clause.iter().all(is_known)).collect();
    PARTS.iter().find(|(_, part)| clauses.iter().flatten().any(|word| names(word, part))).map(|(part, _)| *part)
}

/// Turns "juice of lemon" into "lemon juice". Of zest and juice, the juice is taken, which weighs more.
fn with_part_last(name: &[String]) -> Option<Vec<String>> {
    let (part, names) = PARTS.iter().find(|(_, names)| name.iter().any(|word| names.contains(&word.as_str())))?;
    let rest = name.iter().filter(|word| !PARTS.iter().any(|(_, names)| names.contains(&word.as_str())));
    let has_both = PARTS.iter().all(|(_, names)| name.iter().any(|word| names.contains(&word.as_str())));
    let is_of = name.iter().zip(name.iter().skip(1)).any(|(one, next)| names.contains(&one.as_str()) && next == "of");
    (has_both || is_of).then(|| rest.cloned().chain([(*part).to_owned()]).collect())
}

/// Returns the foods of "one or another", the first first: "lemon or lime juice" is lemon juice. "Fresh or frozen" is no alternative of foods.
fn alternatives(name: &[String]) -> Vec<Vec<String>> {
    let Some(or) = name.iter().position(|word| word == "or") else { return vec![name.to_vec()] };
    let (first, rest) = name.split_at_checked(or).unwrap_or_default();
    let second = rest.get(1..).unwrap_or_default();
    let Some((next, others)) = second.split_first() else { return vec![first.to_vec()] };
    let is_form = |words: &[String]| forms_of(words).is_some() && !words.is_empty();
    if first.last().is_some_and(|last| is_form(std::slice::from_ref(last))) && is_form(std::slice::from_ref(next)) {
        // The first form counts, and fresh is the form of a food that names none.
        return vec![first.iter().chain(others).cloned().collect()];
    }
    let shared = second.last().map(|last| first.iter().chain([last]).cloned().collect());
    let both = find(first, Forms::default()).is_some() && find(second, Forms::default()).is_some();
    shared.into_iter().chain(both.then(|| first.to_vec())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matched(food: &str, note: &str) -> &'static str {
        match_food(&Ingredient { food, note, ..Ingredient::default() }).map_or("", |food| &food.description)
    }

    #[test]
    fn the_note_tells_the_form() {
        let table = [
            ("apples", "peeled and diced", "Apples, raw, without skin"),
            ("raspberries", "frozen", "Raspberries, frozen, unsweetened"),
            ("raspberries", "thawed if frozen", "Raspberries, raw"),
            ("apricots", "washed and dried", "Apricots, raw"),
            ("rice", "cooked", "Rice, white, long-grain, regular, enriched, cooked"),
            ("bulgur", "cooked according to the packet", "Bulgur, dry"),
            ("avocado", "cooked", "Avocados, raw, all commercial varieties"),
            ("dark chocolate", "70% cocoa solids, chopped", "Chocolate, dark, 70-85% cacao solids"),
            (
                "dark chocolate",
                "",
                "Candies, chocolate, dark, NFS (45-59% cacao solids 90%; 60-69% cacao solids 5%; 70-85% cacao solids 5%)",
            ),
        ];
        for (food, note, expected) in table {
            assert_eq!(matched(food, note), expected, "{food}, {note}");
        }
    }

    #[test]
    fn juice_and_zest_are_foods() {
        let table = [
            ("lemon", "juice only", "Lemon juice, raw"),
            ("lemon", "zest and juice", "Lemon juice, raw"),
            ("lime", "juice only, plus wedges to serve", "Lime juice, raw"),
            ("orange", "finely grated zest", "Orange peel, raw"),
            ("juice of limes", "", "Lime juice, raw"),
            ("zest of lemon", "", "Lemon peel, raw"),
            ("zest and juice of lemon", "", "Lemon juice, raw"),
            ("lemon", "", "Lemons, raw, without peel"),
            ("tomatoes", "juice reserved", "Tomatoes, red, ripe, raw, year round average"),
        ];
        for (food, note, expected) in table {
            assert_eq!(matched(food, note), expected, "{food}, {note}");
        }
    }

    #[test]
    fn the_first_alternative_is_taken() {
        let table = [
            ("butter or margarine", "Butter, salted"),
            ("lemon or lime juice", "Lemon juice, raw"),
            ("fresh or frozen blueberries", "Blueberries, raw"),
            ("almond or peanut butter", "Nuts, almond butter, plain, without salt added"),
            ("vegetable or chicken stock", "Soup, vegetable broth, ready to serve"),
            ("butter or love", ""),
            ("or", ""),
        ];
        for (food, expected) in table {
            assert_eq!(matched(food, ""), expected, "{food}");
        }
    }

    #[test]
    fn a_choice_goes_before_the_name() {
        let chosen = crate::table::food("09040");
        assert_eq!(match_food(&Ingredient { food: "plantain", chosen, ..Ingredient::default() }), chosen);
    }
}
