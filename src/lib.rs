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
//!               -> cluster   the service account, looked up once
//!               -> identity  client, tenant, expiration, proxy: resolved once
//!               -> rules     -> findings
//!               -> inject    -> edits of the raw object            (layout: names and paths by release)
//!               -> verdict   findings with the severities that count, edits
//! ```
//!
//! [`policy`] puts these together. The package `guest` makes a Kubewarden module of it.

pub mod clouds;
pub mod cluster;
pub mod finding;
pub mod formats;
pub mod identity;
pub mod inject;
pub mod json;
pub mod keys;
pub mod layout;
mod nearest;
pub mod pod;
pub mod policy;
pub mod review;
pub mod rules;
pub mod settings;
pub mod verdict;
pub mod workload;
