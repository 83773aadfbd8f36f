//! `hallpass generate-key`: a key for `jwt.keys` or `jwt.signing_key`.

use std::io::Write;

use clap::Args;

use super::Failure;
use crate::jwt::generate_key;
use crate::settings::Algorithm;

/// The arguments of `generate-key`.
#[derive(Debug, Args)]
pub struct GenerateKey {
    /// What the key is to sign with: EdDSA, ES256, ES384, RS256, PS256, HS256 and so on
    #[arg(long, default_value = "EdDSA")]
    algorithm: Algorithm,
}

pub(super) fn run(args: &GenerateKey, out: &mut dyn Write) -> Result<(), Failure> {
    let key = generate_key(args.algorithm).map_err(|error| Failure(error.to_string()))?;
    // Programs that read PEM pass over a line before it.
    writeln!(out, "kid: {}", key.kid)?;
    Ok(writeln!(out, "{}", key.text.expose().trim_end())?)
}
