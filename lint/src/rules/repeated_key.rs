//! Key is set more than once in a mapping.
//!
//! # What it finds
//!
//! A key that is set more than once in a mapping of an object: it is written twice, or a merge key `<<` that stands below it sets it
//! again.
//!
//! # Why it matters
//!
//! kubectl and Helm take what is set last and report nothing: the first value has no effect. Other readers take the first one, or refuse
//! the file.
//!
//! # Example
//!
//! A service account with `annotations` twice: the client id is in the first one, and is lost.
//!
//! # Fix
//!
//! Remove the one that is not meant, or move what both hold into one mapping. Write a merge key at the top of its mapping.

use azure_workload_identity_policy::finding::quote;

use crate::yaml::{Repeated, Repetition};

/// What is wrong, what to do, and what the first place has to do with it.
pub(crate) fn words(repeated: &Repeated) -> (String, String, &'static str) {
    let key = quote(&repeated.key);
    match repeated.repetition {
        Repetition::Key => (
            format!("the key {key} comes twice in its mapping, and only the last one counts"),
            "remove one of the two, or write what both hold into one".to_owned(),
            "this one has no effect",
        ),
        Repetition::Merged => (
            format!("the merge key `<<` sets {key} again, which stands above it; to kubectl the merged value counts"),
            "move `<<` to the top of the mapping, or remove the key that is not meant".to_owned(),
            "to kubectl this one has no effect",
        ),
        Repetition::MergeKey => (
            "the merge key `<<` comes twice in its mapping, which some readers refuse".to_owned(),
            "merge a list: `<<: [*one, *two]`".to_owned(),
            "the first one",
        ),
    }
}
