//! Kinds of lines that have to be read, in variants.

use orchard_ingredient::{Number, parse};

/// Line, quantity, upper end, unit, what one holds, food, note. An empty text is none.
type Case = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

fn check(cases: &[Case]) {
    for (line, low, high, unit, each, food, note) in cases {
        let parsed = parse(line);
        let number = |text: &str| text.parse::<Number>().ok();
        let quantity = parsed.amount.and_then(|amount| amount.quantity);
        assert_eq!(quantity.map(|quantity| quantity.low()), number(low), "{line}");
        assert_eq!(quantity.and_then(|quantity| quantity.high()), number(high), "{line}");
        assert_eq!(parsed.amount.and_then(|amount| amount.unit).map_or("", |unit| unit.name()), *unit, "{line}");
        let package = parsed.package.map(|package| {
            let quantity = package.quantity.map(|quantity| quantity.to_string()).unwrap_or_default();
            format!("{quantity} {}", package.unit.map_or("", |unit| unit.name()))
        });
        assert_eq!(package.unwrap_or_default(), *each, "{line}");
        assert_eq!((parsed.food.as_str(), parsed.note.as_str()), (*food, *note), "{line}");
    }
}

#[test]
fn decimal_commas() {
    check(&[
        ("3,5 dl milk", "7/2", "", "deciliter", "", "milk", ""),
        ("1,5 kg potatoes, peeled", "3/2", "", "kilogram", "", "potatoes", "peeled"),
        ("0,25 l cream", "1/4", "", "liter", "", "cream", ""),
        ("0,125 l white wine", "1/8", "", "liter", "", "white wine", ""),
        ("12,5 g dry yeast", "25/2", "", "gram", "", "dry yeast", ""),
        ("2,5-3 dl water", "5/2", "3", "deciliter", "", "water", ""),
        ("1,5 - 2 kg pork shoulder", "3/2", "2", "kilogram", "", "pork shoulder", ""),
        ("1,25l apple juice", "5/4", "", "liter", "", "apple juice", ""),
        ("Milk, 7,5 dl", "15/2", "", "deciliter", "", "Milk", ""),
        ("2 x 2,5 dl cartons cream", "2", "", "carton", "2 1/2 deciliter", "cream", ""),
        ("1,500 g beef", "1500", "", "gram", "", "beef", ""),
        ("salt, 1,5 tsp", "3/2", "", "teaspoon", "", "salt", ""),
        ("2,25 cups flour", "9/4", "", "cup", "", "flour", ""),
        ("1,75 lb steak", "7/4", "", "pound", "", "steak", ""),
        ("1,2kg plums, stoned", "6/5", "", "kilogram", "", "plums", "stoned"),
        ("10,5 oz rice", "21/2", "", "ounce", "", "rice", ""),
        ("1,5 to 2 kg beef", "3/2", "2", "kilogram", "", "beef", ""),
        ("2,0 l water", "2", "", "liter", "", "water", ""),
    ]);
}

