//! The policy behind a real Kubernetes API server. A control plane (etcd, kube-apiserver with RBAC and the `ServiceAccount`
//! admission plugin, kube-controller-manager) runs as plain processes on loopback, without nodes: pods stay pending, which is
//! all that admission needs. Policies are installed as Kubewarden's controller would install them, and served by this
//! workspace's own host or by the real policy-server.
//!
//! ```no_run
//! # fn main() -> anyhow::Result<()> {
//! use cluster_tests::{control_plane::ControlPlane, manifests::Manifests, server::Program};
//!
//! let mut cluster = ControlPlane::shared()?;
//! let manifests = Manifests::of_recipe(&cluster, "replace-webhook")?;
//! let _server = cluster.install(&manifests, &Program::Host("admission-server".into()))?;
//! cluster.kubectl(&["run", "web", "--image=registry.example.com/web:1"], "")?;
//! # Ok(())
//! # }
//! ```

pub mod admission;
pub mod api;
pub mod binaries;
pub mod control_plane;
pub mod https;
pub mod installation;
pub mod lookup;
pub mod manifests;
pub mod process;
pub mod server;
pub mod webhooks;
