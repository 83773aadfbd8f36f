//! A client that sends exactly the bytes it is told to, and shows exactly those that come back.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// No answer takes longer than this; a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Clone, Copy)]
pub struct Client {
    address: SocketAddr,
}

/// An answer as it came.
#[derive(Clone, Debug)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Client {
    pub fn new(address: SocketAddr) -> Self {
        Self { address }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn get(&self, target: &str, headers: &[(&str, &str)]) -> Response {
        self.request("GET", target, headers, None)
    }

    pub fn post(&self, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Response {
        self.request("POST", target, headers, Some(body))
    }

    /// One request on a connection of its own, with `Host`, `Connection: close` and, for a body, `Content-Length`.
    ///
    /// A header's value is Latin-1: each character is one byte.
    pub fn request(&self, method: &str, target: &str, headers: &[(&str, &str)], body: Option<&[u8]>) -> Response {
        let mut bytes = latin1(&format!("{method} {target} HTTP/1.1\r\nHost: testserver\r\nConnection: close\r\n"));
        for (name, value) in headers {
            bytes.extend(latin1(&format!("{name}: {value}\r\n")));
        }
        if let Some(body) = body {
            bytes.extend(latin1(&format!("Content-Length: {}\r\n", body.len())));
        }
        bytes.extend(b"\r\n");
        bytes.extend(body.unwrap_or_default());
        self.send(&bytes)
    }

    /// Sends these bytes and reads until the server closes the connection.
    pub fn send(&self, bytes: &[u8]) -> Response {
        let answer = self.exchange(bytes);
        Response::parse(&answer).unwrap_or_else(|| panic!("no answer but {:?}", String::from_utf8_lossy(&answer)))
    }

    /// Sends these bytes and gives all that came back, which may be nothing.
    pub fn exchange(&self, bytes: &[u8]) -> Vec<u8> {
        let mut stream = self.connect();
        // A server that refuses early may close before it has read everything.
        let _ = stream.write_all(bytes);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        answer
    }

    /// A connection of the test's own.
    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("the server listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time limit");
        stream
    }
}

impl Response {
    /// The first answer in these bytes.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
        let head: String = bytes[..end].iter().copied().map(char::from).collect();
        let mut lines = head.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        Some(Self { status, headers, body: bytes[end + 4..].to_vec() })
    }

    /// The header of this name, in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The sentence in `{"detail": …}`.
    pub fn detail(&self) -> String {
        self.json()["detail"].as_str().unwrap_or_else(|| panic!("no detail: {self:?}")).to_owned()
    }
}

pub fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).expect("a Latin-1 character")).collect()
}
