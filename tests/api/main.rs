//! The service over real sockets, on real databases.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod accounts;
mod at_rest;
mod audit;
mod bad_inputs;
mod bad_tokens;
mod canary;
mod commands;
mod conformance;
mod connections;
mod cors;
mod create_token;
mod examples;
mod faults;
mod forward_auth;
mod guessing;
mod import_settings;
mod jwt;
mod kills;
mod layering;
mod mail;
mod metrics;
mod model;
mod oauth;
mod openapi;
mod races;
mod remembered;
mod rotation;
mod sbom;
mod security_headers;
mod service;
mod settings_errors;
mod supply_chain;
mod support;
mod tls;
mod token;
