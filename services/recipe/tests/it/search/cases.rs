//! The right name comes first, and what is only alike is not found.

use std::time::Duration;

use orchard_testkit::answer::violations;

use super::indexing::{indexed, insert, start_beside};
use super::text;
use crate::world::World;

const NAMES: &str = include_str!("names.txt");
/// Number, kind, text, the name to be found first.
const MUST_FIND: &str = include_str!("must_find.csv");
/// Number, text, a name, and whether it must be absent or behind another; `*` is any name.
const MUST_NOT_FIND: &str = include_str!("must_not_find.csv");

/// The same kinds once more, and names in other languages and scripts.
const MORE_NAMES: &str = include_str!("more_names.txt");
const MORE_TO_FIND: &str = include_str!("more_to_find.csv");
const MORE_NOT_TO_FIND: &str = include_str!("more_not_to_find.csv");

/// Returns the fields of a line of a CSV file.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    for (index, part) in line.split('"').enumerate() {
        let mut parts = if index % 2 == 0 { part.split(',').collect::<Vec<_>>() } else { vec![part] }.into_iter();
        fields.last_mut().expect("a field").push_str(parts.next().unwrap_or_default());
        fields.extend(parts.map(str::to_owned));
    }
    fields
}

/// Writes recipes with nothing but a name, in this order, which the worker indexes: many at once, where calls would take longer.
fn write(names: &[&str], first: u32) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("'{}'", name.replace('\'', "''"))).collect();
    let name = format!("(ARRAY[{}])[n]", quoted.join(", "));
    let id = format!("('00000000-0000-7000-8000-' || lpad(({first} + n)::text, 12, '0'))::uuid");
    insert(u32::try_from(names.len()).unwrap_or_default(), &name, true).replace("gen_random_uuid()", &id)
}

/// Starts the service beside recipes with the names, and more.
async fn world(more: &[&str]) -> anyhow::Result<World> {
    let names: Vec<&str> = NAMES.lines().chain(more.iter().copied()).collect();
    let world = start_beside(&[write(&names, 0)], Duration::from_millis(100)).await?;
    indexed(&world, i64::try_from(names.len())?).await?;
    Ok(world)
}

/// Returns the lines that are not met, with what is found.
async fn wrong(world: &World, to_find: &str, not_to_find: &str) -> anyhow::Result<Vec<String>> {
    let mut wrong = Vec::new();
    for line in to_find.lines().skip(1) {
        let fields = fields(line);
        let found = world.found(text(&fields[2])).await?;
        if found.first() != Some(&fields[3]) {
            wrong.push(format!("{line}: {found:?}"));
        }
    }
    for line in not_to_find.lines().skip(1) {
        let fields = fields(line);
        let found = world.found(text(&fields[1])).await?;
        let at = |name: &str| found.iter().position(|found| found == name);
        let is_right = match (fields[2].as_str(), fields[3].strip_prefix("below:")) {
            ("*", _) => found.is_empty(),
            (name, None) => at(name).is_none(),
            (name, Some(better)) => at(better).is_some_and(|better| at(name).is_none_or(|trap| better < trap)),
        };
        if !is_right {
            wrong.push(format!("{line}: {found:?}"));
        }
    }
    Ok(wrong)
}

#[tokio::test]
async fn the_right_name_comes_first_and_traps_are_kept_out() -> anyhow::Result<()> {
    let world = world(&[]).await?;
    assert_eq!(wrong(&world, MUST_FIND, MUST_NOT_FIND).await?, Vec::<String>::new());
    let more: Vec<&str> = MORE_NAMES.lines().collect();
    world.slice.schema.connect().await?.batch_execute(&write(&more, 500)).await?;
    indexed(&world, i64::try_from(NAMES.lines().count() + more.len())?).await?;
    assert_eq!(wrong(&world, MORE_TO_FIND, MORE_NOT_TO_FIND).await?, Vec::<String>::new());
    Ok(())
}

