//! Proves that each rule finds its violations: a sample that follows all rules is changed in one place, and breaks that rule only.

use std::collections::BTreeSet;
use std::path::Path;

use protox::Compiler;
use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver, IncludeFileResolver};

use crate::contracts::Contracts;
use crate::{RULES, broken};

/// Files of a package that follows all rules, each after its path. A `#` stands for `//`.
const GOOD: &str = r#"
=== orchard/sample/v1/error_reason.proto
package orchard.sample.v1;
# Reasons.
enum ErrorReason {
  # Never sent.
  ERROR_REASON_UNSPECIFIED = 0;
  # NOT_FOUND: no such thing.
  ERROR_REASON_THING_NOT_FOUND = 1;
}

=== orchard/sample/v1/thing.proto
package orchard.sample.v1;
import "google/protobuf/timestamp.proto";
import "google/type/date.proto";
import "google/type/money.proto";
# A thing.
message Thing {
  # Its id.
  string thing_id = 1;
  # Its price.
  google.type.Money unit_price = 2;
  # Its first day.
  google.type.Date start_date = 3;
  # When it was created.
  google.protobuf.Timestamp create_time = 4;
  # Its tags.
  repeated string tags = 5;
  # Its owners.
  repeated string owner_ids = 6;
  # Its weight.
  optional int32 grams = 7;
  # Its form.
  oneof form {
    # Radius of a round thing.
    int32 radius = 8;
  }
  # Its names by language.
  map<string, string> names = 9;
}

=== orchard/sample/v1/thing_service.proto
package orchard.sample.v1;
import "orchard/access/v1/access.proto";
import "orchard/sample/v1/thing.proto";
# Things.
service ThingService {
  # Lists things.
  #
  # Errors: NOT_FOUND `THING_NOT_FOUND` (metadata `thing_id`); INVALID_ARGUMENT `FIELDS_INVALID`.
  rpc ListThings(ListThingsRequest) returns (ListThingsResponse) {
    option idempotency_level = NO_SIDE_EFFECTS;
    option (orchard.access.v1.access) = { callers: [CALLER_USER] };
  }
  # Moves a thing.
  rpc MoveThing(MoveThingRequest) returns (MoveThingResponse) {
    option idempotency_level = IDEMPOTENT;
    option (orchard.access.v1.access) = { callers: [CALLER_SERVICE] services: ["edge"] };
  }
}
# Request.
message ListThingsRequest {
  # Size.
  int32 page_size = 1;
  # Token.
  string page_token = 2;
}
# Response.
message ListThingsResponse {
  # Page.
  repeated Thing things = 1;
  # Token.
  string next_page_token = 2;
}
# Request.
message MoveThingRequest {}
# Response.
message MoveThingResponse {}
"#;

