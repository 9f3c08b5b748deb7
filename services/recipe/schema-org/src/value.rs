//! A JSON value, as far as recipes need it.

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// Nothing.
    Null,
    /// A number, or `true` or `false`, as written.
    Scalar(String),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Value>),
    /// An object. Of members with the same name, the last counts.
    Object(Vec<(String, Value)>),
}

impl Value {
    /// Returns a member of an object.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.members().iter().rev().find(|(own, _)| own == name).map(|(_, value)| value)
    }

    /// Returns the members of an object, and none of another value.
    pub(crate) fn members(&self) -> &[(String, Value)] {
        if let Self::Object(members) = self { members } else { &[] }
    }

    /// Returns the elements of an array; another value is its only element.
    pub(crate) fn elements(&self) -> &[Value] {
        if let Self::List(elements) = self { elements } else { std::slice::from_ref(self) }
    }

    /// Returns the text of a string, a number or a boolean.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Scalar(text) | Self::Text(text) => Some(text),
            Self::Null | Self::List(_) | Self::Object(_) => None,
        }
    }

    /// Returns whether it says anything: not the case for null, blank texts, and lists and objects of such. A type says nothing.
    pub(crate) fn says_something(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Scalar(_) => true,
            Self::Text(text) => !text.trim().is_empty(),
            Self::List(elements) => elements.iter().any(Self::says_something),
            Self::Object(members) => members.iter().any(|(name, value)| name != "@type" && value.says_something()),
        }
    }

    /// Returns whether one of its types is this one, written plainly or as an address.
    pub(crate) fn is_a(&self, name: &str) -> bool {
        let types = self.get("@type").or_else(|| self.get("type"));
        let texts = types.into_iter().flat_map(Self::elements).filter_map(Self::text);
        texts.map(|text| text.rsplit(['/', '#', ':']).next().unwrap_or(text)).any(|own| own.trim().eq_ignore_ascii_case(name))
    }
}
