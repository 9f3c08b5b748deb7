//! Conversions of searches from and to protobuf.

use std::ops::RangeInclusive;

use orchard_proto::recipe::v1 as pb;
use orchard_rpc::{Fields, Invalid, PageRequest, read};
use prost::Message as _;
use uuid::Uuid;

use super::filter::{Filter, count_words};
use super::highlight::{self, Field, Highlight, Matches};
use super::searching::{Cursor, Found};
use super::{Order, Search};
use crate::error::Error;
use crate::people::Profiles;
use crate::recipe;
use crate::search_words::words;

/// The most values of a filter.
const MAX_VALUES: usize = 20;
/// The most bytes of the results of a page. Clients of gRPC accept 4 MiB.
const MAX_SIZE: usize = 3 << 20;
/// The most words of a food, and of all foods of a search. Each is looked up by itself.
const MAX_FOOD_WORDS: (usize, usize) = (5, 40);

/// Reads a search and which page of it is asked for.
pub(super) fn search(request: &pb::SearchRecipesRequest, caller: Uuid) -> Result<(Search, PageRequest<Cursor>), Error> {
    let mut fields = Fields::default();
    let text = fields.read("text", read_text(&request.text));
    let filter = read_filter(&mut fields, request);
    let order = fields.read("sort", read_order(request.sort));
    let query = pb::SearchRecipesRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    let page =
        PageRequest::read(&mut fields, format!("SearchRecipes {caller} {query:?}"), request.page_size, &request.page_token);
    let sharing_only = request.sharing_only;
    Ok(fields.finish(|| Ok((Search { text: text?, filter: filter?, order: order?, sharing_only }, page?)))?)
}

fn read_filter(fields: &mut Fields, request: &pb::SearchRecipesRequest) -> Result<Filter, Invalid> {
    let mut values = |name, values: &[String], length: RangeInclusive<usize>| {
        fields.values(name, 0..=MAX_VALUES, values, |value| read_words(value, length.clone()))
    };
    let all_tags = values("all_tags", &request.all_tags, 1..=30);
    let any_tags = values("any_tags", &request.any_tags, 1..=30);
    let no_tags = values("no_tags", &request.no_tags, 1..=30);
    let with_foods = read_foods(fields, "with_foods", &request.with_foods, MAX_FOOD_WORDS.1);
    let left = MAX_FOOD_WORDS.1.saturating_sub(with_foods.iter().flatten().map(|food| count_words(food)).sum());
    let without_foods = read_foods(fields, "without_foods", &request.without_foods, left);
    let minutes = request.max_prep_time_minutes.map(|minutes| read::within(minutes, 1..=10_080)).transpose();
    let max_prep_time_minutes = fields.read("max_prep_time_minutes", minutes);
    let difficulty = fields.read("difficulty_level", read::within(request.difficulty_level, 0..=5));
    let min_rating = fields.read("min_rating", read_rating(&request.min_rating));
    let author = fields.read("author_user_id", read::optional_uuid(&request.author_user_id));
    Ok(Filter {
        all_tags: all_tags?,
        any_tags: any_tags?,
        no_tags: no_tags?,
        with_foods: with_foods?,
        without_foods: without_foods?,
        max_prep_time_minutes: max_prep_time_minutes?,
        difficulty_level: Some(difficulty?).filter(|level| *level > 0),
        min_rating: min_rating?,
        author: author?,
        featured_only: request.featured_only,
    })
}

fn read_text(text: &str) -> Result<String, String> {
    read::text(text, 0..=100)
}

/// Reads foods that have at most `most` words together.
fn read_foods(fields: &mut Fields, name: &str, foods: &[String], most: usize) -> Result<Vec<String>, Invalid> {
    let read = |food: &String| {
        let food = read_words(food, 1..=100)?;
        let most = MAX_FOOD_WORDS.0;
        if count_words(&food) > most { Err(format!("must have at most {most} words")) } else { Ok(food) }
    };
    let foods = fields.values(name, 0..=MAX_VALUES, foods, read)?;
    let count: usize = foods.iter().map(|food| count_words(food)).sum();
    let all = MAX_FOOD_WORDS.1;
    let few = if count > most { Err(format!("must have, with the other foods, at most {all} words")) } else { Ok(foods) };
    fields.read(name, few)
}

