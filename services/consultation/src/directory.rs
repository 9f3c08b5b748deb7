//! The directory of professionals: all who are verified and available.

mod api;
mod store;
mod wire;

use bigdecimal::BigDecimal;
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
}

/// The order in which professionals are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The best rating first.
    Rating,
    /// The lowest rate first, without those who have none.
    Rate,
}

/// The position of a professional in a list: what it is ordered by, and the id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    number: BigDecimal,
    id: Uuid,
}

impl Position {
    /// Returns the position of a professional.
    pub fn of(professional: &Professional, order: Order) -> Self {
        let number = match order {
            Order::Rating => professional.rating_average.clone(),
            Order::Rate => professional.profile.consultation_rate.clone(),
        };
        Self { number: number.unwrap_or_default(), id: professional.id }
    }
}
