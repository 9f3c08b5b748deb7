//! The `consultation` service: see `consultation --help`.

fn main() -> std::process::ExitCode {
    orchard_server::slice_main::<orchard_consultation::Service>()
}
