//! JSON Web Tokens as SimpleJWT signs and reads them. No routes and no database in here: a token is made, or read, or
//! refused with a reason. Whether it was blacklisted, and who its user is, the caller looks up.
//!
//! The cryptography is the `jsonwebtoken` crate's. What may be in a token, and in which order it is looked at, is
//! decided here, since the crate passes over `crit` and repeated names, and leaves `nbf` and `iat` alone.

mod claims;
mod compact;
mod error;
mod json;
mod jwk_url;
mod keys;
mod kind;
mod mint;
mod revoke;
mod rules;
#[cfg(test)]
mod tests;
mod tokens;
mod verified;

pub use claims::Claims;
pub use error::{SignError, TokenError};
pub use keys::{GeneratedKey, KeyProblem, KeyProblems, KeyRing, generate_key};
pub use kind::TokenKind;
pub use mint::Stamp;
pub use revoke::revoke_mark;
pub use tokens::Tokens;
pub use verified::Verified;
