//! The directory of professionals: all who are verified and available.

mod api;
mod store;
mod wire;

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::professional::{Professional, Specialization};

/// What professionals must have to be found.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Beginnings of words of the name or the biography, of letters and digits.
    pub words: Vec<String>,
    /// The professional has one of them, unless there are none.
    pub any_specializations: Vec<Specialization>,
    /// The professional has all of them.
    pub all_specializations: Vec<Specialization>,
    /// The professional speaks one of them, unless there are none.
    pub any_languages: Vec<String>,
    /// The professional speaks all of them.
    pub all_languages: Vec<String>,
    pub max_rate: Option<BigDecimal>,
    pub min_rating: Option<BigDecimal>,
    /// The professional has a free slot that begins before.
    pub next_slot_before: Option<DateTime<Utc>>,
}

/// A professional who was found.
#[derive(Debug, Clone)]
pub struct Listed {
    pub professional: Professional,
    /// When their next free slot begins, as was last looked for.
    pub next_slot: Option<DateTime<Utc>>,
}

/// The order in which professionals are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The best rating first.
    Rating,
    /// The lowest rate first, without those who have none.
    Rate,
    /// The earliest free slot first, without those who have none.
    NextSlot,
}

/// The position of a professional in a list of each order: what it is ordered by, and the id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Position {
    Rating(BigDecimal, Uuid),
    Rate(BigDecimal, Uuid),
    NextSlot(DateTime<Utc>, Uuid),
}

impl Position {
    /// Returns the position of a professional.
    pub fn of(listed: &Listed, order: Order) -> Self {
        let Listed { professional, next_slot } = listed;
        let id = professional.id;
        match order {
            Order::Rating => Self::Rating(professional.rating_average.clone().unwrap_or_default(), id),
            Order::Rate => Self::Rate(professional.profile.consultation_rate.clone().unwrap_or_default(), id),
            Order::NextSlot => Self::NextSlot(next_slot.unwrap_or_default(), id),
        }
    }
}
