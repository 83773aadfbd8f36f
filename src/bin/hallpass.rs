//! `hallpass`: the service and its commands.

use std::io;
use std::process::ExitCode;

use clap::Parser;
use hallpass::manage::{self, Cli, Command, Context, Failure};
use hallpass::{Hallpass, Server, logging};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let config = cli.config_files();
    manage::report(match cli.command() {
        Command::Serve(_) => serve(config),
        command => command.run(config, &mut io::stdout().lock()),
    })
}

fn serve(config: Vec<std::path::PathBuf>) -> Result<(), Failure> {
    let Context { settings, clock, .. } = Context::open(config)?;
    logging::start(settings.log.format, clock);
    let hallpass = Hallpass::open(settings).map_err(|error| Failure::of(&error))?;
    let database = hallpass.store().url().clone();
    let server = Server::bind(hallpass).map_err(|error| Failure::of(&error))?;
    log::info!("listening at http://{} on {database}", server.address());
    actix_web::rt::System::new()
        .block_on(async { server.run()?.await })
        .map_err(|error| Failure(format!("the server failed: {error}")))?;
    log::info!("stopped");
    Ok(())
}