/// A value without a word would be met by every recipe.
fn read_words(text: &str, length: RangeInclusive<usize>) -> Result<String, String> {
    let text = read::text(text, length)?;
    if words(&text, false).is_empty() { Err("must have a letter or a digit".to_owned()) } else { Ok(text) }
}

/// Reads a rating in tenths of a star.
fn read_rating(text: &str) -> Result<Option<i32>, String> {
    let tenths = match text.as_bytes() {
        [] => return Ok(None),
        [whole @ b'1'..=b'5'] => i32::from(whole - b'0') * 10,
        [whole @ b'1'..=b'5', b'.', tenth @ b'0'..=b'9'] => i32::from(whole - b'0') * 10 + i32::from(tenth - b'0'),
        _ => 0,
    };
    if (10..=50).contains(&tenths) {
        Ok(Some(tenths))
    } else {
        Err("must be 1 to 5, with at most one digit after the point".to_owned())
    }
}

fn read_order(sort: i32) -> Result<Option<Order>, String> {
    match pb::SearchSort::try_from(sort) {
        Ok(pb::SearchSort::Unspecified | pb::SearchSort::Relevance) => Ok(None),
        Ok(pb::SearchSort::Newest) => Ok(Some(Order::Newest)),
        Ok(pb::SearchSort::Rating) => Ok(Some(Order::Rating)),
        Ok(pb::SearchSort::Featured) => Ok(Some(Order::Featured)),
        Err(_) => Err(format!("has no value {sort}")),
    }
}

/// Returns which parts of each recipe have met the text.
pub(super) fn highlights(found: &Found) -> Vec<Vec<pb::Highlight>> {
    let mut matches = Matches::of(&found.stems);
    found.hits.iter().map(|hit| highlight::highlights(hit, &mut matches).into_iter().map(convert).collect()).collect()
}

/// Converts what was found and is shown, by its author, with its highlights, for the viewer of the profiles.
pub(super) fn answer(
    found: Found,
    highlights: Vec<Vec<pb::Highlight>>,
    page: &PageRequest<Cursor>,
    profiles: &Profiles,
    is_shown: impl Fn(Uuid) -> bool,
) -> pb::SearchRecipesResponse {
    let (mut results, mut size, mut end, mut next) = (Vec::new(), 0, None, found.next);
    for (hit, highlights) in found.hits.into_iter().zip(highlights) {
        let hit_end = hit.end;
        if !is_shown(hit.summary.facts.user_id) {
            end = Some(hit_end);
            continue;
        }
        let result = pb::SearchResult { recipe: Some(recipe::wire::summary(hit.summary, profiles)), highlights };
        size += result.encoded_len();
        if size > MAX_SIZE && end.is_some() {
            next = end;
            break;
        }
        results.push(result);
        end = Some(hit_end);
    }
    pb::SearchRecipesResponse {
        results,
        next_page_token: next.map(|cursor| page.token(&cursor)).unwrap_or_default(),
        profiles_unavailable: profiles.is_unavailable,
    }
}

fn convert(highlight: Highlight) -> pb::Highlight {
    let number = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
    let field = match highlight.field {
        Field::Name => pb::HighlightField::RecipeName,
        Field::Description => pb::HighlightField::Description,
        Field::Food => pb::HighlightField::Food,
        Field::Tag => pb::HighlightField::Tag,
    };
    let range = |range: std::ops::Range<usize>| pb::TextRange { start: number(range.start), end: number(range.end) };
    pb::Highlight {
        field: field.into(),
        index: number(highlight.index),
        text: highlight.text,
        ranges: highlight.ranges.into_iter().map(range).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratings_have_one_digit_after_the_point() {
        for (text, tenths) in [("", None), ("1", Some(10)), ("4.5", Some(45)), ("5", Some(50)), ("5.0", Some(50))] {
            assert_eq!(read_rating(text), Ok(tenths));
        }
        for bad in ["0", "0.9", "5.1", "6", "4.55", "4,5", "+4", " 4", "NaN", "٤"] {
            assert!(read_rating(bad).is_err(), "{bad}");
        }
    }
}
