//! Conversions of fruits from and to protobuf.

use orchard_proto::social::v1 as pb;
use orchard_rpc::{Fields, Invalid, PageRequest, read};
use uuid::Uuid;

use super::{Fruit, Hemisphere, find};
use crate::error::Error;

/// Reads the name or an alias of a fruit, and returns its name.
pub(crate) fn name(text: &str) -> Result<&'static str, String> {
    let text = read::text(text, 1..=50)?;
    let fruit = find(&text).ok_or_else(|| "must be a fruit of FruitService/ListFruits".to_owned())?;
    Ok(fruit.name)
}

/// The hemisphere and month in which fruits must be in season, if any.
type Season = Option<(Hemisphere, u8)>;

pub(super) fn list(request: &pb::ListFruitsRequest, caller: Uuid) -> Result<(Season, PageRequest<String>), Error> {
    let mut fields = Fields::default();
    let season = season(&mut fields, request);
    let query = format!("ListFruits {caller} {} {}", request.hemisphere, request.month);
    let page = PageRequest::read(&mut fields, query, request.page_size, &request.page_token);
    Ok(fields.finish(|| Ok((season?, page?)))?)
}

fn season(fields: &mut Fields, request: &pb::ListFruitsRequest) -> Result<Season, Invalid> {
    if request.hemisphere == 0 && request.month == 0 {
        return Ok(None);
    }
    let hemisphere = fields.read("hemisphere", read_hemisphere(request.hemisphere));
    let month = if request.month == 0 { Err("is required with hemisphere".to_owned()) } else { read_month(request.month) };
    let month = fields.read("month", month);
    Ok(Some((hemisphere?, month?)))
}

fn read_hemisphere(hemisphere: i32) -> Result<Hemisphere, String> {
    match read::enumeration(hemisphere)? {
        pb::Hemisphere::Northern => Ok(Hemisphere::Northern),
        pb::Hemisphere::Southern => Ok(Hemisphere::Southern),
        pb::Hemisphere::Unspecified => Err("is required".to_owned()),
    }
}

fn read_month(month: i32) -> Result<u8, String> {
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
