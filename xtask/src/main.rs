//! `cargo xtask build`: builds the annotated policy module and prints where it is.

use std::{env, fs, io, io::Write as _};

use anyhow::{Result, bail};

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["build"] => build(),
        _ => bail!("usage: cargo xtask build"),
    }
}

fn build() -> Result<()> {
    let path = xtask::build_policy()?;
    let size = fs::metadata(&path)?.len();
    writeln!(io::stdout(), "{} ({size} bytes)", path.display())?;
    Ok(())
}
