//! Kinds of lines.
