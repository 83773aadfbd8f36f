//! How a command comes by a new password: asked for twice on a terminal, or one line of standard input. Never from the
//! command line, where every user of the machine could read it.

use std::io::{BufRead, IsTerminal, stdin};

use super::Failure;
use crate::secret::Secret;

/// Reads a new password.
///
/// # Errors
/// When it is empty, when the two differ, or when there is no terminal to ask on and `from_stdin` is not set.
pub(super) fn read(from_stdin: bool, input: &mut dyn BufRead) -> Result<Secret, Failure> {
    let password = match from_stdin {
        true => line(input)?,
        false if stdin().is_terminal() => asked_twice()?,
        false => return Err(Failure("there is no terminal to ask on; use --password-stdin".to_owned())),
    };
    match password.expose() {
        "" => Err(Failure("the password may not be blank".to_owned())),
        text if text.contains('\0') => Err(Failure("null characters are not allowed in a password".to_owned())),
        _ => Ok(password),
    }
}

fn line(input: &mut dyn BufRead) -> Result<Secret, Failure> {
    let mut line = zeroize::Zeroizing::new(String::new());
    input.read_line(&mut line).map_err(|error| Failure(format!("cannot read the password: {error}")))?;
    let line = line.strip_suffix('\n').unwrap_or(&line);
    Ok(Secret::new(line.strip_suffix('\r').unwrap_or(line)))
}

fn asked_twice() -> Result<Secret, Failure> {
    let first = Secret::new(rpassword::prompt_password("Password: ")?);
    let second = Secret::new(rpassword::prompt_password("Password (again): ")?);
    if first == second { Ok(first) } else { Err(Failure("the two passwords differ".to_owned())) }
}
