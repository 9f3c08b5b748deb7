//! The project's commands: `cargo xtask up | test | soak | bench | token | grpc | secrets`.

mod bench;
mod demo;
mod grpc;
mod install;
mod output;
mod project;
mod secrets;
mod soak;
mod test;
mod token;
mod up;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// The project's commands. They run anywhere in the checkout and keep their files under target/orchard.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, subcommand_required = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Up(up::Args),
    Test(test::Args),
    Soak(soak::Args),
    Bench(bench::Args),
    #[command(hide = true)]
    Echo(bench::echo::Args),
    Token(token::Args),
    Grpc(grpc::Args),
    Secrets(secrets::Args),
    #[command(hide = true)]
    Provision(secrets::Folder),
    #[command(hide = true)]
    Demo(secrets::DemoArgs),
    #[command(hide = true)]
    Compose(test::compose::Args),
}

fn main() -> ExitCode {
    let result: Result<ExitCode> = match Cli::parse().command {
        Command::Up(args) => up::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Soak(args) => soak::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Echo(args) => bench::echo::run(&args),
        Command::Token(args) => token::run(&args),
        Command::Grpc(args) => grpc::run(&args),
        Command::Secrets(args) => secrets::make(&args),
        Command::Provision(folder) => secrets::provision(&folder),
        Command::Demo(args) => secrets::demo(&args),
        Command::Compose(args) => test::compose::run(&args),
    };
    result.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
