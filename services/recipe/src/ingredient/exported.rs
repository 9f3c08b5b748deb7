//! Ingredients as lines of documents of others, both ways.

use super::{Amount, Ingredient, line, parser, wire};

impl Ingredient {
    /// Returns what a line of at most 200 characters says; the line as the food if none is found in it.
    pub(crate) fn of_line(line: String) -> Self {
        line::parse(&line).unwrap_or_else(|| Self {
            food: cut(&line, *wire::FOOD.end()).to_owned(),
            original_text: line,
            ..Self::default()
        })
    }

    /// Returns a line that is read as this ingredient, wherever a line can say so: the author's own, if they say the same.
    pub(crate) fn line(&self) -> String {
        let is_same = |line: &str| {
            let same = Self { original_text: line.to_owned(), food_number: String::new(), ..self.clone() };
            !line.is_empty() && Self::of_line(line.to_owned()) == same
        };
        if is_same(&self.original_text) {
            return self.original_text.clone();
        }
        let shown = self.shown();
        let rendered = || self.parsed().map(|parsed| parser::render(&parsed)).filter(|line| is_same(line));
        if is_same(&shown) { shown } else { rendered().unwrap_or(shown) }
    }

    fn parsed(&self) -> Option<parser::Parsed> {
        let package = match &self.package {
            Some(package) => Some(package.parsed()?),
            None => None,
        };
        Some(parser::Parsed {
            original: String::new(),
            amount: if self.amount == Amount::default() { None } else { Some(self.amount.parsed()?) },
            alternatives: self.alternatives.iter().map(Amount::parsed).collect::<Option<_>>()?,
            package,
            size: self.size.clone(),
            food: self.food.clone(),
            note: self.note.clone(),
        })
    }
}

/// Returns the beginning of a text of at most `most` characters: whole words, unless the first is longer.
pub(crate) fn cut(text: &str, most: usize) -> &str {
    let Some((end, _)) = text.char_indices().nth(most) else { return text };
    let (start, rest) = text.split_at(end);
    if rest.starts_with(char::is_whitespace) {
        return start.trim_end();
    }
    start.rfind(char::is_whitespace).map(|space| start[..space].trim_end()).filter(|words| !words.is_empty()).unwrap_or(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_as_the_ingredient_that_it_was_written_from() {
        let lines = [
            "1/3-1/2 cup honey",
            "5/7 cup honey",
            "2 x 400 g cans chopped tomatoes",
            "250 g/9 oz butter, softened",
            "2 large eggs",
            "a few sprigs of mint",
            "salt, to taste",
            "2 cups",
            "For the sauce:",
        ];
        for text in lines {
            let read = Ingredient::of_line(text.to_owned());
            assert_eq!(read.line(), text);
            let written = Ingredient { original_text: String::new(), ..read.clone() };
            let again = Ingredient::of_line(written.line());
            assert_eq!(Ingredient { original_text: String::new(), ..again }, written, "{text}");
        }
    }

    #[test]
    fn words_that_say_something_else_are_not_exported() {
        let apples =
            Ingredient { original_text: "5 kg of sand".to_owned(), ..Ingredient::of_line("2 apples, peeled".to_owned()) };
        assert_eq!(apples.line(), "2 apples, peeled");
        let unit = Ingredient { amount: Amount { unit: "Kiste".to_owned(), ..apples.amount.clone() }, ..apples };
        assert_eq!(unit.line(), "2 Kiste apples, peeled");
    }

    #[test]
    fn texts_are_cut_between_words() {
        for (text, beginning) in [
            ("one two", "one two"),
            ("one two three", "one two"),
            ("one twothree", "one"),
            ("onetwothree", "onetwot"),
            ("eins zw drei", "eins zw"),
            ("äöüäöüäö", "äöüäöüä"),
            (" onetwothree", " onetwo"),
        ] {
            assert_eq!(cut(text, 7), beginning, "{text}");
        }
    }
}
