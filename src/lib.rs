//! Policy for Azure Workload Identity: it injects the identity into pods, checks what others inject, and reports mistakes in plain
//! words before a pod runs.
//!
//! A library without I/O: whoever uses it brings the object and answers the questions about the cluster. How data flows, module by
//! module:
//!
//! ```text
//! text -> json      one pass over the text, nothing copied
//!      -> inquiry   the object of an admission review, or one out of a file
//!      -> subject   what the object is: pod, workload with its templates, service account, service
//!      -> pod       a borrowed view of the parts that matter; three models answer what rules keep asking:
//!                   mounts              which volume is at a path of a container, and whose token a file is
//!                   environment         what a variable of a container is in the end
//!                   container_identity  the client, tenant, audience and token file that a container will use
//!      -> identity  client, tenant, expiration, proxy                 (cluster: the service account, looked up when needed)
//!      -> rules     -> findings                                       (rule: the table of rules)
//!      -> inject    -> changes                                        (layout: names and paths by release)
//! examine(inquiry)  -> examination: findings, changes, identity; undecided
//! merge_causes      -> the same with one finding for one cause, for objects that are examined together
//! decide            -> verdict: severities, exemptions; the words of a denial
//! ```
//!
//! ```
//! use azure_workload_identity_policy::{cluster::Nothing, decide, examine, inquiry::Inquiry, json::Document, settings::Settings};
//!
//! let pod = br#"{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "shop",
//!     "labels": {"azure.workload.identity/use": "True"}}}"#;
//! let document = Document::parse(pod)?;
//! let (inquiry, settings) = (Inquiry::of_object(document.root()), Settings::default());
//! let verdict = decide(examine(&inquiry, &settings, &Nothing), &settings);
//! assert!(verdict.message().is_some_and(|message| message.contains("label-value")));
//! # Ok::<(), azure_workload_identity_policy::json::SyntaxError>(())
//! ```

pub mod assumption;
mod causes;
pub mod clouds;
pub mod cluster;
pub mod container_identity;
pub mod environment;
mod examine;
pub mod federated;
pub mod finding;
pub mod formats;
pub mod identity;
pub mod ids;
pub mod inject;
pub mod inquiry;
pub mod issuer;
pub mod keys;
pub mod kinds;
pub mod layout;
pub mod mounts;
pub mod nearest;
pub mod placeholder;
pub mod pod;
pub mod rule;
pub mod rules;
pub mod settings;
pub mod subject;
mod verdict;

pub use ::json;
pub use causes::merge_causes;
pub use examine::{Examination, examine};
pub use verdict::{Verdict, decide};

use crate::json::order;
