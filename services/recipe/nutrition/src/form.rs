//! Forms in which a food is bought, such as frozen or canned.

/// A set of forms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Forms(u32);

/// The forms that the data files name. The position is the bit in the set.
const NAMES: [&str; 21] = [
    "fresh",
    "frozen",
    "peeled",
    "drained",
    "rinsed",
    "skinless",
    "skin-on",
    "water-pack",
    "grated",
    "dried",
    "canned",
    "cooked",
    "roasted",
    "smoked",
    "sweetened",
    "salted",
    "juice-pack",
    "light-syrup",
    "heavy-syrup",
    "oil-pack",
    "tomato-pack",
];

impl Forms {
    /// Fresh.
    pub(crate) const FRESH: Self = Self(1);
    /// A food that has no entry in one of these forms is the food itself: frozen mango is mango.
    pub(crate) const MINOR: Self = Self(0x1ff);
    /// A food in one of these forms is not fresh.
    pub(crate) const PRESERVED: Self = Self(1 << 1 | 0b1_1111 << 9);
    /// In a note these tell what the cook does as often as what is bought.
    pub(crate) const PREPARED: Self = Self(0b111 << 11);

    /// Reads names of forms that are separated by spaces.
    pub(crate) fn read(text: &str) -> Option<Self> {
        text.split_whitespace().try_fold(Self::default(), |set, name| {
            let bit = NAMES.iter().position(|known| *known == name)?;
            Some(set.and(Self(1 << bit)))
        })
    }

    /// Returns the forms of both sets.
    pub(crate) fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns the forms that are not in the other set.
    pub(crate) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Returns whether all forms are in the other set.
    pub(crate) fn is_within(self, other: Self) -> bool {
        self.without(other).0 == 0
    }

    /// Returns whether a form is in both sets.
    pub(crate) fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Returns the number of forms.
    pub(crate) fn count(self) -> u32 {
        self.0.count_ones()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_read_by_name() {
        assert_eq!(Forms::read("fresh"), Some(Forms::FRESH));
        assert_eq!(Forms::read("frozen dried canned cooked roasted smoked"), Some(Forms::PRESERVED));
        assert_eq!(Forms::read("cooked roasted smoked"), Some(Forms::PREPARED));
        assert_eq!(Forms::read("fresh frozen peeled drained rinsed skinless skin-on water-pack grated"), Some(Forms::MINOR));
        assert_eq!(Forms::read(""), Some(Forms::default()));
        assert_eq!(Forms::read("canned unknown"), None);
    }

    #[test]
    fn sets_are_compared() {
        let (canned, both) = (Forms::read("canned").expect("a form"), Forms::read("canned drained").expect("forms"));
        assert!(canned.is_within(both) && !both.is_within(canned) && canned.meets(both));
        assert_eq!((both.without(canned).count(), both.count()), (1, 2));
    }
}
