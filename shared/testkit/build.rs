//! Compiles the contract of the probe.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use prost::Message as _;

fn main() -> Result<(), Box<dyn Error>> {
    let here = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?);
    let (own, contracts) = (here.join("proto"), here.join("../../proto"));
    println!("cargo::rerun-if-changed={}", own.display());
    println!("cargo::rerun-if-changed={}", contracts.join("orchard/access").display());

    let mut compiler = protox::Compiler::new([&own, &contracts])?;
    compiler.include_imports(true).open_file("orchard/probe/v1/probe.proto")?;
    let descriptors = compiler.encode_file_descriptor_set();
    fs::write(Path::new(&std::env::var("OUT_DIR")?).join("probe.bin"), &descriptors)?;

    let mut set = prost_types::FileDescriptorSet::decode(descriptors.as_slice())?;
    set.file.retain(|file| file.package() == "orchard.probe.v1");
    tonic_prost_build::configure().emit_rerun_if_changed(false).compile_fds(set)?;
    Ok(())
}
