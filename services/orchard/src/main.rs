//! The suite's program: each service is a subcommand.

use std::process::ExitCode;

use clap::Parser;
use orchard_server::SliceCommand;

/// A backend for families that eat well together, as five gRPC services.
#[derive(Parser)]
#[command(version)]
enum Orchard {
    /// Family plans: members, invitations, the shared wallet, nutrition
    #[command(subcommand)]
    Family(SliceCommand<orchard_family::Service>),
    /// Profiles, friends, achievements, challenges and progress
    #[command(subcommand)]
    Social(orchard_social::Command),
    /// Recipes that users share
    #[command(subcommand)]
    Recipe(SliceCommand<orchard_recipe::Service>),
    /// Health professionals and consultations
    #[command(subcommand)]
    Consultation(SliceCommand<orchard_consultation::Service>),
    /// The front door: routes calls to the services and composes views across them
    #[command(subcommand)]
    Edge(orchard_edge::Command),
}

fn main() -> ExitCode {
    match Orchard::parse() {
        Orchard::Family(command) => command.run(),
        Orchard::Social(command) => command.run(),
        Orchard::Recipe(command) => command.run(),
        Orchard::Consultation(command) => command.run(),
        Orchard::Edge(command) => command.run(),
    }
}
