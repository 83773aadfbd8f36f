//! A mail server on this machine that does what a test tells it to, and shows what it was given.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::mime;

/// No mail takes longer than this; a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// One mail as it was handed over.
#[derive(Debug)]
pub struct Received {
    pub from: String,
    pub to: Vec<String>,
    /// Every header by its name in lower case, in order.
    pub headers: Vec<(String, String)>,
    pub text: String,
    pub html: String,
    /// The commands that came before it on its connection.
    pub commands: Vec<String>,
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        let mut values = self.headers.iter().filter(|(key, _)| key == name);
        let (_, value) = values.next().unwrap_or_else(|| panic!("no {name} in {:?}", self.headers));
        assert!(values.next().is_none(), "{name} twice in {:?}", self.headers);
        value
    }
}

pub struct MailServer {
    pub address: SocketAddr,
    orders: Arc<Mutex<Orders>>,
    received: Receiver<Received>,
}

#[derive(Default)]
struct Orders {
    /// What to answer to a verb, before the usual; `""` hangs up.
    answers: BTreeMap<String, Vec<String>>,
    features: Vec<String>,
    tls: Option<Arc<ServerConfig>>,
    has_tls_from_start: bool,
    is_silent: bool,
    commands: Vec<String>,
}

impl MailServer {
    pub fn start() -> Self {
        Self::start_at("127.0.0.1:0".parse().expect("an address"))
    }

    pub fn start_at(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).expect("a free port");
        let address = listener.local_addr().expect("its address");
        let orders = Arc::new(Mutex::new(Orders::default()));
        let (sender, received) = channel();
        let own_orders = Arc::clone(&orders);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (orders, sender) = (Arc::clone(&own_orders), sender.clone());
                std::thread::spawn(move || converse(stream.expect("a connection"), &orders, &sender));
            }
        });
        Self { address, orders, received }
    }

    /// An address at which nobody listens.
    pub fn nowhere() -> SocketAddr {
        TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port")
    }

    /// Answers the next commands with this verb with these lines, one each. `.` is the end of a mail; an empty line hangs
    /// up.
    pub fn answer(&self, verb: &str, lines: &[&str]) {
        let lines = lines.iter().map(|line| (*line).to_owned());
        self.orders().answers.entry(verb.to_owned()).or_default().extend(lines);
    }

    /// Says that it can do this.
    pub fn offer(&self, feature: &str) {
        self.orders().features.push(feature.to_owned());
    }

    /// Speaks TLS: from the first byte, or when asked to with STARTTLS.
    pub fn protect(&self, tls: ServerConfig, from_start: bool) {
        let mut orders = self.orders();
        orders.tls = Some(Arc::new(tls));
        orders.has_tls_from_start = from_start;
    }

    /// Takes connections and says nothing on them.
    pub fn keep_silent(&self, is_silent: bool) {
        self.orders().is_silent = is_silent;
    }

    /// The next mail.
    pub fn next(&self) -> Received {
        self.received.recv_timeout(PATIENCE).expect("a mail")
    }

    /// What has come so far.
    pub fn all(&self) -> Vec<Received> {
        self.received.try_iter().collect()
    }

    /// Every command so far.
    pub fn commands(&self) -> Vec<String> {
        self.orders().commands.clone()
    }

    fn orders(&self) -> std::sync::MutexGuard<'_, Orders> {
        self.orders.lock().expect("orders")
    }
}

/// A connection, protected or not.
enum Wire {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
}

impl Wire {
    /// The same connection, protected from now on. `None` when it is already or cannot be.
    fn protected(self, tls: Option<Arc<ServerConfig>>) -> Option<Self> {
        let Self::Plain(stream) = self else { return None };
        let connection = ServerConnection::new(tls?).expect("a TLS server");
        Some(Self::Tls(Box::new(StreamOwned::new(connection, stream))))
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

/// The next line, or `None` when there is none any more.
fn hear(wire: &mut BufReader<Wire>) -> Option<String> {
    let mut line = String::new();
    match wire.read_line(&mut line) {
        Ok(1..) => Some(line.trim_end_matches(['\r', '\n']).to_owned()),
        _ => None,
    }
}

fn converse(stream: TcpStream, orders: &Mutex<Orders>, sender: &Sender<Received>) -> Option<()> {
    let (is_silent, from_start) = {
        let orders = orders.lock().expect("orders");
        (orders.is_silent, orders.tls.clone().filter(|_| orders.has_tls_from_start))
    };
    let mut out = BufReader::new(Wire::Plain(stream));
    if is_silent {
        // Until the other side gives up.
        hear(&mut out);
        return None;
    }
    if from_start.is_some() {
        out = BufReader::new(out.into_inner().protected(from_start)?);
    }
    say(&mut out, "220 test ESMTP")?;
    let (mut from, mut to, mut commands) = (String::new(), Vec::new(), Vec::new());
    loop {
        let line = hear(&mut out)?;
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_uppercase();
        commands.push(line.clone());
        let (answer, features) = {
            let mut orders = orders.lock().expect("orders");
            orders.commands.push(line.clone());
            let answer = orders.answers.get_mut(&verb).filter(|lines| !lines.is_empty()).map(|lines| lines.remove(0));
            (answer, orders.features.clone())
        };
        if let Some(answer) = answer {
            say(&mut out, &answer)?;
            continue;
        }
        match verb.as_str() {
            "EHLO" => {
                for feature in features {
                    say(&mut out, &format!("250-{feature}"))?;
                }
                say(&mut out, "250 HELP")?;
            }
            "STARTTLS" => {
                say(&mut out, "220 go on")?;
                let tls = orders.lock().expect("orders").tls.clone();
                out = BufReader::new(out.into_inner().protected(tls)?);
            }
            "AUTH" => say(&mut out, "235 welcome")?,
            "MAIL" => {
                from = between(&line);
                say(&mut out, "250 ok")?;
            }
            "RCPT" => {
                to.push(between(&line));
                say(&mut out, "250 ok")?;
            }
            "DATA" => {
                say(&mut out, "354 go on")?;
                let mut body = String::new();
                loop {
                    let line = hear(&mut out)?;
                    if line == "." {
                        break;
                    }
                    body.push_str(line.strip_prefix('.').unwrap_or(&line));
                    body.push_str("\r\n");
                }
                let parsed = mime::parse(&body);
                let mut orders = orders.lock().expect("orders");
                let answer = orders.answers.get_mut(".").filter(|lines| !lines.is_empty()).map(|lines| lines.remove(0));
                drop(orders);
                // A server that hangs up here may have kept the mail.
                let is_kept = answer.as_deref().is_none_or(str::is_empty);
                if is_kept {
                    let (from, to, commands) = (from.clone(), std::mem::take(&mut to), commands.clone());
                    let (headers, text, html) = parsed;
                    sender.send(Received { from, to, headers, text, html, commands }).ok()?;
                }
                say(&mut out, answer.as_deref().unwrap_or("250 kept"))?;
            }
            "QUIT" => {
                say(&mut out, "221 bye")?;
                return Some(());
            }
            _ => say(&mut out, "502 what?")?,
        }
    }
}

/// `None`, which ends the conversation, when there is nothing to say or nobody to hear it.
fn say(out: &mut BufReader<Wire>, line: &str) -> Option<()> {
    if line.is_empty() {
        return None;
    }
    let wire = out.get_mut();
    wire.write_all(format!("{line}\r\n").as_bytes()).and_then(|()| wire.flush()).ok()
}

fn between(line: &str) -> String {
    let (_, rest) = line.split_once('<').expect("an address");
    rest.split_once('>').expect("its end").0.to_owned()
}
