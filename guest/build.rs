//! Linker settings of the guest.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_FAMILY").is_ok_and(|family| family.contains("wasm")) {
        // Memory that is there from the start costs nothing until it is used; growing it takes a system call. With 256 KiB of
        // stack this leaves a megabyte and more for a request and its answer.
        println!("cargo::rustc-link-arg-cdylib=-zstack-size=262144");
        println!("cargo::rustc-link-arg-cdylib=--initial-memory=1572864");
        // Numbers that the linker may fill in are five bytes long until it is told to write them as short as they are.
        println!("cargo::rustc-link-arg-cdylib=--compress-relocations");
    }
}
