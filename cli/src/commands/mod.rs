//! The commands, one module each.

pub(crate) mod chain;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod diff;
pub(crate) mod explain;
pub(crate) mod fix;
pub(crate) mod man;
pub(crate) mod review;
pub(crate) mod rules;
pub(crate) mod why;
