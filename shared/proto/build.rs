//! Generates Rust from the contracts, without a system `protoc`.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use prost::Message as _;

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(&std::env::var("CARGO_MANIFEST_DIR")?).join("../../proto");
    let mut files = Vec::new();
    collect(&root, &mut files)?;
    files.sort();
    println!("cargo::rerun-if-changed={}", root.display());

    let mut compiler = protox::Compiler::new([&root])?;
    compiler.include_imports(true).include_source_info(true).open_files(&files)?;
    // Not `protox::compile()`: its prost types drop custom options, and so the access option.
    let descriptors = compiler.encode_file_descriptor_set();
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    fs::write(out.join("orchard.bin"), &descriptors)?;

    let mut names = prost_build::Config::new();
    // Events are recognized by the full names of their messages.
    // Google's comments have code blocks, which are no tests of ours.
    names.disable_comments([".google.rpc"]);
    names.enable_type_names().type_name_domain(["."], "type.googleapis.com");
    tonic_prost_build::configure()
        .emit_rerun_if_changed(false)
        .include_file("orchard.rs")
        // A fixed order of map entries, because a repeated request is recognized by the hash of its bytes.
        .btree_map(".")
        .compile_fds_with_config(prost_types::FileDescriptorSet::decode(descriptors.as_slice())?, names)?;
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            files.push(path);
        }
    }
    Ok(())
}
