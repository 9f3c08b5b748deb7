//! Lines of home cooking, with the foods and the grams worked out by hand from the table.

mod lines;
mod recipes;
mod split;
