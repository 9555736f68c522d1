//! Guests other than the policy: what it is compared with, and what the host itself is tested with.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};
use xtask::{
    annotate::annotate,
    metadata::{ExecutionMode, Metadata, PROTOCOL_VERSION, PolicyType},
};

use crate::module::Module;

/// The guest that accepts everything, annotated.
///
/// # Errors
/// When the guest does not assemble, which its test would have shown.
pub fn no_op() -> Result<Vec<u8>> {
    assemble(include_str!("../guests/no-op.wat"), &[])
}

/// Compiles a guest written in the WebAssembly text format; it may mutate and look up nothing.
///
/// # Errors
/// When the guest does not assemble or compile, or names other host capabilities than these.
pub fn compile(guest: &str, host_capabilities: &[&str]) -> Result<Module> {
    Module::compile(&assemble(guest, host_capabilities)?)
}

fn assemble(guest: &str, host_capabilities: &[&str]) -> Result<Vec<u8>> {
    let metadata = Metadata {
        protocol_version: Some(PROTOCOL_VERSION.to_owned()),
        rules: Vec::new(),
        annotations: None,
        mutating: true,
        background_audit: true,
        execution_mode: ExecutionMode::default(),
        policy_type: PolicyType::default(),
        context_aware_resources: BTreeSet::new(),
        host_capabilities: Some(host_capabilities.iter().map(ToString::to_string).collect()),
        minimum_kubewarden_version: None,
    };
    annotate(&wat::parse_str(guest).context("cannot assemble the guest")?, &metadata)
}
