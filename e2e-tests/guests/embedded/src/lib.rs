//! A WebAssembly module that is no Kubewarden policy and uses the policy's library: it imports nothing, and exports only its own.

#![allow(unsafe_code, reason = "exports by name, and memory that the host has filled")]

use std::ptr;

use azure_workload_identity_policy::{
    cluster::Nothing, decide, examine, inquiry::Inquiry, json::Document, settings::Settings,
};

/// Memory for a text of this length, for the host to fill.
#[unsafe(no_mangle)]
extern "C" fn reserve(length: usize) -> *mut u8 {
    Box::into_raw(vec![0_u8; length].into_boxed_slice()).cast()
}

/// How many findings there are in the object of which this is the JSON text; -1 if it is no JSON.
///
/// # Safety
/// `text` comes from [`reserve`], called with the same length, and is used once.
#[unsafe(no_mangle)]
unsafe extern "C" fn count_findings(text: *mut u8, length: usize) -> i32 {
    // SAFETY: see above.
    let text = unsafe { Box::from_raw(ptr::slice_from_raw_parts_mut(text, length)) };
    let Ok(document) = Document::parse(&text) else { return -1 };
    let settings = Settings::default();
    let verdict = decide(examine(&Inquiry::of_object(document.root()), &settings, &Nothing), &settings);
    i32::try_from(verdict.findings.len()).unwrap_or(i32::MAX)
}
