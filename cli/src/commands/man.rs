//! `man`: the manual page, in roff.

use std::io::{self, Write};

use clap_mangen::Man;

/// Prints the manual page.
pub(crate) fn run(command: clap::Command, out: &mut dyn Write) -> io::Result<()> {
    Man::new(command).render(out)
}
