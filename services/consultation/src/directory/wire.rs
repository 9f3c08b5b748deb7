//! Searches as received.

use bigdecimal::BigDecimal;
use orchard_proto::consultation::v1 as pb;
use orchard_rpc::{Currency, Fields, Invalid, PageRequest, read, timestamp_to_wire};
use uuid::Uuid;

use super::{Filter, Listed, Order, Position};
use crate::error::Error;
use crate::professional::{MAX_RATE, wire as professionals};
use crate::request::moment;

/// The most words of a text. Each is looked up by itself.
const MAX_WORDS: usize = 10;

/// Reads a search and which page of it is asked for.
pub(super) fn search(
    request: &pb::SearchProfessionalsRequest,
    caller: Uuid,
    currency: &Currency,
) -> Result<(Filter, Order, PageRequest<Position>), Error> {
    let mut fields = Fields::default();
    let filter = read_filter(&mut fields, request, currency);
    let order = fields.read("sort", read_order(request.sort));
    let query = pb::SearchProfessionalsRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    let query = format!("SearchProfessionals {caller} {query:?}");
    let page = PageRequest::read(&mut fields, query, request.page_size, &request.page_token);
    Ok(fields.finish(|| Ok((filter?, order?, page?)))?)
}

pub(super) fn listed(listed: Listed, currency: &Currency) -> pb::ProfessionalSummary {
    let summary = professionals::summary(listed.professional, currency);
    pb::ProfessionalSummary { next_slot_time: listed.next_slot.map(timestamp_to_wire), ..summary }
}

fn read_filter(fields: &mut Fields, request: &pb::SearchProfessionalsRequest, currency: &Currency) -> Result<Filter, Invalid> {
    let words = fields.read("text", read_words(&request.text));
    let mut fields_of = |name, values: &[i32]| fields.values(name, 0..=3, values, |value| (*value).try_into());
    let any_specializations = fields_of("any_specializations", &request.any_specializations);
    let all_specializations = fields_of("all_specializations", &request.all_specializations);
    let mut languages = |name, values: &[String]| fields.values(name, 0..=20, values, |text| read::text(text, 1..=50));
    let any_languages = languages("any_languages", &request.any_languages);
    let all_languages = languages("all_languages", &request.all_languages);
    let max_rate = fields.read("max_rate", currency.optional(request.max_rate.clone(), &MAX_RATE));
    let min_rating = fields.read("min_rating", read_rating(&request.min_rating));
    let before = request.next_slot_before_time.map(|time| moment(Some(time))).transpose();
    let next_slot_before = fields.read("next_slot_before_time", before);
    Ok(Filter {
        words: words?,
        any_specializations: any_specializations?,
        all_specializations: all_specializations?,
        any_languages: any_languages?,
        all_languages: all_languages?,
        max_rate: max_rate?,
        min_rating: min_rating?,
        next_slot_before: next_slot_before?,
    })
}

/// Reads the words of a text: what is between ASCII characters that are neither letters nor digits, as in the index.
fn read_words(text: &str) -> Result<Vec<String>, String> {
    let text = read::text(text, 0..=100)?;
    let words = text.split(|c: char| c.is_ascii() && !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    // The database folds their case as it did in the index.
    let words: Vec<String> = words.map(str::to_owned).collect();
    if words.len() > MAX_WORDS {
        return Err(format!("must have at most {MAX_WORDS} words"));
    }
    let is_readable = |word: &String| word.chars().any(char::is_alphanumeric);
    let is_empty = text.is_empty() || !words.is_empty() && words.iter().all(is_readable);
    if is_empty { Ok(words) } else { Err("must have words of letters or digits".to_owned()) }
}

fn read_rating(text: &str) -> Result<Option<BigDecimal>, String> {
    let rating = match text.as_bytes() {
        [] => return Ok(None),
        [b'1'..=b'5'] | [b'1'..=b'4', b'.', b'0'..=b'9'] | [b'5', b'.', b'0'] => text.parse().ok(),
        _ => None,
    };
    rating.map(Some).ok_or_else(|| "must be 1 to 5, with at most one digit after the point".to_owned())
}

fn read_order(sort: i32) -> Result<Order, String> {
    match pb::ProfessionalSort::try_from(sort) {
        Ok(pb::ProfessionalSort::Unspecified | pb::ProfessionalSort::Rating) => Ok(Order::Rating),
        Ok(pb::ProfessionalSort::Rate) => Ok(Order::Rate),
        Ok(pb::ProfessionalSort::NextSlot) => Ok(Order::NextSlot),
        Err(_) => Err(format!("has no value {sort}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_letters_and_digits() {
        for (text, words) in [("", vec![]), (" Müller's  Obst-7 ", vec!["Müller", "s", "Obst", "7"]), ("山田", vec!["山田"])]
        {
            assert_eq!(read_words(text), Ok(words.into_iter().map(str::to_owned).collect()));
        }
        for bad in ["!", "' | 'x' & !'", "a b c d e f g h i j k", "…"] {
            assert_eq!(read_words(bad).is_err(), bad != "' | 'x' & !'", "{bad}");
        }
    }

    #[test]
    fn ratings_have_one_digit_after_the_point() {
        for (text, rating) in [("1", "1"), ("4.5", "4.5"), ("5.0", "5")] {
            assert_eq!(read_rating(text), Ok(Some(rating.parse().expect("a number"))));
        }
        for bad in ["0", "0.9", "5.1", "6", "4.55", "4,5", "+4", " 4", "NaN"] {
            assert!(read_rating(bad).is_err(), "{bad}");
        }
    }
}
