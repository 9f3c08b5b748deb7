//! What recipes must have besides the words of the text.

use uuid::Uuid;

use crate::recipe::Summary;
use crate::search_index::{difficulty, exact_tag, prep_times, written_by};
use crate::search_words::{Place, Token, is_common, joined, stem, stem_token, words};

/// The most groups of tokens in statements that are kept prepared. Each number of them is a statement of its own.
const MOST_USUAL: usize = 12;

/// What recipes must have.
#[derive(Debug, Clone, Default)]
pub(super) struct Filter {
    pub(super) all_tags: Vec<String>,
    pub(super) any_tags: Vec<String>,
    pub(super) no_tags: Vec<String>,
    pub(super) with_foods: Vec<String>,
    pub(super) without_foods: Vec<String>,
    pub(super) max_prep_time_minutes: Option<i32>,
    pub(super) difficulty_level: Option<i32>,
    /// In tenths of a star.
    pub(super) min_rating: Option<i32>,
    pub(super) author: Option<Uuid>,
    pub(super) featured_only: bool,
}

/// What the index can say of recipes.
#[derive(Debug, Clone, Default)]
pub(super) struct Conditions {
    /// Recipes have at least one token of each group.
    pub(super) with: Vec<Vec<Token>>,
    /// Recipes have no token of at least one group of each.
    pub(super) without: Vec<Vec<Vec<Token>>>,
    /// Recipes take at most so many minutes.
    pub(super) max_prep_time_minutes: Option<i32>,
    /// Whether the conditions are about names only.
    pub(super) is_of_names: bool,
}

impl Filter {
    /// Returns the conditions of the filter alone.
    pub(super) fn conditions(&self) -> Conditions {
        let mut conditions = Conditions { max_prep_time_minutes: self.max_prep_time_minutes, ..Conditions::default() };
        conditions.with.extend(self.author.map(|author| vec![written_by(author)]));
        conditions.with.extend(self.all_tags.iter().map(|tag| vec![exact_tag(tag)]));
        if !self.any_tags.is_empty() {
            conditions.with.push(self.any_tags.iter().map(|tag| exact_tag(tag)).collect());
        }
        conditions.with.extend(self.with_foods.iter().flat_map(|food| food_groups(food)));
        conditions.with.extend(self.difficulty_level.map(|level| vec![difficulty(level)]));
        conditions.with.extend(self.max_prep_time_minutes.map(prep_times));
        let (single, several): (Vec<_>, Vec<_>) =
            self.without_foods.iter().map(|food| food_groups(food)).partition(|groups| groups.len() == 1);
        let tags = self.no_tags.iter().map(|tag| exact_tag(tag));
        let unwanted: Vec<Token> = tags.chain(single.into_iter().flatten().flatten()).collect();
        if !unwanted.is_empty() {
            conditions.without.push(vec![unwanted]);
        }
        conditions.without.extend(several);
        conditions
    }

    /// Returns whether recipes must meet what the index cannot say.
    pub(super) fn asks_more_than_index(&self) -> bool {
        self.featured_only || self.min_rating.is_some()
    }

    /// Returns whether everyone may see a recipe, and it meets what the index cannot say.
    pub(super) fn admits(&self, recipe: &Summary) -> bool {
        let (counts, is_featured) = (recipe.facts.counts, recipe.facts.featured_at.is_some());
        let stars: i64 = counts.ratings.iter().zip(1..).map(|(count, stars)| count * stars).sum();
        let is_rated = |tenths: i32| counts.reviews() > 0 && stars * 10 >= i64::from(tenths) * counts.reviews();
        recipe.heading.is_public
            && recipe.facts.hidden_at.is_none()
            && (is_featured || !self.featured_only)
            && self.min_rating.is_none_or(is_rated)
    }
}

impl Conditions {
    /// Returns whether every recipe meets them.
    pub(super) fn is_empty(&self) -> bool {
        self.with.is_empty() && self.without.is_empty() && self.max_prep_time_minutes.is_none()
    }

    /// Returns whether their shape is one of few, so that a prepared statement will be used again.
    pub(super) fn is_usual(&self) -> bool {
        self.without.len() <= 1 && self.with.len() + self.without.iter().map(Vec::len).sum::<usize>() <= MOST_USUAL
    }

    /// Adds what a text asks of names.
    pub(super) fn and_in_name(self, groups: Vec<Vec<Token>>) -> Self {
        let is_of_names = self.is_empty();
        Self { is_of_names, ..self.and(groups) }
    }

    /// Adds what a text asks for.
    pub(super) fn and(mut self, groups: Vec<Vec<Token>>) -> Self {
        self.with.extend(groups);
        self
    }

    /// Leaves out what a narrower text has found.
    pub(super) fn and_not(mut self, groups: Vec<Vec<Token>>) -> Self {
        self.without.push(groups);
        self.is_of_names = false;
        self
    }
}

/// Returns how many words of a food count.
pub(super) fn count_words(food: &str) -> usize {
    food_groups(food).len()
}

/// Returns the groups of which an ingredient with a food has a token of each: "sweet peppers" are found in "peppers, sweet, raw".
fn food_groups(food: &str) -> Vec<Vec<Token>> {
    let words = words(food, false);
    let token = |form: &str| Place::Food.token(stem_token(&stem(form)));
    let group = |at: usize| -> Vec<Token> {
        let before = at.checked_sub(1).and_then(|before| joined(&words[before], &words[at]));
        let after = words.get(at + 1).and_then(|after| joined(&words[at], after));
        let neighbours = before.iter().chain(&after).map(String::as_str);
        words[at].forms().chain(neighbours).map(token).collect()
    };
    let is_asked = |at: &usize| words.len() == 1 || !is_common(&words[*at].plain);
    (0..words.len()).filter(is_asked).map(group).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_filter_is_a_condition() {
        let tags = |tags: &[&str]| tags.iter().map(ToString::to_string).collect::<Vec<_>>();
        let filter = Filter {
            all_tags: tags(&["vegan", "raw"]),
            any_tags: tags(&["summer", "autumn"]),
            no_tags: tags(&["kids", "party"]),
            with_foods: tags(&["sweet peppers"]),
            without_foods: tags(&["peanuts", "soy milk"]),
            max_prep_time_minutes: Some(10),
            difficulty_level: Some(1),
            author: Some(Uuid::from_u128(1)),
            ..Filter::default()
        };
        let conditions = filter.conditions();
        assert_eq!(conditions.with.iter().map(Vec::len).collect::<Vec<_>>(), [1, 1, 1, 2, 2, 2, 1, 2]);
        let sizes = |groups: &Vec<Vec<Token>>| groups.iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(conditions.without.iter().map(sizes).collect::<Vec<_>>(), [vec![3], vec![2, 2]]);
        let usual = Conditions { without: conditions.without[..1].to_vec(), ..conditions.clone() };
        assert!(usual.is_usual() && !conditions.is_usual() && !usual.and(vec![vec![]; 4]).is_usual());
        assert_eq!(food_groups("peanuts"), food_groups("Peanut"));
    }
}
