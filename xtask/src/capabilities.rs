//! The functions that a Kubewarden host offers to guests, and which of them a module names.

use std::collections::BTreeSet;

use memchr::memmem;

/// Every gated host function as namespace and operation (`host_capabilities.rs` of Kubewarden's policy evaluator).
pub const HOST_CAPABILITIES: [(&str, &str); 11] = [
    ("crypto", "v1/is_certificate_trusted"),
    ("kubernetes", "can_i"),
    ("kubernetes", "get_resource"),
    ("kubernetes", "list_resources_all"),
    ("kubernetes", "list_resources_by_namespace"),
    ("net", "v1/dns_lookup_host"),
    ("oci", "v1/manifest_digest"),
    ("oci", "v1/oci_manifest"),
    ("oci", "v1/oci_manifest_config"),
    ("oci", "v1/verify"),
    ("oci", "v2/verify"),
];

/// The host functions, as `namespace/operation`, whose names occur in a module's data segments.
///
/// A call needs both names in memory, and the linker drops the strings of functions that are not used, so this is what the
/// module can call. `kwctl annotate` decides in the same way.
pub fn named_in(segments: &[&[u8]]) -> BTreeSet<String> {
    HOST_CAPABILITIES
        .iter()
        .filter(|(namespace, operation)| {
            segments.iter().any(|data| memmem::find(data, namespace.as_bytes()).is_some())
                && segments.iter().any(|data| names_operation(data, operation))
        })
        .map(|(namespace, operation)| format!("{namespace}/{operation}"))
        .collect()
}

/// Whether `operation` occurs other than as the beginning of a longer operation's name.
fn names_operation(data: &[u8], operation: &str) -> bool {
    memmem::find_iter(data, operation.as_bytes()).any(|position| {
        !HOST_CAPABILITIES.iter().any(|(_, other)| {
            other.len() > operation.len()
                && other.starts_with(operation)
                && data.get(position..).is_some_and(|rest| rest.starts_with(other.as_bytes()))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(segments: &[&str]) -> Vec<String> {
        named_in(&segments.iter().map(|segment| segment.as_bytes()).collect::<Vec<_>>()).into_iter().collect()
    }

    #[test]
    fn a_capability_is_named_by_namespace_and_operation_together() {
        assert_eq!(named(&["kubewarden kubernetes", "get_resource"]), ["kubernetes/get_resource"]);
        assert_eq!(named(&["get_resource"]), [""; 0]);
    }

    #[test]
    fn a_longer_operation_does_not_count_as_the_shorter_one() {
        assert_eq!(named(&["oci v1/oci_manifest_config"]), ["oci/v1/oci_manifest_config"]);
        assert_eq!(
            named(&["oci v1/oci_manifest_config v1/oci_manifest"]),
            ["oci/v1/oci_manifest", "oci/v1/oci_manifest_config"]
        );
    }

    #[test]
    fn names_do_not_span_segments() {
        assert_eq!(named(&["kubernetes can", "_i"]), [""; 0]);
    }
}
