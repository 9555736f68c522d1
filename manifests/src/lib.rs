//! The objects in YAML and JSON files, as Kubernetes reads them; where each part of them stands in the text; and changes of the objects
//! as changes of the text in which a person wrote them.
//!
//! YAML parsers differ. This one gives the JSON that `kubectl` and the API server read ([`sigs.k8s.io/yaml`] on top of `go.yaml.in`,
//! so that `on` is a boolean, `0777` is octal and `<<` merges), and refuses what they refuse. It has no opinion on what an object
//! means: kinds are looked at only where Kubernetes itself treats them alike, as in lists. Without I/O and without threads, so it also
//! runs in a browser. Module by module:
//!
//! ```text
//! bytes -> source    a named text (UTF-8, or UTF-16 with a byte order mark), and the line and column of a position in it
//!                    (rendered: the output of `helm template` as one text for each template)
//!       -> yaml      the JSON of each document, with the origin of each JSON node in the text
//!       -> objects   the objects of a document, also those in lists and in lists of lists
//!                    (manifest: whether a text that cannot be read is meant to hold objects)
//!       -> opened    a document with the text in which a person wrote it
//!       -> place     from the path of a value to its place in the text
//!       -> edit      changes of the JSON as changes of the text: comments, quotes and indentation stay
//! ```
//!
//! ```
//! use json::{Changes, Document};
//! use kubernetes_manifests::edit::apply;
//! use kubernetes_manifests::{Opened, yaml};
//!
//! let text = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod # a comment\n  metadata: {name: web}\n";
//! let document = yaml::documents(text, true).next().ok_or("no document")?.map_err(|error| error.message)?;
//! let json = Document::parse(document.json.as_bytes())?;
//!
//! let opened = Opened::new(text, json.root(), Some(&document));
//! let pod = opened.objects().next().ok_or("no object")?;
//! assert_eq!((&*pod.api_version, &*pod.kind), ("v1", "Pod"));
//! let origin = document.origins.of(pod.value.id()).ok_or("no origin")?;
//! assert!(text[origin.span].starts_with("apiVersion: v1\n  kind: Pod"));
//!
//! let mut changes = Changes::default();
//! changes.set_at(pod.value, &["metadata", "labels", "app"], json::text("web"));
//! let edits = opened.edits(&changes).ok_or("cannot be changed safely")?;
//! assert!(apply(text, &edits).contains("kind: Pod # a comment\n  metadata: {name: web, labels: {app: web}}\n"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`sigs.k8s.io/yaml`]: https://github.com/kubernetes-sigs/yaml

pub mod edit;
pub mod manifest;
pub mod members;
pub mod objects;
pub mod opened;
pub mod place;
pub mod rendered;
pub mod source;
pub mod yaml;

pub use objects::{TypedObject, objects};
pub use opened::Opened;
