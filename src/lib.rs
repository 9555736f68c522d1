//! Kubewarden policy for Azure Workload Identity: it injects the identity into pods, guards what others inject, and says in
//! plain words what is wrong.
//!
//! How data flows, module by module:
//!
//! ```text
//! request bytes -> json      one pass over the text, nothing copied
//!               -> review    operation, kind, namespace, object
//!               -> workload  what the object is, and where its pod template is
//!               -> pod       a borrowed view of what matters in it
//!               -> cluster   the service account, looked up once   (host: as Kubewarden answers)
//!               -> identity  client, tenant, expiration, proxy: resolved once
//!               -> rules     -> findings
//!               -> inject    -> edits of the raw object            (layout: names and paths by release)
//!               -> verdict   findings with the severities that count, edits
//!               -> response  accepted, message, warnings, mutated object
//! ```
//!
//! [`policy`] puts these together; the module `guest` is the glue to waPC.

pub mod clouds;
pub mod cluster;
pub mod container_identity;
pub mod environment;
pub mod finding;
pub mod formats;
#[cfg(target_family = "wasm")]
mod guest;
pub mod host;
pub mod identity;
pub mod inject;
pub mod json;
pub mod keys;
pub mod layout;
pub mod mounts;
mod nearest;
mod order;
pub mod platform;
pub mod pod;
pub mod policy;
pub mod response;
pub mod review;
pub mod rules;
pub mod settings;
pub mod verdict;
pub mod workload;
