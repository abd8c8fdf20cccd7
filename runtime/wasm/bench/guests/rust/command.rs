//! The action as an ordinary program, for WASI and for the machine itself.

mod action;

use std::io::{self, Read, Write};

fn main() -> io::Result<()> {
    let mut input = Vec::new();
    io::stdin().read_to_end(&mut input)?;
    let answer = action::act(&input).ok_or(io::ErrorKind::InvalidInput)?;
    if let Some(line) = answer.log {
        eprintln!("{}", line);
    }
    io::stdout().write_all(answer.output.as_bytes())
}
