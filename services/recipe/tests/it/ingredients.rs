//! Ingredients: exact amounts, and lines that are read.

use orchard_proto::recipe::v1 as pb;
use orchard_testkit::answer::{refused, violations};
use tonic::{Code, Status};

use crate::world::{World, crumble, id, public, strings};

/// Returns an amount as `2-3 cup`.
fn amount(quantity: &str, max_quantity: &str, unit: &str) -> pb::IngredientAmount {
    pb::IngredientAmount { quantity: quantity.to_owned(), max_quantity: max_quantity.to_owned(), unit: unit.to_owned() }
}

async fn parse(world: &World, lines: &[&str]) -> Result<Vec<pb::Ingredient>, Status> {
    let request = pb::ParseIngredientsRequest { lines: strings(lines) };
    Ok(world.ingredients(id()).parse_ingredients(request).await?.into_inner().ingredients)
}

/// Stores an ingredient, and returns what is read back.
async fn kept(world: &World, ingredient: pb::Ingredient) -> Result<pb::Ingredient, Status> {
    let author = id();
    let recipe = world.create(author, pb::CreateRecipeRequest { ingredients: vec![ingredient], ..crumble() }).await?;
    Ok(world.get(author, &recipe.recipe_id).await?.ingredients.remove(0))
}

#[tokio::test]
async fn amounts_are_kept_exactly() -> anyhow::Result<()> {
    let world = World::start().await?;
    let apples = pb::Ingredient {
        food: "apples".to_owned(),
        quantity: "2/6".to_owned(),
        max_quantity: "4/8".to_owned(),
        unit: "pound".to_owned(),
        size: "large".to_owned(),
        package: Some(amount("02.50", "3.0", "kilogram")),
        alternatives: vec![amount("150", "", "gram"), amount("1/32", "7/32", "")],
        food_number: "09003".to_owned(),
        ..Default::default()
    };
    let expected = pb::Ingredient {
        quantity: "1/3".to_owned(),
        max_quantity: "0.5".to_owned(),
        package: Some(amount("2.5", "3", "kilogram")),
        alternatives: vec![amount("150", "", "gram"), amount("1/32", "7/32", "")],
        ..apples.clone()
    };
    assert_eq!(kept(&world, apples).await?, expected);
    assert_eq!(kept(&world, expected.clone()).await?, expected, "the answer can be sent again");
    Ok(())
}

