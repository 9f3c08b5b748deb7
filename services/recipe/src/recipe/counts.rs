//! How often a recipe was reviewed with which rating, and kept among favourites.

use crate::counters::COUNTERS;

/// The numbers of a recipe.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub favourites: i64,
    /// The number of reviews with 1, 2, 3, 4 and 5 stars.
    pub ratings: [i64; 5],
}

impl Counts {
    /// Adds the folded numbers and the changes that are not folded yet.
    pub(crate) fn new(folded: [i32; COUNTERS], pending: &[i64]) -> Self {
        let at = |index: usize| i64::from(folded[index]) + pending.get(index).copied().unwrap_or_default();
        Self { favourites: at(0), ratings: [at(1), at(2), at(3), at(4), at(5)] }
    }

    /// Returns the number of reviews.
    pub fn reviews(&self) -> i64 {
        self.ratings.iter().sum()
    }

    /// Returns the mean of the ratings with at most two digits after the point, rounded half up; empty without reviews.
    pub fn average(&self) -> String {
        let (reviews, stars) = (self.reviews(), self.ratings.iter().zip(1..).map(|(count, stars)| count * stars).sum::<i64>());
        if reviews <= 0 {
            return String::new();
        }
        let hundredths = (stars * 200 + reviews) / (reviews * 2);
        let text = format!("{}.{:02}", hundredths / 100, hundredths % 100);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn averages_are_exact_decimals() {
        for (ratings, average) in [
            ([0, 0, 0, 0, 0], ""),
            ([0, 1, 0, 0, 1], "3.5"),
            ([0, 0, 0, 0, 7], "5"),
            ([1, 1, 0, 0, 0], "1.5"),
            ([0, 0, 1, 2, 0], "3.67"),
            ([0, 0, 2, 1, 0], "3.33"),
            // 4.995 and 4.994..
            ([0, 0, 0, 1, 199], "5"),
            ([0, 0, 0, 1, 198], "4.99"),
            ([0, 0, 0, 20, 180], "4.9"),
            ([1_000_000, 0, 0, 0, 0], "1"),
        ] {
            assert_eq!(Counts { favourites: 0, ratings }.average(), average, "{ratings:?}");
        }
    }

    #[test]
    fn changes_that_are_not_folded_count() {
        let counts = Counts::new([1, 2, 3, 4, 5, 6], &[1, -1, 0, 0, 0, 2]);
        assert_eq!(counts, Counts { favourites: 2, ratings: [1, 3, 4, 5, 8] });
        assert_eq!(Counts::new([1; COUNTERS], &[]), Counts { favourites: 1, ratings: [1; 5] });
    }
}