#[test]
fn ranges_in_figures_and_words() {
    check(&[
        ("2-3 carrots", "2", "3", "", "", "carrots", ""),
        ("2–3 tbsp capers, drained", "2", "3", "tablespoon", "", "capers", "drained"),
        ("1 1/2-2 cups stock", "3/2", "2", "cup", "", "stock", ""),
        ("½ to ¾ tsp salt", "1/2", "3/4", "teaspoon", "", "salt", ""),
        ("two or three sprigs of mint", "2", "3", "sprig", "", "mint", ""),
        ("Three to four pears, cored", "3", "4", "", "", "pears", "cored"),
        ("between two and three cups water", "2", "3", "cup", "", "water", ""),
        ("from six to eight figs", "6", "8", "", "", "figs", ""),
        ("half to one teaspoon salt", "1/2", "1", "teaspoon", "", "salt", ""),
        ("one to one and a half cups rice", "1", "3/2", "cup", "", "rice", ""),
        ("a cup or two of stock", "1", "2", "cup", "", "stock", ""),
        ("five or six large plums", "5", "6", "", "", "plums", ""),
        ("Stock, two to three cups", "2", "3", "cup", "", "Stock", ""),
        ("200 g-250 g peas", "200", "250", "gram", "", "peas", ""),
        ("1 cup to 2 cups ice", "1", "2", "cup", "", "ice", ""),
        ("2 or more leeks", "2", "", "", "", "leeks", "or more"),
        ("one or two leeks, sliced", "1", "2", "", "", "leeks", "sliced"),
        ("one to two dozen clams", "12", "24", "", "", "clams", ""),
        ("two or three dozen oysters", "24", "36", "", "", "oysters", ""),
        ("half a dozen to a dozen figs", "6", "12", "", "", "figs", ""),
        ("a quarter to a half cup milk", "1/4", "1/2", "cup", "", "milk", ""),
        ("half a cup to a cup of stock", "1/2", "1", "cup", "", "stock", ""),
        ("one-half to three-quarters cup oil", "1/2", "3/4", "cup", "", "oil", ""),
        ("a clove or two of garlic", "1", "2", "clove", "", "garlic", ""),
        ("ten to twelve radishes", "10", "12", "", "", "radishes", ""),
        ("six or seven sprigs dill", "6", "7", "sprig", "", "dill", ""),
        ("one or two handfuls of peas", "1", "2", "handful", "", "peas", ""),
    ]);
}

#[test]
fn quantities_in_words() {
    check(&[
        ("half a lemon", "1/2", "", "", "", "lemon", ""),
        ("Half an onion, diced", "1/2", "", "", "", "onion", "diced"),
        ("half of a cucumber", "1/2", "", "", "", "cucumber", ""),
        ("half a bunch of parsley", "1/2", "", "bunch", "", "parsley", ""),
        ("half a teaspoon of salt", "1/2", "", "teaspoon", "", "salt", ""),
        ("half a dozen eggs", "6", "", "", "", "eggs", ""),
        ("half a 400 g tin lentils", "1/2", "", "tin", "400 gram", "lentils", ""),
        ("a half cup rice", "1/2", "", "cup", "", "rice", ""),
        ("one half cup rice", "1/2", "", "cup", "", "rice", ""),
        ("1/2 a pear", "1/2", "", "", "", "pear", ""),
        ("two thirds cup oats", "2/3", "", "cup", "", "oats", ""),
        ("three-quarters of a cup milk", "3/4", "", "cup", "", "milk", ""),
        ("quarter cup honey", "1/4", "", "cup", "", "honey", ""),
        ("two and a half cups milk", "5/2", "", "cup", "", "milk", ""),
        ("a cup and a half of rice", "3/2", "", "cup", "", "rice", ""),
        ("a dozen eggs", "12", "", "", "", "eggs", ""),
        ("2 dozen clams", "24", "", "", "", "clams", ""),
        ("twenty-four snails", "24", "", "", "", "snails", ""),
        ("a couple of limes", "2", "", "", "", "limes", ""),
        ("an apple", "1", "", "", "", "apple", ""),
        ("lemon, half", "1/2", "", "", "", "lemon", ""),
        ("half and half, for serving", "", "", "", "", "half and half", "for serving"),
        ("half a pound of bacon", "1/2", "", "pound", "", "bacon", ""),
        ("a half-pound of bacon", "1/2", "", "pound", "", "bacon", ""),
        ("half a tin of beans", "1/2", "", "tin", "", "beans", ""),
        ("half a red onion, sliced", "1/2", "", "", "", "red onion", "sliced"),
        ("half a head of garlic", "1/2", "", "head", "", "garlic", ""),
        ("half a litre of stock", "1/2", "", "liter", "", "stock", ""),
        ("half lemon, juiced", "1/2", "", "", "", "lemon", "juiced"),
        ("half a (400 g) can lentils", "1/2", "", "can", "400 gram", "lentils", ""),
        ("half a small bunch of dill", "1/2", "", "bunch", "", "dill", ""),
        ("a half dozen eggs", "6", "", "", "", "eggs", ""),
        ("half of one grapefruit", "1/2", "", "", "", "grapefruit", ""),
    ]);
}