/// The rule that is broken, the text to replace in the sample, and its replacement, in which `$0` stands for the text.
const VIOLATIONS: &[(&str, &str, &str)] = &[
    ("packages_match_their_folders", "=== orchard/sample/v1/error_reason.proto", "=== orchard/reasons/v1/error_reason.proto"),
    ("packages_match_their_folders", "=== orchard/sample/v1/error_reason.proto", "=== other/v1/o.proto\npackage other.v1;\n$0"),
    ("packages_match_their_folders", "=== orchard/sample/v1/error_reason.proto", "=== orchard/o/o.proto\npackage orchard.o;\n$0"),
    ("files_are_named_for_their_service", "v1/thing_service.proto", "v1/things.proto"),
    ("files_are_named_for_their_service", "v1/error_reason.proto", "v1/ErrorReason.proto"),
    ("files_are_named_for_their_service", "v1/error_reason.proto", "v1/error_service.proto"),
    ("files_are_named_for_their_service", "# Things.\n", "# Others.\nservice OtherService {}\n$0"),
    (
        "google_types_are_unchanged",
        "=== orchard/sample/v1/error_reason.proto",
        "=== google/type/date.proto\npackage google.type;\nmessage Date { int32 year = 1; int32 month = 2; int64 day = 3; }\n$0",
    ),
    ("everything_has_a_comment", "# Reasons.\n", ""),
    ("everything_has_a_comment", "  # Never sent.\n", ""),
    ("everything_has_a_comment", "# A thing.\n", ""),
    ("everything_has_a_comment", "  # Its id.\n", ""),
    ("everything_has_a_comment", "  # Its form.\n", ""),
    ("everything_has_a_comment", "# Things.\n", ""),
    ("everything_has_a_comment", "  # Moves a thing.\n", ""),
    ("names_are_snake_case", "grams", "weightInGrams"),
    ("names_are_snake_case", "oneof form", "oneof Form"),
    ("repeated_fields_are_plural", "tags", "tag"),
    ("repeated_fields_are_plural", "names", "name"),
    ("repeated_fields_are_plural", "repeated string owner_ids", "string owner_ids"),
    ("ids_are_strings", "string thing_id", "int64 thing_id"),
    ("ids_are_strings", "repeated string owner_ids", "repeated bytes owner_ids"),
    ("time_fields_are_timestamps", "create_time", "created_at"),
    ("time_fields_are_timestamps", "create_time", "creation"),
    ("time_fields_are_timestamps", "google.protobuf.Timestamp create_time", "int64 create_time"),
    ("date_fields_are_dates", "start_date", "first_day"),
    ("date_fields_are_dates", "google.type.Date start_date", "string start_date"),
    ("money_fields_are_money", "google.type.Money unit_price", "int64 unit_price"),
    ("only_means_are_doubles", "optional int32 grams", "optional double grams"),
    ("only_means_are_doubles", "optional int32 grams", "optional float grams"),
    ("zero_is_unspecified", "ERROR_REASON_UNSPECIFIED", "ERROR_REASON_NONE"),
    ("values_are_prefixed", "  # NOT_FOUND: no such thing.\n", "  # ABORTED: other.\n  ERROR_OTHER = 2;\n$0"),
    ("values_are_prefixed", "  # NOT_FOUND: no such thing.\n", "  # ABORTED: other.\n  ERROR_REASON_Other = 2;\n$0"),
    ("services_end_in_service", "service ThingService", "service Thing_service"),
    ("methods_are_verb_and_noun", "MoveThing", "ThingMove"),
    ("methods_are_verb_and_noun", "MoveThing", "Move"),
    ("messages_belong_to_one_method", "(MoveThingRequest)", "(Thing)"),
    ("messages_belong_to_one_method", "(MoveThingResponse)", "(ListThingsResponse)"),
    ("methods_have_an_idempotency_level", "option idempotency_level = IDEMPOTENT;", ""),
    ("reads_have_no_side_effects", "idempotency_level = NO_SIDE_EFFECTS", "idempotency_level = IDEMPOTENT"),
    ("reads_have_no_side_effects", "idempotency_level = IDEMPOTENT", "idempotency_level = NO_SIDE_EFFECTS"),
    ("methods_with_a_request_id_are_idempotent", "  string page_token = 2;", "$0\n  # Key.\n  string request_id = 3;"),
    ("list_methods_are_paginated", "page_size", "size"),
    ("list_methods_are_paginated", "string page_token", "bytes page_token"),
    ("list_methods_are_paginated", "next_page_token", "next"),
    ("list_methods_are_paginated", "repeated Thing things", "Thing things"),
    ("methods_have_an_access_option", "option (orchard.access.v1.access) = { callers: [CALLER_USER] };", ""),
    ("methods_have_an_access_option", "callers: [CALLER_USER]", ""),
    ("methods_have_an_access_option", "CALLER_USER", "CALLER_USER, CALLER_UNSPECIFIED"),
    ("services_are_named_when_admitted", "CALLER_SERVICE", "CALLER_USER"),
    ("services_are_named_when_admitted", "CALLER_USER", "CALLER_USER, CALLER_SERVICE"),
    ("services_are_named_when_admitted", "services: [\"edge\"]", "services: [\"\"]"),
    (
        "packages_have_reasons",
        "=== orchard/sample/v1/error_reason.proto",
        "=== orchard/bare/v1/bare_service.proto\npackage orchard.bare.v1;\n# Bare.\nservice BareService {}\n$0",
    ),
    ("reasons_start_with_their_code", "  # NOT_FOUND: no such thing.\n", "  # None.\n  ERROR_REASON_NONE = 2;\n$0"),
    ("reasons_start_with_their_code", "  # NOT_FOUND: no such thing.\n", "  # NONE: none.\n  ERROR_REASON_NONE = 2;\n$0"),
    (
        "reasons_differ_from_shared_ones",
        "  # NOT_FOUND: no such thing.\n",
        "  # INTERNAL: a fault.\n  ERROR_REASON_INTERNAL = 2;\n$0",
    ),
    ("documented_reasons_exist", "`THING_NOT_FOUND`", "`THING_LOST`"),
    ("documented_reasons_exist", "Errors: NOT_FOUND", "Errors: ABORTED"),
    ("documented_reasons_exist", "`FIELDS_INVALID`", "`FIELDS_INVALID`,\n  # `THING_FULL`"),
];

#[test]
fn the_sample_follows_every_rule() {
    let broken = broken(&compile(GOOD));
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn each_violation_is_reported_by_its_rule_only() {
    let mut missed = Vec::new();
    for (rule, from, to) in VIOLATIONS {
        assert!(GOOD.contains(from), "{rule}: {from} is not in the sample");
        let broken = broken(&compile(&GOOD.replace(from, &to.replace("$0", from))));
        if !matches!(broken[..], [(only, _)] if only == *rule) {
            missed.push(format!("{rule}: {from} -> {to}: {broken:?}"));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn each_rule_has_a_violation() {
    let rules: BTreeSet<&str> = RULES.iter().map(|(name, _)| *name).collect();
    let violated: BTreeSet<&str> = VIOLATIONS.iter().map(|(name, ..)| *name).collect();
    assert_eq!(rules, violated);
}

/// Compiles a sample together with the real contracts, as the build script does.
fn compile(sample: &str) -> Contracts {
    let files: Vec<(String, String)> = sample
        .split("=== ")
        .skip(1)
        .filter_map(|file| file.split_once('\n'))
        .map(|(name, source)| (name.to_owned(), format!("syntax = \"proto3\";\n{}", source.replace('#', "//"))))
        .collect();
    let names: Vec<String> = files.iter().map(|(name, _)| name.clone()).collect();
    let mut resolver = ChainFileResolver::new();
    resolver.add(Sample(files));
    resolver.add(IncludeFileResolver::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto")));
    resolver.add(GoogleFileResolver::new());
    let mut compiler = Compiler::with_file_resolver(resolver);
    compiler.include_imports(true).include_source_info(true);
    for name in names.iter().map(String::as_str).chain(["orchard/rpc/v1/error_reason.proto"]) {
        compiler.open_file(name).expect("a contract that compiles");
    }
    Contracts::decode(&compiler.encode_file_descriptor_set())
}

struct Sample(Vec<(String, String)>);

impl FileResolver for Sample {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        match self.0.iter().find(|(known, _)| known == name) {
            Some((name, source)) => File::from_source(name, source),
            None => Err(protox::Error::file_not_found(name)),
        }
    }
}
