//! Requests to a service that may be gone before it answers.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::support::client::Response;

/// Longer than anything may take that is not a hang.
const PATIENCE: Duration = Duration::from_secs(15);

/// A whole answer, or `None` when the service was gone before it had given it.
pub fn send(address: SocketAddr, method: &str, path: &str, token: Option<&str>, body: &str) -> Option<Response> {
    let authorization = token.map(|key| format!("Authorization: Token {key}\r\n")).unwrap_or_default();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: testserver\r\nConnection: close\r\nContent-Type: application/json\r\n\
         {authorization}Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    // With thousands a second the machine would run out of ports.
    socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).ok()?;
    stream.write_all(request.as_bytes()).ok()?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).ok()?;
    let response = Response::parse(&bytes)?;
    let length = response.header("content-length").map_or(Some(0), |length| length.parse().ok())?;
    (response.body.len() == length).then_some(response)
}
