//! `hallpass`: the service and its commands.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use hallpass::manage::{self, Cli, Command, Context, Failure};
use hallpass::{Certificate, Hallpass, Server, logging, process};

fn main() -> ExitCode {
    process::forbid_dumps();
    let cli = Cli::parse();
    let config = cli.config_files();
    let result = match cli.command() {
        Command::Serve(_) => serve(config),
        command => command.run(config, &mut io::stdout().lock()),
    };
    logging::flush();
    manage::report(result)
}

fn serve(config: Vec<PathBuf>) -> Result<(), Failure> {
    let Context { settings, clock, .. } = Context::open(config.clone())?;
    logging::start(settings.log.format, clock);
    process::raise_open_files();
    let patience = settings.server.shutdown_timeout;
    let hallpass = Hallpass::open(settings).map_err(|error| Failure(error.to_string()))?;
    let server = Server::bind(hallpass.clone()).map_err(|error| Failure(error.to_string()))?;
    actix_web::rt::System::new()
        .block_on(async {
            let (address, database) = (server.address(), hallpass.store().url().clone());
            let metrics = server.metrics_address();
            let certificate = server.certificate().cloned();
            let scheme = if certificate.is_some() { "https" } else { "http" };
            reload_on_hangup(hallpass.clone(), certificate, config);
            outlive_full_files();
            let sender = hallpass.post().start()?;
            let running = server.run()?;
            log::info!("listening at {scheme}://{address} on {database}");
            if let Some(metrics) = metrics {
                log::info!("metrics at http://{metrics}/metrics");
            }
            running.await?;
            if !sender.stop(patience) {
                log::warn!("a mail was under way; the next start sends it again");
            }
            Ok::<_, io::Error>(())
        })
        .map_err(|error| Failure(format!("the server failed: {error}")))?;
    log::info!("stopped");
    Ok(())
}

/// A file that may not grow any more is an error to whoever writes to it. Without somebody who hears the signal that comes
/// along, it would be the end of the process.
#[cfg(unix)]
fn outlive_full_files() {
    use actix_web::rt::signal::unix::{SignalKind, signal};
    /// Its number on every system but MIPS.
    const SIGXFSZ: i32 = 25;
    if let Err(error) = signal(SignalKind::from_raw(SIGXFSZ)) {
        log::warn!("a limit on the size of files will end this process when it is reached: {error}");
    }
}

#[cfg(not(unix))]
fn outlive_full_files() {}

/// SIGHUP reads the settings again and takes the signing keys and the certificate from them. What is wrong with them is
/// logged, and those that are there stay.
#[cfg(unix)]
fn reload_on_hangup(hallpass: Hallpass, certificate: Option<Certificate>, config: Vec<PathBuf>) {
    use actix_web::rt::signal::unix::{SignalKind, signal};
    let mut hangups = match signal(SignalKind::hangup()) {
        Ok(hangups) => hangups,
        Err(error) => return log::warn!("SIGHUP will not be heard: {error}"),
    };
    actix_web::rt::spawn(async move {
        while hangups.recv().await.is_some() {
            let settings = match Context::open(config.clone()) {
                Ok(context) => context.settings,
                Err(failure) => {
                    log::error!("the signing keys and the certificate stay as they are: {failure}");
                    continue;
                }
            };
            match hallpass.reload_keys(&settings) {
                Ok(()) => log::info!("took the signing keys from the settings again"),
                Err(error) => log::error!("the signing keys stay as they are: {error}"),
            }
            match certificate.as_ref().map(|certificate| certificate.reload(&settings.server)) {
                Some(Ok(())) => log::info!("took the certificate from its files again"),
                Some(Err(error)) => log::error!("the certificate stays as it is: {error}"),
                None => {}
            }
        }
    });
}

#[cfg(not(unix))]
fn reload_on_hangup(_: Hallpass, _: Option<Certificate>, _: Vec<PathBuf>) {}
