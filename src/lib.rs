#![doc = include_str!("../README.md")]

pub mod accounts;
pub mod auth;
pub mod clock;
pub mod error;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod http;
mod json;
pub mod jwt;
pub mod logging;
pub mod mail;
pub mod manage;
pub mod passwords;
pub mod process;
mod python;
mod recent;
pub mod secret;
pub mod settings;
pub mod store;

pub use http::{Certificate, CertificateError, Hallpass, Server, StartError};
