//! What `show-settings` prints.

use super::Directory;
use crate::settings::Settings;

#[test]
fn settings_are_shown_in_the_documented_order_with_their_layers() {
    let directory = Directory::new().with("site.toml", "[server]\nworkers = 2\nrequest_timeout = \"90s\"");
    let environment = [
        ("HALLPASS__AUTH__BACKENDS", "jwt,basic"),
        ("HALLPASS__SERVER__TRUSTED_PROXIES", "1"),
        ("HALLPASS__SECRET_KEY", "kV3nB8xQ1sZ6wT0yR4uJ7mP2dF5gH9cL"),
        ("HALLPASS__DATABASE__URL", "postgres://me:hunter2@db/hallpass"),
    ];

    let shown = directory.load(&["site.toml"], &environment).unwrap().show();

    let expected = r#"secret_key = "***" # HALLPASS__SECRET_KEY
secret_key_fallbacks = [] # default
time_zone = "UTC" # default

[server]
bind = "127.0.0.1:8000" # default
workers = 2 # site.toml
trusted_proxies = 1 # HALLPASS__SERVER__TRUSTED_PROXIES
body_limit = "64KiB" # default
request_timeout = "1m 30s" # site.toml
max_connections = 20000 # default
max_connections_per_address = 256 # default
tls_certificate = "" # default
tls_key = "" # default
shutdown_timeout = "10s" # default

[database]
url = "postgres://me:***@db/hallpass" # HALLPASS__DATABASE__URL
max_connections = 8 # default
connection_timeout = "3s" # default
max_writes_per_commit = 256 # default
required_at_start = true # default

[cache]
memory = "2MiB" # default
max_staleness = "0s" # default

[auth]
backends = ["jwt", "basic"] # HALLPASS__AUTH__BACKENDS
ignore_credentials_on_public = false # default
"#;
    assert!(shown.starts_with(expected), "{shown}");
}

#[test]
fn what_is_shown_can_be_read_again() {
    let settings = Settings::defaults().unwrap();

    let again = Settings::from_toml(&settings.show()).unwrap();

    let shown = settings.show().replace("# default", "# the text given");
    assert_eq!(again.show(), shown);
}

#[test]
fn the_defaults_are_shown_as_they_are_documented() {
    let documented = include_str!("../../../config/default.toml");
    let lines = |text: &str| -> Vec<String> {
        let words = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        words.map(|line| line.trim_end_matches(" # default").to_owned()).collect()
    };

    assert_eq!(lines(&Settings::defaults().unwrap().show()), lines(documented));
}
