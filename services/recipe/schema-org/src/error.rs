//! Why a document is refused.

/// Why a document is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// It is longer than 2 MiB, or has more than 512 KiB of JSON or more than 20,000 values.
    #[error("the document is too large")]
    TooLarge,
    /// It is nested deeper than 64 levels.
    #[error("the document is nested too deeply")]
    TooDeep,
    /// It is not JSON, and broken in a way that leaves open what it means.
    #[error("the document is not JSON")]
    NotJson,
    /// It has no recipe.
    #[error("the document has no recipe")]
    NotARecipe,
    /// The recipe has no name.
    #[error("the recipe has no name")]
    NameMissing,
}
