//! From settings to a running server.

use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
#[cfg(unix)]
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_http::HttpService;
use actix_http::error::DispatchError;
use actix_service::{IntoServiceFactory, ServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::dev;
use actix_web::rt::net::TcpStream;
use actix_web::{App, HttpResponse, web};
use futures_util::future;
use socket2::{Domain, Socket, Type};

use super::admission::Admissions;
use super::cors::Cors;
use super::doorway::Doorway;
use super::envelope::Envelope;
use super::guarded::Patience;
use super::metrics::{Listener, Metrics};
use super::security_headers::SecurityHeaders;
use super::tls::{Certificate, CertificateError};
use super::{Hallpass, migration};
use crate::error::ApiError;
use crate::jwt::KeyProblems;
use crate::mail::MailError;
use crate::settings::SecretKeyError;
use crate::store::StoreError;

/// How many connections wait to be accepted before the system refuses more.
const BACKLOG: u32 = 1024;

/// How long an idle connection is kept.
const KEEP_ALIVE: Duration = Duration::from_secs(5);

/// How long the head of a connection's first request may take, and before it the handshake of TLS.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);

/// Why the service did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// When the database cannot be opened or brought to this version's tables.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// When there is no secret key and none can be made.
    #[error(transparent)]
    SecretKey(#[from] SecretKeyError),
    /// When the keys that sign tokens are not usable.
    #[error(transparent)]
    Keys(#[from] KeyProblems),
    /// When a template of a mail is broken, or the transport cannot be used.
    #[error(transparent)]
    Mail(#[from] MailError),
    /// When the thread that sends mail cannot be started.
    #[error("cannot start the thread that sends mail: {0}")]
    Sender(#[source] io::Error),
    /// When the threads that hash passwords cannot be started.
    #[error("cannot start the threads that hash passwords: {0}")]
    Hashers(#[source] io::Error),
    /// When the address cannot be listened at.
    #[error("cannot listen at {address}: {source}")]
    Listen {
        /// What `server.bind` says.
        address: String,
        /// Why.
        source: io::Error,
    },
    /// When the certificate of the settings cannot be used.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// When the server stopped on an error of the system.
    #[error("the server failed: {0}")]
    Serve(#[source] io::Error),
    /// When `routes.aliases` names a route that there is not.
    #[error("routes.aliases: there is no route {0}")]
    Alias(String),
}

/// A server that listens already and answers once it is run.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    hallpass: Hallpass,
    certificate: Option<Certificate>,
    /// Where Prometheus asks, and what is counted for it.
    metrics: Option<(TcpListener, Arc<Metrics>)>,
}

impl Server {
    /// Brings the database to this version's tables and starts to listen at `server.bind`.
    ///
    /// # Errors
    /// When any of it fails.
    pub fn bind(hallpass: Hallpass) -> Result<Self, StartError> {
        if let Some(path) = super::routes::alias_to_nowhere(&hallpass.settings().routes) {
            return Err(StartError::Alias(path));
        }
        let certificate = Certificate::open(&hallpass.settings().server)?;
        migration::bring_up_to_date(&hallpass)?;
        let bind = hallpass.settings().server.bind.as_str();
        let failed = |source| StartError::Listen { address: bind.to_owned(), source };
        let listener = listen(bind).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let metrics = match &hallpass.settings().metrics.bind {
            Some(bind) => {
                let failed = |source| StartError::Listen { address: bind.as_str().to_owned(), source };
                Some((listen(bind.as_str()).map_err(failed)?, Arc::new(Metrics::new())))
            }
            None => None,
        };
        Ok(Self { listener, address, hallpass, certificate, metrics })
    }

    /// Where it listens; with port 0 in the settings, the port that the system chose.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where Prometheus asks, if anywhere.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics.as_ref().and_then(|(listener, _)| listener.local_addr().ok())
    }

    /// The certificate that it shows, or `None` where it speaks no TLS.
    pub fn certificate(&self) -> Option<&Certificate> {
        self.certificate.as_ref()
    }

    /// Answers requests until the process is told to stop (SIGTERM, SIGINT), then finishes those that it has begun.
    ///
    /// # Errors
    /// When the system takes the socket away.
    ///
    /// # Panics
    /// Outside an Actix runtime.
    pub fn run(self) -> io::Result<dev::Server> {
        let Self { listener, hallpass, certificate, metrics, .. } = self;
        let beside = metrics.map(|(listener, metrics)| (Listener::new(listener, Arc::clone(&metrics)), metrics));
        let (beside, metrics) = match beside {
            Some((listener, metrics)) => (Some((listener, hallpass.clone())), Some(metrics)),
            None => (None, None),
        };
        let server = &hallpass.settings().server;
        let mut builder =
            actix_server::Server::build().backlog(BACKLOG).shutdown_timeout(server.shutdown_timeout.as_secs());
        builder = builder.shutdown_signal(told_to_stop()?);
        if server.workers > 0 {
            builder = builder.workers(server.workers);
        }
        // Whoever is one too many is told so, which is our own limit's business.
        builder = builder.max_concurrent_connections(usize::MAX);
        let stopping = builder.graceful_shutdown_signal();
        let told = stopping.clone();
        let admissions = Admissions::new(server, hallpass.settings().database.max_connections as usize);
        let acceptor = certificate.map(|certificate| certificate.acceptor()).transpose().map_err(io::Error::other)?;
        let service = move || {
            let doorway = Doorway { admissions: admissions.clone(), acceptor: acceptor.clone() };
            connections(&hallpass, doorway, stopping.clone(), metrics.clone())
        };
        let server = builder.listen("http", listener, service)?.run();
        if let Some((listener, hallpass)) = beside {
            let beside = listener.run(hallpass)?;
            let handle = beside.handle();
            actix_web::rt::spawn(beside);
            actix_web::rt::spawn(async move {
                told.notified().await;
                handle.stop(false).await;
            });
        }
        Ok(server)
    }
}

/// Comes true at the first signal to stop. The signals are heeded from now on and not only when it is polled, so that the
/// server can be stopped as soon as it says that it listens.
///
/// Actix's own handling of SIGINT drops the requests under way.
#[cfg(unix)]
fn told_to_stop() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    use actix_web::rt::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        future::select(pin!(terminate.recv()), pin!(interrupt.recv())).await;
    })
}

#[cfg(not(unix))]
fn told_to_stop() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    Ok(async {
        // Where there is no such signal, there is nothing to wait for.
        if actix_web::rt::signal::ctrl_c().await.is_err() {
            future::pending::<()>().await;
        }
    })
}

