//! The `recipe` service: see `recipe --help`.

fn main() -> std::process::ExitCode {
    orchard_server::slice_main::<orchard_recipe::Service>()
}
