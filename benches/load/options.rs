//! What the generator was asked to do.

use std::error::Error;
use std::fmt::Write as _;
use std::time::Duration;

const PLACE: &str = "{}";

pub struct Options {
    pub address: String,
    pub connections: usize,
    pub duration: Duration,
    /// Whether to end when every value has been used, and not to begin again.
    pub once: bool,
    pub values: Vec<String>,
    path: String,
    header: Option<String>,
    body: Option<String>,
    rate: Option<f64>,
}

impl Options {
    pub fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, Box<dyn Error>> {
        let mut options = Self {
            address: arguments.next().ok_or("usage: load HOST:PORT [OPTION VALUE]…")?,
            connections: 1,
            duration: Duration::from_secs(1),
            once: false,
            values: vec![String::new()],
            path: "/".to_owned(),
            header: None,
            body: None,
            rate: None,
        };
        while let Some(name) = arguments.next() {
            if name == "--once" {
                options.once = true;
                continue;
            }
            let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
            match name.as_str() {
                "--connections" => options.connections = value.parse()?,
                "--seconds" => options.duration = Duration::try_from_secs_f64(value.parse()?)?,
                "--path" => options.path = value,
                "--header" => options.header = Some(value),
                "--body" => options.body = Some(value),
                "--rate" => options.rate = Some(value.parse()?),
                "--values" => options.values = std::fs::read_to_string(value)?.lines().map(str::to_owned).collect(),
                _ => return Err(format!("there is no option {name}").into()),
            }
        }
        if options.values.is_empty() || options.connections == 0 {
            return Err("there is nothing to send".into());
        }
        Ok(options)
    }

    /// How long one connection waits from one request to the next, when there is a rate.
    pub fn interval(&self) -> Option<Duration> {
        self.rate.map(|rate| Duration::from_secs_f64(self.connections as f64 / rate))
    }

    /// The request with this number: a GET, or the POST of a JSON body.
    pub fn request(&self, index: usize) -> Vec<u8> {
        let value = &self.values[index % self.values.len()];
        let method = if self.body.is_some() { "POST" } else { "GET" };
        let mut request = format!("{method} {} HTTP/1.1\r\nHost: {}\r\n", self.path, self.address);
        if let Some(header) = &self.header {
            let _ = write!(request, "{}\r\n", header.replace(PLACE, value));
        }
        match self.body.as_ref().map(|body| body.replace(PLACE, value)) {
            Some(body) => {
                let length = body.len();
                let _ = write!(request, "Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}");
            }
            None => request.push_str("\r\n"),
        }
        request.into_bytes()
    }
}
