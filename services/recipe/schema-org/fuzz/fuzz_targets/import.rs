//! Any text is read or refused, and what is read is written and read as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use orchard_schema_org::{export, import};

fuzz_target!(|document: &str| {
    if let Ok(imported) = import(document) {
        let again = import(&export(&imported.recipe)).expect("a recipe that was written");
        assert_eq!(again.recipe, imported.recipe);
    }
});
