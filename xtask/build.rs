//! Makes sure of the module's target: `cargo test` compiles for minutes before a test builds the module.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // cargo shows what is written to standard error with `-vv` only.
    if let Err(error) = launcher::ensure_target(launcher::tell) {
        println!("cargo::error={error}");
    }
}
