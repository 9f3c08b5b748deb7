//! Documents of pages, and recipes that are written and read again.

mod answer;
mod documents;
mod round_trip;
