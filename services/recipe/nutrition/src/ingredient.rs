//! What the parts of an ingredient line say.

use crate::table::Food;

/// An ingredient line, taken apart.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Ingredient<'a> {
    /// Quantity, finite and greater than zero; none for "to taste". Of a range the caller gives one number.
    pub quantity: Option<f64>,
    /// Unit of the quantity, such as `cup`; empty for pieces.
    pub unit: &'a str,
    /// What one piece or container holds, as in `1 (400 ml) tin`.
    pub package: Option<Package<'a>>,
    /// Size of a piece, such as `large`; may be empty.
    pub size: &'a str,
    /// Name of the food, such as `bananas`.
    pub food: &'a str,
    /// How the food is prepared, such as `sliced`; may be empty.
    pub note: &'a str,
    /// A food that someone has chosen, instead of the one that the name matches.
    pub chosen: Option<&'static Food>,
}

/// What one piece or container holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Package<'a> {
    /// Quantity, finite and greater than zero.
    pub quantity: f64,
    /// Unit of mass or volume.
    pub unit: &'a str,
}
