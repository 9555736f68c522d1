//! Why a pod that runs has the identity that it has, or none: the chain from the pod to its federated credential, as a cluster tells
//! it.
//!
//! The caller answers the questions: nothing here does I/O.
//!
//! ```text
//! target -> gather      what is asked, one answer leading to the next question (question: all that is ever asked)
//!        -> explain     the steps, each ok, broken or unknown
//!           calls       which webhooks are called for the pod, or why not (webhooks, selector)
//!           containers  what each container has
//!           changes     what was changed after the pod was created
//!           credentials the federated credential, by `chain`
//!        -> explanation ready to be rendered
//! ```

mod calls;
mod changes;
mod containers;
mod credentials;
mod explain;
pub mod explanation;
mod gather;
pub mod question;
mod selector;
mod webhooks;

use crate::azure::AzureFile;
use explanation::Explanation;
use question::{LiveCluster, Target};

/// Explains a pod, or the newest pod of a workload. The namespace is `None` for the one in which the cluster's answerer is.
///
/// # Errors
/// If the object that is to be explained, or its pods, cannot be read. What else cannot be read is said in the explanation.
pub fn why(
    target: &Target,
    namespace: Option<&str>,
    credentials: &[AzureFile],
    cluster: &dyn LiveCluster,
) -> Result<Explanation, String> {
    let facts = gather::gather(target, namespace, cluster)?;
    explain::explain(&facts, credentials)
}
