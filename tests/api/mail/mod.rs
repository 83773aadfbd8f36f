//! Mail from the transaction that asks for it to the server that takes it, whatever happens in between.

mod delivery;
pub mod mime;
mod outbox;
mod server;
mod support;
mod tls;
mod words;
