//! The `family` service: see `family --help`.

fn main() -> std::process::ExitCode {
    orchard_server::slice_main::<orchard_family::Service>()
}
