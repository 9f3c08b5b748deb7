//! What is read and written of a recipe.

use bigdecimal::BigDecimal;

/// A recipe. Texts are one line each, without markup.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recipe {
    /// Name, at most 100 characters.
    pub name: String,
    /// Description.
    pub description: Option<String>,
    /// Ingredient lines, at most 1,000.
    pub ingredients: Vec<String>,
    /// Steps, without numbers, at most 1,000.
    pub steps: Vec<String>,
    /// Preparation time in minutes, 1-10,080.
    pub prep_time_minutes: Option<u32>,
    /// Number of people that the recipe serves, 1-1,000.
    pub servings: Option<u32>,
    /// Distinct tags in lower case.
    pub tags: Vec<String>,
    /// Address of a photo, starting with `https://`, at most 500 characters.
    pub image_url: Option<String>,
    /// What a serving contains.
    pub nutrition: NutritionFacts,
}

/// What a serving contains. Absent amounts are not known, which is not the same as 0.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NutritionFacts {
    /// Energy in kilocalories.
    pub energy_kcal: Option<BigDecimal>,
    /// Protein in grams.
    pub protein_g: Option<BigDecimal>,
    /// Fat in grams.
    pub fat_g: Option<BigDecimal>,
    /// Carbohydrates in grams, sugars included.
    pub carbohydrate_g: Option<BigDecimal>,
    /// Fibre in grams.
    pub fiber_g: Option<BigDecimal>,
    /// Sugars in grams.
    pub sugars_g: Option<BigDecimal>,
    /// Sodium in milligrams.
    pub sodium_mg: Option<BigDecimal>,
}
