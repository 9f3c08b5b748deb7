//! Medians and ratios.

use serde::Serialize;

/// Several measurements of one thing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// The median.
    pub median: f64,
    /// The minimum.
    pub min: f64,
    /// The maximum.
    pub max: f64,
}

impl Spread {
    /// Summarises values, or returns `None` if there are none.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let (min, max) = (*values.first()?, *values.last()?);
        let middle = values.len() / 2;
        let median = if values.len() % 2 == 1 { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) };
        Some(Self { median, min, max })
    }

    /// Formats it with this number of decimals.
    pub fn text(&self, decimals: usize) -> String {
        format!("{:.decimals$} ({:.decimals$}-{:.decimals$})", self.median, self.min, self.max)
    }
}

/// Returns the quantile of sorted values, or 0 if there are none.
pub fn quantile(sorted: &[f64], share: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get((last as f64 * share).round() as usize).copied().unwrap_or_default()
}

/// Divides the values of the same rounds, so that changes of the machine's speed cancel out.
pub fn ratios(these: &[f64], those: &[f64]) -> Vec<f64> {
    these.iter().zip(those).filter(|(_, that)| **that > 0.0).map(|(this, that)| this / that).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_in_the_middle() {
        assert_eq!(Spread::of([3.0, 1.0, 2.0]), Some(Spread { median: 2.0, min: 1.0, max: 3.0 }));
        assert_eq!(Spread::of([4.0, 1.0, 2.0, 3.0]).map(|spread| spread.median), Some(2.5));
        assert_eq!(Spread::of([]), None);
        assert_eq!(Spread::of([0.5]).map(|spread| spread.text(2)), Some("0.50 (0.50-0.50)".to_owned()));
    }

    #[test]
    fn a_quantile_is_one_of_the_values() {
        let sorted: Vec<f64> = (0..=100).map(f64::from).collect();
        assert_eq!((quantile(&sorted, 0.5), quantile(&sorted, 0.99)), (50.0, 99.0));
        assert_eq!(quantile(&[], 0.5), 0.0);
    }

    #[test]
    fn ratios_divide_pairs() {
        assert_eq!(ratios(&[1.0, 4.0, 9.0], &[2.0, 2.0]), [0.5, 2.0]);
        assert_eq!(ratios(&[1.0, 4.0], &[0.0, 2.0]), [2.0]);
    }
}
