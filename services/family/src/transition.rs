//! Changes of state that a caller may request again.

/// Whether a requested change of state is still to be made.
#[derive(Debug, PartialEq, Eq)]
pub enum Transition {
    /// The change is due.
    Due,
    /// An earlier call made the change.
    Done,
}
