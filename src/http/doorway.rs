//! How a connection comes in: whether there is room for it, the handshake of TLS, and then its guard.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use actix_web::rt::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::admission::Admissions;
use super::guarded::{Guarded, Patience};
use super::wire::Wire;

/// No more than this is read of what a refused client has sent: a close with bytes unread would take the answer with it.
const HEARD: usize = 16 * 1024;

#[derive(Clone)]
pub(super) struct Doorway {
    pub(super) admissions: Admissions,
    /// Where the service speaks TLS.
    pub(super) acceptor: Option<TlsAcceptor>,
}

impl Doorway {
    /// The connection as the service reads it, with the client's address.
    pub(super) async fn enter(
        &self,
        stream: TcpStream,
        handshake: Duration,
        patience: Patience,
        headers: Rc<str>,
    ) -> io::Result<(Guarded<Wire>, Option<SocketAddr>)> {
        let peer = stream.peer_addr().ok();
        let Some(admission) = self.admissions.admit(peer.map(|peer| peer.ip())) else {
            if self.acceptor.is_none() {
                refuse(stream, &headers);
            }
            return Err(io::ErrorKind::ConnectionRefused.into());
        };
        let wire = match &self.acceptor {
            None => Wire::Plain(stream),
            Some(acceptor) => {
                let shaken = timeout(handshake, acceptor.accept(stream)).await;
                Wire::Tls(Box::new(shaken.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??))
            }
        };
        Ok((Guarded::new(wire, patience, headers, admission), peer))
    }
}

/// Answers 503 as far as that takes no waiting.
fn refuse(stream: TcpStream, headers: &str) {
    let Ok(mut stream) = stream.into_std() else { return };
    let body = r#"{"detail":"Too many connections."}"#;
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-length: {}\r\nconnection: close\r\ncontent-type: application/json\r\n\
         retry-after: 1\r\n{headers}\r\n{body}",
        body.len()
    );
    // The client may be gone already, or may not listen: then there is nobody to tell.
    let _ = stream.read(&mut [0; HEARD]);
    let _ = stream.write(answer.as_bytes());
}
