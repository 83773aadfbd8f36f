//! `create_token`: the twin of Django's `drf_create_token`.

use std::io;
use std::process::ExitCode;

use hallpass::manage::create_token::CreateToken;
use hallpass::manage::report;

fn main() -> ExitCode {
    hallpass::process::forbid_dumps();
    let arguments = CreateToken::from_arguments(std::env::args_os()).unwrap_or_else(|error| error.exit());
    report(arguments.run(&mut io::stdout().lock()))
}