#[test]
fn multiples_and_packages() {
    check(&[
        ("2 x 400 g cans chickpeas", "2", "", "can", "400 gram", "chickpeas", ""),
        ("2x400g tins beans, drained", "2", "", "tin", "400 gram", "beans", "drained"),
        ("2 × 400 g tins of tomatoes", "2", "", "tin", "400 gram", "tomatoes", ""),
        ("1 x 28-ounce can tomatoes", "1", "", "can", "28 ounce", "tomatoes", ""),
        ("4 x 125-150g salmon fillets", "4", "", "", "125-150 gram", "salmon fillets", ""),
        ("½ x 400g tin corn", "1/2", "", "tin", "400 gram", "corn", ""),
        ("2 tins (400 g each) lentils", "2", "", "tin", "400 gram", "lentils", ""),
        ("2 tins of 400 g lentils", "2", "", "tin", "400 gram", "lentils", ""),
        ("2 packs x 250 g halloumi", "2", "", "pack", "250 gram", "halloumi", ""),
        ("tomatoes 400 g x 2", "2", "", "", "400 gram", "tomatoes", ""),
        ("chickpeas, 2 x 400 g cans, rinsed", "2", "", "can", "400 gram", "chickpeas", "rinsed"),
        ("1 - 14 oz can corn", "1", "", "can", "14 ounce", "corn", ""),
        ("2 (14.75) oz cans salmon", "2", "", "can", "14 3/4 ounce", "salmon", ""),
        ("1 ¼-ounce packet yeast", "1", "", "packet", "1/4 ounce", "yeast", ""),
        ("2 1-inch-thick slices bread", "2", "", "slice", "1 inch", "bread", ""),
        ("1 1/2- to 2-inch piece ginger", "1", "", "piece", "1 1/2-2 inch", "ginger", ""),
        ("2 cups 1-inch cubes rye bread", "2", "", "cup", "1 inch", "rye bread", "cubes"),
        ("1 3- to 4-pound duck", "1", "", "", "3-4 pound", "duck", ""),
        ("400g pack ravioli", "1", "", "pack", "400 gram", "ravioli", ""),
        ("2 x onions", "2", "", "", "", "onions", ""),
        ("3 x 330 ml bottles beer", "3", "", "bottle", "330 milliliter", "beer", ""),
        ("2 × 1.5 l water", "2", "", "", "1 1/2 liter", "water", ""),
        ("2 x 14-oz cans corn", "2", "", "can", "14 ounce", "corn", ""),
        ("2 x 400-gram cans corn", "2", "", "can", "400 gram", "corn", ""),
        ("1 x 400 g (14 oz) can corn", "1", "", "can", "400 gram", "corn", ""),
        ("2 x tins (400 g) corn", "2", "", "tin", "400 gram", "corn", ""),
        ("2 X 400G TINS CORN", "2", "", "tin", "400 gram", "CORN", ""),
        ("6 x 1 oz squares chocolate", "6", "", "square", "1 ounce", "chocolate", ""),
        ("chickpeas (2 x 400 g cans)", "2", "", "can", "400 gram", "chickpeas", ""),
    ]);
}

