//! The sections of a view, whatever it is.

use std::collections::BTreeMap;

use orchard_proto::edge::v1::SectionState;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, ReflectMessage as _, Value};

const STATUS: &str = "orchard.edge.v1.SectionStatus";

/// The fields of the dashboard that belong to a section. Other views have a message for each.
const OF_DASHBOARD: [(&str, &str); 2] = [("challenges", "active_challenges"), ("highlights", "member_highlights")];

fn is_status(field: &FieldDescriptor) -> bool {
    matches!(field.kind(), Kind::Message(message) if message.full_name() == STATUS)
}

/// Gives each status of a view, with the name of its section, to a function.
fn each_status(view: &mut DynamicMessage, mut each: impl FnMut(&str, &mut DynamicMessage)) {
    for field in view.descriptor().fields() {
        let Kind::Message(kind) = field.kind() else { continue };
        let inner = kind.get_field_by_name("status").filter(is_status);
        if field.is_list() || !is_status(&field) && inner.is_none() {
            continue;
        }
        let Value::Message(section) = view.get_field_mut(&field) else { continue };
        match inner {
            None => each(field.name(), section),
            Some(inner) => match section.get_field_mut(&inner) {
                Value::Message(status) => each(field.name(), status),
                _ => continue,
            },
        }
    }
}

fn state(status: &DynamicMessage) -> SectionState {
    let state = status.get_field_by_name("state").and_then(|state| state.as_enum_number());
    state.and_then(|state| SectionState::try_from(state).ok()).unwrap_or_default()
}

/// Returns the state of each section of a view.
pub fn states(view: &DynamicMessage) -> BTreeMap<String, SectionState> {
    let (mut view, mut states) = (view.clone(), BTreeMap::new());
    each_status(&mut view, |name, status| {
        states.insert(name.to_owned(), state(status));
    });
    states
}

/// Returns a view without the times at which its sections were read. Exactly those that are OK have one.
pub fn timeless(mut view: DynamicMessage) -> DynamicMessage {
    each_status(&mut view, |name, status| {
        assert_eq!(status.has_field_by_name("as_of"), state(status) == SectionState::Ok, "{name}");
        status.clear_field_by_name("as_of");
    });
    view
}

/// Returns a view in which these sections are missing: they have a state and nothing else.
pub fn missing(view: &DynamicMessage, sections: &[&str], state: SectionState) -> DynamicMessage {
    let mut view = view.clone();
    for section in sections {
        let field = view.descriptor().get_field_by_name(section).expect("a section");
        if is_status(&field) {
            let of_section = OF_DASHBOARD.iter().find(|(name, _)| name == section).expect("a field of the section");
            view.clear_field_by_name(of_section.1);
        } else {
            view.clear_field(&field);
        }
    }
    each_status(&mut view, |name, status| {
        if sections.contains(&name) {
            status.clear_field_by_name("as_of");
            status.set_field_by_name("state", Value::EnumNumber(state.into()));
        }
    });
    view
}
