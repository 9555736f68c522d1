//! From the checkout to the page: the module for the browser, the scripts of the page, and the tests of the module.

#![cfg(not(target_family = "wasm"))]

pub mod licences;
pub mod module;
pub mod npm;
pub mod testing;
