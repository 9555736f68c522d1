//! `man`: the manual page, in roff.

use clap_mangen::Man;

use crate::display::Display;
use crate::exit::Exit;
use crate::failure::Failure;

/// Prints the manual page.
pub(crate) fn run(command: clap::Command, display: &mut Display<'_>) -> Result<Exit, Failure> {
    Man::new(command).render(display.out.unfiltered()?)?;
    Ok(Exit::Success)
}