/// What a worker does with a connection: what `HttpServer` does, behind a [`Doorway`].
fn connections(
    hallpass: &Hallpass,
    doorway: Doorway,
    stopping: actix_server::GracefulShutdownSignal,
    metrics: Option<Arc<Metrics>>,
) -> impl ServiceFactory<TcpStream, Config = (), Response = (), Error = DispatchError, InitError = ()> + use<> {
    let request_timeout = hallpass.settings().server.request_timeout;
    // actix-http's own limits come first, since they say why.
    let patience = Patience { idle: KEEP_ALIVE, request: request_timeout + Duration::from_secs(1) };
    let is_tls = doorway.acceptor.is_some();
    let application = application(hallpass, is_tls, metrics).into_factory();
    let application = application.map_err(|error: actix_web::Error| error.as_response_error().error_response());
    let http = HttpService::build()
        .keep_alive(KEEP_ALIVE)
        .client_request_timeout(request_timeout.min(HEAD_TIMEOUT))
        .client_disconnect_timeout(Duration::from_secs(1))
        .graceful_shutdown_signal(move || {
            let stopping = stopping.clone();
            async move { stopping.notified().await }
        })
        .h1(map_config(application, |()| dev::AppConfig::default()));
    let headers: Rc<str> = SecurityHeaders::lines(is_tls).into();
    let handshake = request_timeout.min(HEAD_TIMEOUT);
    let enter = move |stream: TcpStream| {
        let (doorway, headers) = (doorway.clone(), Rc::clone(&headers));
        async move { doorway.enter(stream, handshake, patience, headers).await.map_err(DispatchError::Io) }
    };
    fn_service(enter).and_then(http.map_init_err(|_| ()))
}

fn listen(bind: &str) -> io::Result<TcpListener> {
    let mut last = io::Error::new(io::ErrorKind::AddrNotAvailable, "the name has no address");
    for address in bind.to_socket_addrs()? {
        match listen_at(address) {
            Ok(listener) => return Ok(listener),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn listen_at(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // A restart must not wait for the last connections of the process before it.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(i32::try_from(BACKLOG).unwrap_or(i32::MAX))?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

fn application(
    hallpass: &Hallpass,
    is_tls: bool,
    metrics: Option<Arc<Metrics>>,
) -> App<
    impl dev::ServiceFactory<
        dev::ServiceRequest,
        Config = (),
        Response = dev::ServiceResponse<impl actix_web::body::MessageBody + use<>>,
        Error = actix_web::Error,
        InitError = (),
    > + use<>,
> {
    App::new()
        .configure(hallpass.configure_routes())
        .default_service(web::to(|| async { Err::<HttpResponse, _>(ApiError::NotFound) }))
        .wrap(Envelope::new(Cors::from_settings(hallpass.settings()), SecurityHeaders::new(is_tls), metrics))
}
