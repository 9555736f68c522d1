//! Requests that are made to cost as much as possible, and a module whose instructions are counted.
//!
//! policy-server takes requests up to 2 MB and stops an evaluation after 2 s. Whoever may create an object may make it as large and
//! as odd as the API server takes it, so no shape of a request may cost more than its size.

mod metered;
mod shapes;

pub use metered::{Metered, Usage};
pub use shapes::{SHAPES, Shape};
