//! Finds the recipes of a document, and what its references mean.

use std::cell::Cell;
use std::collections::HashMap;

use crate::value::Value;

/// The longest chain of references that is followed.
const MOST_STEPS: usize = 8;

/// The deepest nesting of lists, references included.
pub(crate) const MOST_LEVELS: usize = 64;

/// The most that reading may cost: a value costs 8, and a text its bytes. No document without references costs more, and one whose references
/// repeat its texts is cut short.
const BUDGET: usize = 1 << 20;

/// Properties with recipes that a page does not offer.
const ELSEWHERE: [&str; 6] = ["itemReviewed", "review", "isRelatedTo", "isSimilarTo", "isBasedOn", "about"];

/// The nodes of a document.
pub(crate) struct Graph<'a> {
    documents: &'a [Value],
    nodes: HashMap<&'a str, &'a Value>,
    budget: Cell<usize>,
}

impl<'a> Graph<'a> {
    pub(crate) fn of(documents: &'a [Value]) -> Self {
        let mut graph = Self { documents, nodes: HashMap::new(), budget: Cell::new(BUDGET) };
        for document in documents {
            graph.index(document);
        }
        graph
    }

    fn index(&mut self, value: &'a Value) {
        if let Some(id) = id(value).filter(|_| !is_reference(value)) {
            self.nodes.entry(id).or_insert(value);
        }
        match value {
            Value::Object(members) => members.iter().for_each(|(_, member)| self.index(member)),
            Value::List(elements) => elements.iter().for_each(|element| self.index(element)),
            Value::Null | Value::Scalar(_) | Value::Text(_) => {}
        }
    }

    /// Returns the node that a reference means, or the value itself.
    pub(crate) fn resolve<'b>(&self, value: &'b Value) -> &'b Value
    where
        'a: 'b,
    {
        let mut found = value;
        for _ in 0..MOST_STEPS {
            let Some(node) = id(found).filter(|_| is_reference(found)).and_then(|id| self.nodes.get(id)) else { break };
            found = node;
        }
        found
    }

    /// Returns the recipes, in the order of the document.
    pub(crate) fn recipes(&self) -> Vec<&'a Value> {
        let mut found = Vec::new();
        for document in self.documents {
            self.collect(document, &mut found);
        }
        found
    }

    fn collect(&self, value: &'a Value, found: &mut Vec<&'a Value>) {
        let value = if value.is_a("Recipe") { self.resolve(value) } else { value };
        if value.is_a("Recipe") {
            if !found.iter().any(|own| std::ptr::eq(*own, value)) {
                found.push(value);
            }
            return;
        }
        match value {
            Value::Object(members) => {
                let offered = members.iter().filter(|(name, _)| !ELSEWHERE.contains(&name.as_str()));
                offered.for_each(|(_, member)| self.collect(member, found));
            }
            Value::List(elements) => elements.iter().for_each(|element| self.collect(element, found)),
            Value::Null | Value::Scalar(_) | Value::Text(_) => {}
        }
    }

    /// Returns the values of a property: the elements of its lists at any depth, with references resolved and blank values left out.
    pub(crate) fn values<'b>(&self, value: &'b Value) -> Vec<&'b Value>
    where
        'a: 'b,
    {
        let mut found = Vec::new();
        self.flatten(value, &mut found, 0);
        found
    }

    fn flatten<'b>(&self, value: &'b Value, found: &mut Vec<&'b Value>, level: usize)
    where
        'a: 'b,
    {
        let value = self.resolve(value);
        let cost = 8 + value.text().map_or(0, str::len);
        let Some(left) = self.budget.get().checked_sub(cost).filter(|_| level <= MOST_LEVELS) else { return };
        self.budget.set(left);
        let inner = ["@value", "@list", "@set"].iter().find_map(|name| value.get(name));
        match (value, inner) {
            (_, Some(inner)) => self.flatten(inner, found, level + 1),
            (Value::List(elements), _) => elements.iter().for_each(|element| self.flatten(element, found, level + 1)),
            _ if value.says_something() => found.push(value),
            _ => {}
        }
    }

    /// Returns the texts among the values of a property.
    pub(crate) fn texts<'b>(&self, value: Option<&'b Value>) -> Vec<&'b str>
    where
        'a: 'b,
    {
        value.map(|value| self.values(value)).unwrap_or_default().into_iter().filter_map(Value::text).collect()
    }
}

fn id(value: &Value) -> Option<&str> {
    value.get("@id").or_else(|| value.get("id")).and_then(Value::text)
}

/// Returns whether an object says nothing but which node it is.
fn is_reference(value: &Value) -> bool {
    value.members().iter().all(|(name, _)| matches!(name.as_str(), "@id" | "id" | "@type" | "type" | "@context"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::read;

    fn names(document: &str) -> Vec<String> {
        let documents = read(document).expect("a document");
        let recipes = Graph::of(&documents).recipes();
        recipes.iter().filter_map(|recipe| recipe.get("name")?.text()).map(str::to_owned).collect()
    }

    #[test]
    fn recipes_are_found_where_pages_have_them() {
        let recipe = r#"{"@type": "Recipe", "name": "Pears"}"#;
        let documents = [
            recipe.to_owned(),
            format!("[{recipe}]"),
            format!(r#"{{"@graph": [{{"@type": "WebSite"}}, {recipe}]}}"#),
            format!(r#"{{"@type": "WebPage", "mainEntity": {recipe}}}"#),
            format!(r#"{{"@type": "ItemList", "itemListElement": [{{"@type": "ListItem", "item": {recipe}}}]}}"#),
            r#"{"@type": ["Recipe", "NewsArticle"], "name": "Pears"}"#.to_owned(),
            r#"{"@type": "http://schema.org/Recipe", "name": "Pears"}"#.to_owned(),
            r##"[{"mainEntity": {"@id": "#r", "@type": "Recipe"}}, {"@id": "#r", "@type": "Recipe", "name": "Pears"}]"##
                .to_owned(),
        ];
        for document in documents {
            assert_eq!(names(&document), ["Pears"], "{document}");
        }
    }

    #[test]
    fn other_recipes_are_not_the_page_s() {
        assert_eq!(names(r#"{"@type": "Review", "itemReviewed": {"@type": "Recipe", "name": "Pears"}}"#), [""; 0]);
        assert_eq!(names(r#"{"@type": "Recipe", "name": "Pears", "hasPart": {"@type": "Recipe", "name": "Sauce"}}"#), ["Pears"]);
        assert_eq!(names(r#"{"@type": "RecipeBook", "name": "Pears"}"#), [""; 0]);
    }

    #[test]
    fn a_circle_of_references_ends() {
        let documents =
            read(r##"{"@id": "#a", "@set": [{"@id": "#a"}, {"@id": "#b"}]} {"@id": "#b", "@set": [{"@id": "#a"}, "x"]}"##);
        let documents = documents.expect("a document");
        let graph = Graph::of(&documents);
        assert_eq!(graph.recipes().len(), 0);
        assert!(graph.values(&documents[0]).len() < BUDGET / 8);
    }
}
