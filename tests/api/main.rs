//! The service over real sockets, on real databases.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod accounts;
mod bad_inputs;
mod bad_tokens;
mod commands;
mod conformance;
mod cors;
mod create_token;
mod examples;
mod faults;
mod jwt;
mod kills;
mod layering;
mod mail;
mod races;
mod rotation;
mod service;
mod settings_errors;
mod support;
mod token;