#[test]
fn food_first() {
    check(&[
        ("bananas, 2 cups, sliced", "2", "", "cup", "", "bananas", "sliced"),
        ("Flour: 250 g", "250", "", "gram", "", "Flour", ""),
        ("Sugar - 1/2 cup", "1/2", "", "cup", "", "Sugar", ""),
        ("Sugar – 100g", "100", "", "gram", "", "Sugar", ""),
        ("Sugar ... 100 g", "100", "", "gram", "", "Sugar", ""),
        ("butter 100 g", "100", "", "gram", "", "butter", ""),
        ("butter (100 g), melted", "100", "", "gram", "", "butter", "melted"),
        ("garlic, 2 cloves, minced", "2", "", "clove", "", "garlic", "minced"),
        ("Bread: 4 slices", "4", "", "slice", "", "Bread", ""),
        ("Eggs: 3 large", "3", "", "", "", "Eggs", ""),
        ("Eggs x 2", "2", "", "", "", "Eggs", ""),
        ("eggs, 3", "3", "", "", "", "eggs", ""),
        ("Onion - 1 large, chopped", "1", "", "", "", "Onion", "chopped"),
        ("olive oil, 2 tbsp, plus extra", "2", "", "tablespoon", "", "olive oil", "plus extra"),
        ("Basil leaves, a handful, torn", "1", "", "handful", "", "Basil leaves", "torn"),
        ("Cheddar, grated, 100 g", "100", "", "gram", "", "Cheddar", "grated"),
        ("Chicken breasts, boneless, 2 (about 400 g)", "2", "", "", "400 gram", "Chicken breasts", "boneless"),
        ("Salt – a pinch", "1", "", "pinch", "", "Salt", ""),
        ("Salt: to taste", "", "", "", "", "Salt", "to taste"),
        ("Onion (1 large)", "1", "", "", "", "Onion", ""),
        ("Tomatoes – 3 ripe", "3", "", "", "", "Tomatoes", "ripe"),
        ("Butter, unsalted, 100 g", "100", "", "gram", "", "Butter", "unsalted"),
        ("Coriander: 1 small bunch", "1", "", "bunch", "", "Coriander", ""),
        ("Potatoes, about 1 kg", "1", "", "kilogram", "", "Potatoes", ""),
        ("Parsley, a few sprigs", "", "", "sprig", "", "Parsley", "a few"),
        ("Sugar: 2 tbsp + 1 tsp", "7/3", "", "tablespoon", "", "Sugar", ""),
        ("Basil: 10 leaves", "10", "", "leaf", "", "Basil", ""),
        ("Black pepper, freshly ground, 1/2 tsp", "1/2", "", "teaspoon", "", "Black pepper", "freshly ground"),
        ("Carrots: 2-3 medium, diced", "2", "3", "", "", "Carrots", "diced"),
        ("Eggs, large: 3", "3", "", "", "", "Eggs", "large"),
        ("Water - 1/2 to 3/4 cup", "1/2", "3/4", "cup", "", "Water", ""),
        ("Milk 500ml", "500", "", "milliliter", "", "Milk", ""),
        ("Vanilla extract: 1 tsp.", "1", "", "teaspoon", "", "Vanilla extract", ""),
        ("Flour (all-purpose): 2 cups", "2", "", "cup", "", "Flour", "all-purpose"),
    ]);
}

#[test]
fn lines_without_an_amount() {
    check(&[
        ("", "", "", "", "", "", ""),
        ("salt", "", "", "", "", "salt", ""),
        ("salt and pepper to taste", "", "", "", "", "salt and pepper", "to taste"),
        ("a few drops of vanilla", "", "", "drop", "", "vanilla", "a few"),
        ("some sprigs of dill", "", "", "sprig", "", "dill", ""),
        ("lemon wedges, for serving", "", "", "", "", "lemon wedges", "for serving"),
        ("0 cups flour", "", "", "", "", "0 cups flour", ""),
    ]);
}

#[test]
fn words_that_are_units_elsewhere() {
    check(&[
        ("4 whole cloves", "4", "", "", "", "whole cloves", ""),
        ("3 cloves garlic", "3", "", "clove", "", "garlic", ""),
        ("3 garlic cloves", "3", "", "clove", "", "garlic", ""),
        ("2 pot roasts", "2", "", "", "", "pot roasts", ""),
        ("2 cinnamon sticks", "2", "", "", "", "cinnamon sticks", ""),
        ("2 sticks cinnamon", "2", "", "stick", "", "cinnamon", ""),
        ("1 cup split peas", "1", "", "cup", "", "split peas", ""),
        ("2 tbsp medium sherry", "2", "", "tablespoon", "", "medium sherry", ""),
        ("4 fillets, skinned", "4", "", "", "", "fillets", "skinned"),
        ("2 T sugar", "2", "", "tablespoon", "", "sugar", ""),
        ("2 t sugar", "2", "", "teaspoon", "", "sugar", ""),
    ]);
}
