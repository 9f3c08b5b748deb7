//! What has been read so far.

use super::measure::Clause;
use crate::lexicon::Class;
use crate::parsed::{Amount, Parsed};
use crate::token::{self, Token};

/// What has been read of a line so far.
#[derive(Debug, Default)]
pub(crate) struct Draft<'t, 'a> {
    pub(crate) amount: Option<Amount>,
    pub(crate) alternatives: Vec<Amount>,
    pub(crate) package: Option<Amount>,
    pub(crate) food: Vec<&'t Token<'a>>,
    /// Whether the food is named before the amount: "garlic, 2 cloves".
    pub(crate) named: bool,
    /// Whether commas separate foods: "each of thyme, rosemary and sage".
    pub(crate) lists: bool,
    sizes: Vec<String>,
    notes: Vec<String>,
}

impl<'t, 'a> Draft<'t, 'a> {
    /// A draft for what stands after the food.
    pub(crate) fn of_named() -> Self {
        Self { named: true, ..Self::default() }
    }

    /// Adds tokens to the note.
    pub(crate) fn note(&mut self, tokens: &[Token<'_>]) {
        add(&mut self.notes, tokens);
    }

    /// Adds tokens to the size. Those of measures are notes: "heaped".
    pub(crate) fn size(&mut self, tokens: &[Token<'_>]) {
        let is_measure = tokens.iter().any(|token| token.class.is(Class::HEAP));
        add(if is_measure { &mut self.notes } else { &mut self.sizes }, tokens);
    }

    /// Adds amounts that fill a clause of their own: the amount, what one holds, or the same in other units.
    pub(crate) fn clause(&mut self, clause: Clause) {
        let each = clause.each || clause.is_length();
        if clause.total {
            self.notes.push("total".to_owned());
        }
        let mut amounts = clause.amounts.into_iter();
        let slot = if each { &mut self.package } else { &mut self.amount };
        if slot.is_none() {
            *slot = amounts.next();
        }
        if !each {
            self.alternatives.extend(amounts);
        }
    }

    /// Takes over what another draft has read, which has no food.
    pub(crate) fn merge(&mut self, other: Self) {
        self.amount = self.amount.or(other.amount);
        self.package = self.package.or(other.package);
        self.alternatives.extend(other.alternatives);
        self.sizes.extend(other.sizes);
        self.notes.extend(other.notes);
    }

    pub(crate) fn finish(self, original: &str) -> Parsed {
        let is_separator = |c: char| !c.is_alphanumeric() && !matches!(c, ')' | '%' | '®' | '™' | '\'' | '’' | '"' | '!');
        let food = token::text(self.food);
        let food = food.trim_end_matches(is_separator).trim_start_matches([',', ';', ':', '.', '-', '/', ' ', '*']);
        Parsed {
            original: original.to_owned(),
            amount: self.amount,
            alternatives: self.alternatives,
            package: self.package,
            size: self.sizes.join(" "),
            food: food.to_owned(),
            note: self.notes.join(", "),
        }
    }
}

/// Adds the text of tokens without the marks around it, if there is any.
fn add(list: &mut Vec<String>, tokens: &[Token<'_>]) {
    let text = token::text(tokens.iter().filter(|token| !token.is_mark('*')));
    let text = text.trim_matches([',', ';', ':', '.', '-', '/', ' ']);
    if !text.is_empty() {
        list.push(text.to_owned());
    }
}
