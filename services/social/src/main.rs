//! The `social` service: see `social --help`.

fn main() -> std::process::ExitCode {
    orchard_server::slice_main::<orchard_social::Service>()
}
