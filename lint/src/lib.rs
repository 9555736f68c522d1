//! The policy over files: the same findings as at admission, with the line, the correction as a text change, and a preview of what
//! admission would inject.
//!
//! A library without I/O and without threads: it also runs in a browser. How data flows, module by module:
//!
//! ```text
//! text -> source   a named text, and the line and column of a position in it
//!      -> yaml     the JSON of each YAML document, with the origin of each JSON node in the text
//! changes -> edit   changes of the text that make changes of the JSON
//!      -> fix      a text after all corrections that a check offers
//!      -> preview  what admission would inject, as changes of the text
//! ```

pub mod edit;
pub mod fix;
pub mod preview;
pub mod report;
pub mod rule;
pub mod source;
pub mod yaml;
