//! The picture of the output in the documentation, made from the program's own output.
//!
//! `SNAPSHOTS=overwrite cargo test -p azwi-check --test picture` draws it anew.

#![cfg(not(target_family = "wasm"))]

use snapbox::{Data, cmd::Command, data::DataFormat};

#[test]
fn the_picture_shows_the_output_as_it_is() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cmd/picture.in");
    let output = Command::new(snapbox::cmd::cargo_bin!("azwi-check"))
        .args(["--color", "always", "orders.yaml"])
        .current_dir(folder)
        .output()
        .unwrap();
    let text = format!("$ azwi-check orders.yaml\n{}", String::from_utf8(output.stdout).unwrap());
    let picture = Data::text(text).coerce_to(DataFormat::TermSvg);
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/azwi-check.svg");
    snapbox::assert_data_eq!(picture, Data::read_from(file.as_ref(), Some(DataFormat::TermSvg)).raw());
}
