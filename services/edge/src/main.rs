//! The `edge` service: see `edge --help`.

fn main() -> std::process::ExitCode {
    orchard_edge::main()
}
