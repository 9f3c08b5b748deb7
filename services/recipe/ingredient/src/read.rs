//! The grammar of lines.

mod container;
mod draft;
mod food;
mod head;
mod list;
mod measure;
mod notes;
mod numeral;
mod open;
mod package;
mod run;
mod tail;

use crate::clean::clean;
use crate::cursor::Cursor;
use crate::fields;
use crate::lex::tokens;
use crate::lexicon::Class;
use crate::parsed::Parsed;
use crate::token::Token;
use draft::Draft;

/// Reads an ingredient line. Any text is one: what is no amount, unit or note is the food.
pub fn parse(line: &str) -> Parsed {
    if let Some(parsed) = fields::read(line) {
        return parsed;
    }
    let text = clean(line);
    let tokens = tokens(&text);
    let mut draft = Draft::default();
    let start = prefix(&mut draft, Cursor::new(&tokens));
    let rest = head::head(&mut draft, start);
    food::food(&mut draft, rest);
    parts(&mut draft);
    draft.finish(line)
}

/// Takes the unit from the end of the food: "garlic cloves".
fn parts(draft: &mut Draft<'_, '_>) {
    let [.., food, part] = draft.food.as_slice() else { return };
    let (Some(unit), Some(amount)) = (part.unit, &mut draft.amount) else { return };
    let is_part = match unit.name() {
        "clove" => food.is("garlic"),
        "stick" | "rib" => food.is("celery"),
        "stalk" | "sprig" | "slice" | "rasher" => true,
        _ => false,
    };
    if is_part && amount.unit.is_none() {
        amount.unit = Some(unit);
        draft.food.pop();
    }
}

/// Reads what stands before the amount: bullets, "For the sauce:", "Juice of".
fn prefix<'t, 'a>(draft: &mut Draft<'t, 'a>, cursor: Cursor<'t, 'a>) -> Cursor<'t, 'a> {
    let is_bullet = |token: &Token<'_>| ['-', '*', '•', '·', '▢', '□', '◦', '–', '+'].into_iter().any(|mark| token.is_mark(mark));
    let start = cursor.skip(cursor.rest().iter().take_while(|token| is_bullet(token)).count());
    if start.word(&["for"]).is_some()
        && let Some(colon) = start.rest().iter().position(|token| token.is_mark(':'))
    {
        let after = start.skip(colon + 1);
        draft.note(start.until(after));
        return after;
    }
    if let Some(after) = title(start) {
        draft.note(start.until(after));
        return after;
    }
    let named = start.past(&["the"]);
    let words = named.rest().iter().take_while(|token| token.class.is(Class::PART) || token.is("and") || token.is("&")).count();
    let of = named.skip(words).past(&["of", "from"]);
    let of = Some(of).filter(|of| words > 0 && numeral::quantity(*of).is_some());
    if let Some(after) = of {
        draft.note(start.until(after));
        return after;
    }
    start
}

/// Goes past a title before an amount and a food: "Topping: 1 cup sugar". "Sugar: 1 cup" names the food first.
fn title<'t, 'a>(start: Cursor<'t, 'a>) -> Option<Cursor<'t, 'a>> {
    let words = start.rest().iter().take_while(|token| token.is_word()).count();
    let after = start.skip(words).mark(':').filter(|_| (1..=4).contains(&words))?;
    start.peek_at(words - 1).filter(|last| !last.class.is(Class::FOOD))?;
    let mut draft = Draft::of_named();
    let rest = measure::sizes(head::head(&mut draft, after));
    let is_food = run::precedes_food(rest) && run::participles(rest).is_none_or(run::precedes_food);
    (draft.amount.is_some() && is_food).then_some(after)
}
