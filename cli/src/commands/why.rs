//! `why`: explains why a pod that runs has the identity that it has, or none.

use azure_workload_identity_trace::why::why;

use crate::arguments::WhyArguments;
use crate::display::Display;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::inputs::read_azure;
use crate::kubectl::Kubectl;
use crate::output::{Look, explanation};

/// Prints the explanation.
pub(crate) fn run(arguments: &WhyArguments, display: &mut Display<'_>) -> Result<Exit, Failure> {
    let current = std::env::current_dir().unwrap_or_default();
    let (mut files, mut errors) = (Vec::new(), Vec::new());
    for file in arguments.azure.files() {
        match read_azure(file, &current) {
            Ok(read) => {
                errors.extend(read.errors().iter().cloned());
                files.push(read);
            }
            Err(error) => errors.push(error),
        }
    }
    if !errors.is_empty() {
        return Err(errors.into());
    }
    let kubectl = Kubectl::new(arguments.context.as_deref());
    let explanation = why(&arguments.target, arguments.namespace.as_deref(), &files, &kubectl)?;
    explanation::write(&explanation, Look::of(display), &mut display.out)?;
    Ok(if explanation.first_broken().is_some() { Exit::Failure } else { Exit::Success })
}