#[tokio::test]
async fn amounts_that_mean_nothing_are_refused_by_field() -> anyhow::Result<()> {
    let world = World::start().await?;
    /// A field that is refused, and what is done to an ingredient.
    type Spoilt = (&'static str, fn(&mut pb::Ingredient));
    let spoilt: [Spoilt; 16] = [
        ("quantity", |apple| apple.quantity = "1/0".to_owned()),
        ("quantity", |apple| apple.quantity = "0/3".to_owned()),
        ("quantity", |apple| apple.quantity = "1/1000000001".to_owned()),
        ("quantity", |apple| apple.quantity = "1 1/2".to_owned()),
        ("max_quantity", |apple| apple.max_quantity = "-3".to_owned()),
        ("max_quantity", |apple| apple.max_quantity = apple.quantity.clone()),
        ("max_quantity", |apple| (apple.quantity, apple.max_quantity) = ("1/3".to_owned(), "0.3333".to_owned())),
        ("max_quantity", |apple| (apple.quantity, apple.max_quantity) = (String::new(), "3".to_owned())),
        ("size", |apple| apple.size = "x".repeat(51)),
        ("food_number", |apple| apple.food_number = "9003".to_owned()),
        ("food_number", |apple| apple.food_number = "99999".to_owned()),
        ("package.quantity", |apple| apple.package = Some(amount("", "", "gram"))),
        ("package.unit", |apple| apple.package = Some(amount("1", "", &"x".repeat(21)))),
        ("alternatives[0].max_quantity", |apple| apple.alternatives = vec![amount("2", "2", "")]),
        ("alternatives[1].quantity", |apple| apple.alternatives = vec![amount("1", "", ""), amount("a few", "", "")]),
        ("alternatives", |apple| apple.alternatives = vec![amount("1", "", ""); 11]),
    ];
    for (path, spoil) in spoilt {
        let mut apple = pb::Ingredient { food: "apple".to_owned(), quantity: "2".to_owned(), ..Default::default() };
        spoil(&mut apple);
        assert_eq!(violations(kept(&world, apple).await), [format!("ingredients[0].{path}")]);
    }
    Ok(())
}

#[tokio::test]
async fn lines_are_taken_apart() -> anyhow::Result<()> {
    let world = World::start().await?;
    let of = |food: &str, quantity: &str, unit: &str| pb::Ingredient {
        food: food.to_owned(),
        quantity: quantity.to_owned(),
        unit: unit.to_owned(),
        ..Default::default()
    };
    let with = |ingredient: pb::Ingredient, note: &str| pb::Ingredient { note: note.to_owned(), ..ingredient };
    let cases = [
        ("2 1/2 cups sliced bananas", with(of("bananas", "2.5", "cup"), "sliced")),
        ("2½ cups bananas, sliced", with(of("bananas", "2.5", "cup"), "sliced")),
        ("3,5 dl milk", of("milk", "3.5", "deciliter")),
        ("1/3 cup milk", of("milk", "1/3", "cup")),
        ("1/16 tsp. saffron", of("saffron", "0.0625", "teaspoon")),
        ("half a lemon", of("lemon", "0.5", "")),
        ("two to three plums", pb::Ingredient { max_quantity: "3".to_owned(), ..of("plums", "2", "") }),
        ("1/3-1/2 cup honey", pb::Ingredient { max_quantity: "0.5".to_owned(), ..of("honey", "1/3", "cup") }),
        ("2 large eggs", pb::Ingredient { size: "large".to_owned(), ..of("eggs", "2", "") }),
        (
            "2 x 400 g cans chopped tomatoes",
            pb::Ingredient { package: Some(amount("400", "", "gram")), ..of("chopped tomatoes", "2", "can") },
        ),
        ("250 g/9 oz butter", pb::Ingredient { alternatives: vec![amount("9", "", "ounce")], ..of("butter", "250", "gram") }),
        ("a pinch of salt", of("salt", "1", "pinch")),
        ("a few sprigs of mint", with(of("mint", "", "sprig"), "a few")),
        ("salt, to taste", with(of("salt", "", ""), "to taste")),
    ];
    let lines = cases.each_ref().map(|(line, _)| *line);
    let read = parse(&world, &lines).await?;
    for ((line, expected), read) in cases.into_iter().zip(&read) {
        assert_eq!(*read, pb::Ingredient { original_text: line.to_owned(), ..expected });
        assert_eq!(kept(&world, read.clone()).await?, *read, "what was read can be stored");
    }
    Ok(())
}

/// A line is trimmed, and comes back whole.
#[tokio::test]
async fn what_is_not_understood_is_not_guessed() -> anyhow::Result<()> {
    let world = World::start().await?;
    let long = "very ".repeat(30) + "long pear";
    let lines = ["2 cups", "  1/2 ", "???", long.as_str()];
    for (line, read) in lines.iter().zip(parse(&world, &lines).await?) {
        assert_eq!(read, pb::Ingredient { original_text: line.trim().to_owned(), ..Default::default() });
    }
    // Characters that no text may have do not come back as entities.
    for read in parse(&world, &["1 cup a&#8203;b", "1 cup a&#x202E;b", "1 cup a&#0;b"]).await? {
        assert!(!read.food.contains(['\u{200B}', '\u{202E}', '\0']), "{read:?}");
    }
    // Numbers beyond the limits of quantities.
    for line in ["99999999999 apples", "0.0000000001 g apple", "1/99999999999 apple", "1/0 apples", "-2 apples"] {
        let read = parse(&world, &[line]).await?;
        assert!(read.iter().all(|read| read.original_text == line), "{read:?}");
    }
    Ok(())
}

#[tokio::test]
async fn lines_are_refused_by_field() -> anyhow::Result<()> {
    let world = World::start().await?;
    assert_eq!(violations(parse(&world, &[]).await), ["lines"]);
    assert_eq!(violations(parse(&world, &["1 apple"; 101]).await), ["lines"]);
    let long = "x".repeat(201);
    let bad = parse(&world, &["1 apple", " ", &long, "1\napple", "1\0apple", "ap\u{200B}ple"]).await;
    assert_eq!(violations(bad), ["lines[1]", "lines[2]", "lines[3]", "lines[4]", "lines[5]"]);
    let most = "果".repeat(200);
    assert_eq!(parse(&world, &[most.as_str(); 100]).await?.len(), 100);
    Ok(())
}

fn line(text: &str) -> pb::Ingredient {
    pb::Ingredient { original_text: text.to_owned(), ..Default::default() }
}

#[tokio::test]
async fn a_recipe_is_made_of_plain_lines() -> anyhow::Result<()> {
    let world = World::start().await?;
    let author = id();
    let lines = ["  2 1/2 cups sliced bananas", "1/3 cup milk", "salt, to taste"];
    let typed = pb::Ingredient { food: "oats".to_owned(), original_text: "5 kg of sand".to_owned(), ..Default::default() };
    let ingredients: Vec<_> = lines.iter().map(|text| line(text)).chain([typed.clone()]).collect();
    let request = pb::CreateRecipeRequest { ingredients, ..crumble() };
    let made = world.create(author, request.clone()).await?;
    let parsed: Vec<_> = parse(&world, &lines).await?.into_iter().chain([typed]).collect();
    assert_eq!(made.ingredients, parsed, "what has a food is not parsed");
    assert_eq!(made.ingredients[0].original_text, lines[0].trim());
    assert_eq!(world.create(author, request).await?, made, "a repeated request");

    let change = pb::Recipe { ingredients: vec![line("2 pears, peeled")], etag: made.etag.clone(), ..made.clone() };
    let changed = world.update(author, change.clone(), &["ingredients"]).await?;
    assert_eq!(changed.ingredients, parse(&world, &["2 pears, peeled"]).await?);
    assert_eq!(world.update(author, change, &["ingredients"]).await?, changed, "a repeated request");
    Ok(())
}

#[tokio::test]
async fn a_public_recipe_of_plain_lines_needs_a_fruit() -> anyhow::Result<()> {
    let world = World::start().await?;
    let made_of = |text: &str| pb::CreateRecipeRequest { ingredients: vec![line(text)], ..public() };
    let no_fruit = (Code::FailedPrecondition, "FRUIT_REQUIRED".to_owned());
    // The food counts, not the words around it.
    for text in ["1 cup oats, with apples if you like", "2 tbsp olive oil"] {
        assert_eq!(refused(world.create(id(), made_of(text)).await), no_fruit, "{text}");
    }
    let author = id();
    let recipe = world.create(author, made_of("3 ripe bananas, mashed")).await?;
    let change = pb::Recipe { ingredients: vec![line("1 cup oats")], ..recipe };
    assert_eq!(refused(world.update(author, change, &["ingredients"]).await), no_fruit);
    Ok(())
}

#[tokio::test]
async fn lines_without_a_food_are_not_stored() -> anyhow::Result<()> {
    let world = World::start().await?;
    let author = id();
    let bad = vec![line("1 apple"), line("2 cups"), line(" "), line("ap\u{200B}ple"), line(&"x".repeat(201))];
    let expected = ["ingredients[1].food", "ingredients[2].food", "ingredients[3].original_text", "ingredients[4].original_text"];
    let request = pb::CreateRecipeRequest { ingredients: bad.clone(), ..crumble() };
    assert_eq!(violations(world.create(author, request).await), expected);
    // An amount beside the words is no line.
    let half = pb::Ingredient { quantity: "2".to_owned(), ..line("2 apples") };
    assert_eq!(violations(kept(&world, half).await), ["ingredients[0].food"]);

    let recipe = world.create(author, crumble()).await?;
    let change = pb::Recipe { ingredients: bad, ..recipe.clone() };
    let expected = expected.map(|path| format!("recipe.{path}"));
    assert_eq!(violations(world.update(author, change, &["ingredients"]).await), expected);
    assert_eq!(world.get(author, &recipe.recipe_id).await?, recipe);
    Ok(())
}