#[tokio::test]
async fn other_ways_to_write_a_word_find_the_name() -> anyhow::Result<()> {
    let more = [
        "İncir Tatlısı",
        "白桃ゼリー",
        "Ковбойский Суп",
        "Pain d'épices",
        "7 Minute Kiwi Jam",
        "Gâteaux aux Figues",
        "Lemon Loaves",
    ];
    let world = world(&more).await?;
    for (asked, name) in [
        ("upsidedown", "Pineapple Upside-Down Cake"),
        ("passionfruit curd", "Passion Fruit Curd"),
        ("black berry cordial", "Blackberry and Sage Cordial"),
        ("marillenknoedel", "Marillenknödel"),
        ("gooseberies fool", "Gooseberry Fool"),
        ("pinapple salsa", "Pineapple Salsa"),
        ("avacado mousse", "Avocado Lime Mousse"),
        ("kumkwat", "Kumquat Marmalade"),
        ("zwetch", "Zwetschgenkuchen"),
        ("4 berry jam", "Four Berry Jam"),
        ("key li", "Key Lime Pie"),
        ("PIÑA colada", "Piña Colada Smoothie"),
        ("incir tatlisi", "İncir Tatlısı"),
        ("INCIR", "İncir Tatlısı"),
        ("白桃", "白桃ゼリー"),
        ("ゼリー", "白桃ゼリー"),
        ("桃", "白桃ゼリー"),
        ("ковбойскии суп", "Ковбойский Суп"),
        ("pain d’epices", "Pain d'épices"),
        ("seven minute", "7 Minute Kiwi Jam"),
        ("gateau figue", "Gâteaux aux Figues"),
        ("lemon loaf", "Lemon Loaves"),
        ("the lemon loaf with", "Lemon Loaves"),
    ] {
        let found = world.found(text(asked)).await?;
        assert_eq!(found.first().map(String::as_str), Some(name), "{asked}: {found:?}");
    }
    for (asked, absent) in [
        ("sherry", "Cherry Clafoutis"),
        ("pork", "Cranberry Sauce with Port"),
        ("macaroni", "Coconut Macaroons"),
        ("crumpet", "Apple Crumble"),
        ("granola", "Kiwi Granita"),
        ("rice", "Rambutan Salad"),
        ("ice", "Mango Sticky Rice"),
        ("rum", "Apple Crumble"),
        ("lemon lime", "Lemon Curd"),
    ] {
        let found = world.found(text(asked)).await?;
        assert!(!found.iter().any(|name| name == absent), "{asked}: {found:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_text_without_words_finds_nothing_and_an_invisible_one_is_refused() -> anyhow::Result<()> {
    let world = World::start().await?;
    world.create_named(&["Fig Jam"]).await?;
    for nothing in ["?!", "★", "''", "-- ,"] {
        assert_eq!(world.found(text(nothing)).await?, Vec::<String>::new(), "{nothing}");
    }
    assert_eq!(world.found(text("")).await?, ["Fig Jam"]);
    for wildcard in ["%", "_", "fi%", "f_g", "fig | jam & *", "fig:*", "\\"] {
        let found = world.found(text(wildcard)).await?;
        assert!(found.is_empty() || wildcard.contains("fig"), "{wildcard}: {found:?}");
    }
    for bad in ["fig\u{200B}", "fig\0", "fig\njam", &"x".repeat(101)] {
        assert_eq!(violations(world.search(text(bad)).await), ["text"], "{bad:?}");
    }
    // More words than count, and words longer than any.
    let most = ["a b c d e f g h i j k l m n o p q r s t u v w x y z", &"fig ".repeat(25), &"x".repeat(100), &"桃".repeat(100)];
    for long in most {
        world.search(text(long)).await?;
    }
    Ok(())
}

#[tokio::test]
async fn the_examples_of_the_contract_hold() -> anyhow::Result<()> {
    let world = World::start().await?;
    let names =
        ["Crème brûlée", "Sour Cherries", "Flavor Bombs", "Rote Früchte", "Blue Berry Pie", "Strawberry Ice", "Plum Tart"];
    world.create_named(&names).await?;
    world.create_named(&["Lime Curd", "Paste", "Plum Custard"]).await?;
    for (asked, found) in [
        ("creme brulee", "Crème brûlée"),
        ("cherry", "Sour Cherries"),
        ("flavour", "Flavor Bombs"),
        ("fruechte", "Rote Früchte"),
        ("blueberry", "Blue Berry Pie"),
        ("straw", "Strawberry Ice"),
        ("plum ta", "Plum Tart"),
        ("strawbery", "Strawberry Ice"),
        ("lme curd", "Lime Curd"),
        ("plums and custard", "Plum Custard"),
    ] {
        assert_eq!(world.found(text(asked)).await?, [found], "{asked}");
    }
    assert_eq!(world.found(text("pasta")).await?, Vec::<String>::new());
    Ok(())
}
