//! One connection that is kept open, and opened again when the server closes it.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A server that takes longer than this has failed.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Client {
    address: String,
    stream: Option<BufReader<TcpStream>>,
    line: String,
    body: Vec<u8>,
}

impl Client {
    pub fn new(address: String) -> Self {
        Self { address, stream: None, line: String::new(), body: Vec::new() }
    }

    /// Sends `request` and gives the status of the answer, which is read to its end.
    pub fn ask(&mut self, request: &[u8]) -> io::Result<u16> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => connect(&self.address)?,
        };
        stream.get_mut().write_all(request)?;
        let (status, stays_open) = self.read(&mut stream)?;
        if stays_open {
            self.stream = Some(stream);
        }
        Ok(status)
    }

    fn read(&mut self, stream: &mut BufReader<TcpStream>) -> io::Result<(u16, bool)> {
        let status = self.read_line(stream)?.split(' ').nth(1).and_then(|word| word.parse().ok());
        let status = status.ok_or_else(|| invalid("no status"))?;
        let (mut length, mut stays_open) = (None, true);
        loop {
            let line = self.read_line(stream)?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').ok_or_else(|| invalid("a header without a colon"))?;
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().ok();
            } else if name.eq_ignore_ascii_case("connection") {
                stays_open = !value.trim().eq_ignore_ascii_case("close");
            }
        }
        // All the servers that are measured say how long their answers are.
        self.body.resize(length.ok_or_else(|| invalid("no length"))?, 0);
        stream.read_exact(&mut self.body)?;
        Ok((status, stays_open))
    }

    fn read_line(&mut self, stream: &mut BufReader<TcpStream>) -> io::Result<&str> {
        self.line.clear();
        match stream.read_line(&mut self.line)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(self.line.trim_end()),
        }
    }
}

fn connect(address: &str) -> io::Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(BufReader::new(stream))
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
