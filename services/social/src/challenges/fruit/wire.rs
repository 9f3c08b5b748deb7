//! Fruits as sent.

use orchard_proto::social::v1 as pb;
use orchard_rpc::{Fields, Invalid, PageRequest, Violations, read};

use super::{Fruit, Hemisphere, known};

/// The name of a fruit that is meant by a name or alias.
pub(crate) fn name(text: &str) -> Result<&'static str, String> {
    let text = read::text(text, 1..=50)?;
    let fruit = known(&text).ok_or_else(|| "must be a fruit of FruitService/ListFruits".to_owned())?;
    Ok(fruit.name)
}

/// Where and when fruits are in season.
pub(super) type When = Option<(Hemisphere, u8)>;

pub(super) fn list(request: &pb::ListFruitsRequest) -> Result<(When, PageRequest<String>), Violations> {
    let mut fields = Fields::default();
    let when = when(&mut fields, request);
    let query = format!("ListFruits {} {}", request.hemisphere, request.month);
    let page = PageRequest::read(&mut fields, query, request.page_size, &request.page_token);
    fields.finish(|| Ok((when?, page?)))
}

fn when(fields: &mut Fields, request: &pb::ListFruitsRequest) -> Result<When, Invalid> {
    if request.hemisphere == 0 && request.month == 0 {
        return Ok(None);
    }
    let hemisphere = fields.read("hemisphere", read::enumeration(request.hemisphere).and_then(hemisphere));
    let month = if request.month == 0 { Err("is required with hemisphere".to_owned()) } else { month(request.month) };
    let month = fields.read("month", month);
    Ok(Some((hemisphere?, month?)))
}

fn hemisphere(sent: pb::Hemisphere) -> Result<Hemisphere, String> {
    match sent {
        pb::Hemisphere::Northern => Ok(Hemisphere::Northern),
        pb::Hemisphere::Southern => Ok(Hemisphere::Southern),
        pb::Hemisphere::Unspecified => Err("is required".to_owned()),
    }
}

fn month(month: i32) -> Result<u8, String> {
    let month = read::within(month, 1..=12)?;
    u8::try_from(month).map_err(|_| "must be a month".to_owned())
}

pub(super) fn fruit(fruit: &Fruit) -> pb::Fruit {
    let months = |hemisphere| fruit.months(hemisphere).map(i32::from).collect();
    pb::Fruit {
        name: fruit.name.to_owned(),
        aliases: fruit.aliases.iter().map(ToString::to_string).collect(),
        northern_months: months(Hemisphere::Northern),
        southern_months: months(Hemisphere::Southern),
    }
}
