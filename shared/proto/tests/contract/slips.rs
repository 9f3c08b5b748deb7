//! Each rule sees its slip: a contract that keeps all of them, changed in one place, breaks that one and no other.

use std::collections::BTreeSet;
use std::path::Path;

use protox::Compiler;
use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver, IncludeFileResolver};

use crate::contracts::Contracts;
use crate::{RULES, broken};

/// Files of a package, each after its path; a `#` is a comment of its own.
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
  # What it costs.
  google.type.Money unit_price = 2;
  # Its first day.
  google.type.Date start_date = 3;
  # When it was made.
  google.protobuf.Timestamp create_time = 4;
  # Its words.
  repeated string tags = 5;
  # Whose it is.
  repeated string owner_ids = 6;
  # How heavy it is.
  optional int32 grams = 7;
  # Its form.
  oneof form {
    # A round one.
    int32 radius = 8;
  }
  # Its words by language.
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

/// Which rule sees it, what is changed, and into what; `$0` is what was there.
const SLIPS: &[(&str, &str, &str)] = &[
    ("packages_are_folders", "=== orchard/sample/v1/error_reason.proto", "=== orchard/reasons/v1/error_reason.proto"),
    ("packages_are_folders", "=== orchard/sample/v1/error_reason.proto", "=== other/v1/o.proto\npackage other.v1;\n$0"),
    ("packages_are_folders", "=== orchard/sample/v1/error_reason.proto", "=== orchard/o/o.proto\npackage orchard.o;\n$0"),
    ("files_are_named_for_what_they_hold", "v1/thing_service.proto", "v1/things.proto"),
    ("files_are_named_for_what_they_hold", "v1/error_reason.proto", "v1/ErrorReason.proto"),
    ("files_are_named_for_what_they_hold", "v1/error_reason.proto", "v1/error_service.proto"),
    ("files_are_named_for_what_they_hold", "# Things.\n", "# Others.\nservice OtherService {}\n$0"),
    (
        "google_types_are_whole",
        "=== orchard/sample/v1/error_reason.proto",
        "=== google/type/date.proto\npackage google.type;\nmessage Date { int32 year = 1; int32 month = 2; int64 day = 3; }\n$0",
    ),
    ("all_is_commented", "# Reasons.\n", ""),
    ("all_is_commented", "  # Never sent.\n", ""),
    ("all_is_commented", "# A thing.\n", ""),
    ("all_is_commented", "  # Its id.\n", ""),
    ("all_is_commented", "  # Its form.\n", ""),
    ("all_is_commented", "# Things.\n", ""),
    ("all_is_commented", "  # Moves a thing.\n", ""),
    ("names_are_snake_case", "grams", "weightInGrams"),
    ("names_are_snake_case", "oneof form", "oneof Form"),
    ("lists_are_plural", "tags", "tag"),
    ("lists_are_plural", "names", "name"),
    ("lists_are_plural", "repeated string owner_ids", "string owner_ids"),
    ("ids_are_strings", "string thing_id", "int64 thing_id"),
    ("ids_are_strings", "repeated string owner_ids", "repeated bytes owner_ids"),
    ("times_are_timestamps", "create_time", "created_at"),
    ("times_are_timestamps", "create_time", "creation"),
    ("times_are_timestamps", "google.protobuf.Timestamp create_time", "int64 create_time"),
    ("dates_are_dates", "start_date", "first_day"),
    ("dates_are_dates", "google.type.Date start_date", "string start_date"),
    ("money_is_money", "google.type.Money unit_price", "int64 unit_price"),
    ("only_means_are_floats", "optional int32 grams", "optional double grams"),
    ("only_means_are_floats", "optional int32 grams", "optional float grams"),
    ("zero_is_unspecified", "ERROR_REASON_UNSPECIFIED", "ERROR_REASON_NONE"),
    ("values_are_prefixed", "  # NOT_FOUND: no such thing.\n", "  # ABORTED: other.\n  ERROR_OTHER = 2;\n$0"),
    ("values_are_prefixed", "  # NOT_FOUND: no such thing.\n", "  # ABORTED: other.\n  ERROR_REASON_Other = 2;\n$0"),
    ("services_are_named_so", "service ThingService", "service Thing_service"),
    ("methods_are_verb_and_noun", "MoveThing", "ThingMove"),
    ("methods_are_verb_and_noun", "MoveThing", "Move"),
    ("messages_belong_to_one_method", "(MoveThingRequest)", "(Thing)"),
    ("messages_belong_to_one_method", "(MoveThingResponse)", "(ListThingsResponse)"),
    ("methods_say_whether_they_may_be_repeated", "option idempotency_level = IDEMPOTENT;", ""),
    ("reads_have_no_side_effects", "idempotency_level = NO_SIDE_EFFECTS", "idempotency_level = IDEMPOTENT"),
    ("reads_have_no_side_effects", "idempotency_level = IDEMPOTENT", "idempotency_level = NO_SIDE_EFFECTS"),
    ("request_ids_make_idempotent", "  string page_token = 2;", "$0\n  # Key.\n  string request_id = 3;"),
    ("lists_are_pages", "page_size", "size"),
    ("lists_are_pages", "string page_token", "bytes page_token"),
    ("lists_are_pages", "next_page_token", "next"),
    ("lists_are_pages", "repeated Thing things", "Thing things"),
    ("methods_say_who_may_call", "option (orchard.access.v1.access) = { callers: [CALLER_USER] };", ""),
    ("methods_say_who_may_call", "callers: [CALLER_USER]", ""),
    ("methods_say_who_may_call", "CALLER_USER", "CALLER_USER, CALLER_UNSPECIFIED"),
    ("services_are_named_when_they_may_call", "CALLER_SERVICE", "CALLER_USER"),
    ("services_are_named_when_they_may_call", "CALLER_USER", "CALLER_USER, CALLER_SERVICE"),
    ("services_are_named_when_they_may_call", "services: [\"edge\"]", "services: [\"\"]"),
    (
        "packages_have_reasons",
        "=== orchard/sample/v1/error_reason.proto",
        "=== orchard/bare/v1/bare_service.proto\npackage orchard.bare.v1;\n# Bare.\nservice BareService {}\n$0",
    ),
    ("reasons_begin_with_their_code", "  # NOT_FOUND: no such thing.\n", "  # None.\n  ERROR_REASON_NONE = 2;\n$0"),
    ("reasons_begin_with_their_code", "  # NOT_FOUND: no such thing.\n", "  # NONE: none.\n  ERROR_REASON_NONE = 2;\n$0"),
    (
        "reasons_differ_from_shared_ones",
        "  # NOT_FOUND: no such thing.\n",
        "  # INTERNAL: a fault.\n  ERROR_REASON_INTERNAL = 2;\n$0",
    ),
    ("named_reasons_exist", "`THING_NOT_FOUND`", "`THING_LOST`"),
    ("named_reasons_exist", "Errors: NOT_FOUND", "Errors: ABORTED"),
    ("named_reasons_exist", "`FIELDS_INVALID`", "`FIELDS_INVALID`,\n  # `THING_FULL`"),
];

#[test]
fn the_sample_keeps_every_rule() {
    let broken = broken(&compile(GOOD));
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn each_slip_is_seen_by_its_rule_alone() {
    let mut unseen = Vec::new();
    for (rule, from, to) in SLIPS {
        assert!(GOOD.contains(from), "{rule}: {from} is not in the sample");
        let broken = broken(&compile(&GOOD.replace(from, &to.replace("$0", from))));
        if !matches!(broken[..], [(only, _)] if only == *rule) {
            unseen.push(format!("{rule}: {from} -> {to}: {broken:?}"));
        }
    }
    assert!(unseen.is_empty(), "{unseen:#?}");
}

#[test]
fn each_rule_has_a_slip() {
    let rules: BTreeSet<&str> = RULES.iter().map(|(name, _)| *name).collect();
    let seen: BTreeSet<&str> = SLIPS.iter().map(|(name, ..)| *name).collect();
    assert_eq!(rules, seen);
}

/// Compiles a sample beside the real contracts, as the build does.
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
