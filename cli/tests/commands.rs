//! The program as people use it: the files in `tests/cmd` are read as documentation and run as tests.
//!
//! `TRYCMD=overwrite cargo test -p azwi-check` writes the outputs; review the diff.

#![cfg(not(target_family = "wasm"))]

#[test]
fn the_program_answers_as_documented() {
    trycmd::TestCases::new().case("tests/cmd/*.md");
}
