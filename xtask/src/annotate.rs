//! Checks a guest module and appends its metadata, as `kwctl annotate` does, but without re-encoding the module.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use wasm_encoder::{CustomSection, Section as _};
use wasmparser::{Parser, Payload};

use crate::{capabilities, metadata, metadata::Metadata};

/// The only module that a guest may import from.
const HOST_MODULE: &str = "wapc";

/// Returns `module` with `metadata` in a custom section at its end. The same input always gives the same bytes.
///
/// # Errors
/// When `module` is no WebAssembly module, is annotated already, imports anything but waPC's host functions (WASI, say,
/// would give the guest a clock and the environment), or names other host capabilities than `metadata` declares.
pub fn annotate(module: &[u8], metadata: &Metadata) -> Result<Vec<u8>> {
    let contents = Contents::parse(module).context("cannot parse the WebAssembly module")?;
    ensure!(!contents.annotated, "the module has a custom section {} already", metadata::SECTION);
    ensure!(
        contents.foreign_imports.is_empty(),
        "the module imports {}: a guest may import only from {HOST_MODULE:?}",
        list(&contents.foreign_imports)
    );
    check_capabilities(&capabilities::named_in(&contents.data), metadata)?;

    let json = serde_json::to_vec(metadata).context("cannot write the metadata as JSON")?;
    let mut annotated = module.to_vec();
    CustomSection { name: metadata::SECTION.into(), data: json.into() }.append_to(&mut annotated);
    Ok(annotated)
}

/// What the checks look at.
#[derive(Default)]
struct Contents<'a> {
    foreign_imports: BTreeSet<String>,
    data: Vec<&'a [u8]>,
    annotated: bool,
}

impl<'a> Contents<'a> {
    fn parse(module: &'a [u8]) -> wasmparser::Result<Self> {
        let mut contents = Self::default();
        for payload in Parser::new(0).parse_all(module) {
            match payload? {
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        let import = import?;
                        if import.module != HOST_MODULE {
                            contents.foreign_imports.insert(format!("{}.{}", import.module, import.name));
                        }
                    }
                }
                Payload::DataSection(segments) => {
                    for segment in segments {
                        contents.data.push(segment?.data);
                    }
                }
                Payload::CustomSection(section) => contents.annotated |= section.name() == metadata::SECTION,
                _ => {}
            }
        }
        Ok(contents)
    }
}

fn check_capabilities(named: &BTreeSet<String>, metadata: &Metadata) -> Result<()> {
    let none = BTreeSet::new();
    let declared = metadata.host_capabilities.as_ref().unwrap_or(&none);
    let undeclared: BTreeSet<_> = named.difference(declared).cloned().collect();
    ensure!(
        undeclared.is_empty(),
        "the module names {}, which hostCapabilities of the metadata lacks: add it there",
        list(&undeclared)
    );
    let unused: BTreeSet<_> = declared.difference(named).cloned().collect();
    ensure!(
        unused.is_empty(),
        "hostCapabilities of the metadata has {}, which the module does not name: remove it there",
        list(&unused)
    );
    Ok(())
}

fn list(names: &BTreeSet<String>) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::{ExecutionMode, PolicyType};

    const GUEST: &str = r#"(module
        (import "wapc" "__host_call" (func (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (data (i32.const 0) "kubewarden kubernetes get_resource"))"#;

    fn declaring(host_capabilities: &[&str]) -> Metadata {
        Metadata {
            protocol_version: Some("v1".to_owned()),
            rules: Vec::new(),
            annotations: None,
            mutating: false,
            background_audit: true,
            execution_mode: ExecutionMode::default(),
            policy_type: PolicyType::default(),
            context_aware_resources: BTreeSet::new(),
            host_capabilities: Some(host_capabilities.iter().map(ToString::to_string).collect()),
            minimum_kubewarden_version: None,
        }
    }

    fn refusal(guest: &str, metadata: &Metadata) -> String {
        annotate(&wat::parse_str(guest).unwrap(), metadata).unwrap_err().to_string()
    }

    #[test]
    fn the_metadata_is_read_back_from_the_module() {
        let metadata = declaring(&["kubernetes/get_resource"]);
        let annotated = annotate(&wat::parse_str(GUEST).unwrap(), &metadata).unwrap();

        assert_eq!(Metadata::of_module(&annotated).unwrap(), Some(metadata));
    }

    #[test]
    fn the_module_itself_is_left_as_it_was() {
        let module = wat::parse_str(GUEST).unwrap();
        let annotated = annotate(&module, &declaring(&["kubernetes/get_resource"])).unwrap();

        assert!(annotated.starts_with(&module));
    }

    #[test]
    fn the_same_input_gives_the_same_bytes() {
        let module = wat::parse_str(GUEST).unwrap();
        let metadata = declaring(&["kubernetes/get_resource"]);

        assert_eq!(annotate(&module, &metadata).unwrap(), annotate(&module, &metadata).unwrap());
    }

    #[test]
    fn a_second_annotation_is_refused() {
        let metadata = declaring(&["kubernetes/get_resource"]);
        let annotated = annotate(&wat::parse_str(GUEST).unwrap(), &metadata).unwrap();

        let error = annotate(&annotated, &metadata).unwrap_err();
        assert_eq!(error.to_string(), "the module has a custom section io.kubewarden.metadata already");
    }

    #[test]
    fn an_import_from_wasi_is_refused() {
        let guest = r#"(module (import "wasi_snapshot_preview1" "proc_exit" (func (param i32))))"#;

        assert_eq!(
            refusal(guest, &declaring(&[])),
            "the module imports wasi_snapshot_preview1.proc_exit: a guest may import only from \"wapc\""
        );
    }

    #[test]
    fn a_capability_that_is_not_declared_is_refused() {
        assert_eq!(
            refusal(GUEST, &declaring(&[])),
            "the module names kubernetes/get_resource, which hostCapabilities of the metadata lacks: add it there"
        );
    }

    #[test]
    fn a_declared_capability_that_the_module_does_not_name_is_refused() {
        assert_eq!(
            refusal(GUEST, &declaring(&["kubernetes/can_i", "kubernetes/get_resource"])),
            "hostCapabilities of the metadata has kubernetes/can_i, which the module does not name: remove it there"
        );
    }

    #[test]
    fn what_is_no_module_is_refused() {
        let error = annotate(b"not wasm", &declaring(&[])).unwrap_err();

        assert_eq!(error.to_string(), "cannot parse the WebAssembly module");
    }
}
