//! Every URL of the service, on one page.

use actix_web::web;

use super::{authtoken, health, samples};
use crate::settings::{Alias, Routes};

/// The samples, below `routes.prefix_samples`.
const SAMPLES: [&str; 5] = ["/hello/", "/api/secret", "/whoami/", "/admin-only/", "/read-only/"];

/// Puts every route that the settings switch on into an application.
pub(super) fn register(routes: &Routes, config: &mut web::ServiceConfig) {
    health::register(config);
    if let Some(prefix) = &routes.prefix_authtoken {
        authtoken::view(spellings(prefix.without_slash(), &routes.aliases)).register(config);
    }
    if let Some(prefix) = routes.prefix_samples.as_ref().filter(|_| routes.samples) {
        let at = |path: &str| spellings(&below(prefix.without_slash(), path), &routes.aliases);
        for view in samples::views(at) {
            view.register(config);
        }
    }
}

/// The first alias that leads to no route, if there is one.
pub(super) fn alias_to_nowhere(routes: &Routes) -> Option<String> {
    let mut paths = Vec::new();
    paths.extend(routes.prefix_authtoken.as_ref().map(|prefix| prefix.without_slash().to_owned()));
    if let Some(prefix) = routes.prefix_samples.as_ref().filter(|_| routes.samples) {
        paths.extend(SAMPLES.iter().map(|path| below(prefix.without_slash(), path)));
    }
    let leads_somewhere = |alias: &&Alias| paths.iter().any(|path| is_same(path, alias.to.as_str()));
    // The alias that is there by default may lose its route when that is moved or switched off.
    let is_default =
        |alias: &&Alias| alias.from.as_str() == "/api/auth-token" && alias.to.as_str() == "/api-token-auth/";
    let lost = routes.aliases.iter().filter(|alias| !is_default(alias)).find(|alias| !leads_somewhere(alias));
    lost.map(|alias| alias.to.to_string())
}

/// `path` and its aliases, each with and without its trailing slash.
fn spellings(path: &str, aliases: &[Alias]) -> Vec<String> {
    let aliases = aliases.iter().filter(|alias| is_same(path, alias.to.as_str()));
    let paths = std::iter::once(path).chain(aliases.map(|alias| alias.from.as_str()));
    paths
        .flat_map(|path| match path.trim_end_matches('/') {
            "" => vec!["/".to_owned()],
            bare => vec![format!("{bare}/"), bare.to_owned()],
        })
        .collect()
}

fn below(prefix: &str, path: &str) -> String {
    format!("{prefix}{path}")
}

fn is_same(one: &str, other: &str) -> bool {
    one.trim_end_matches('/') == other.trim_end_matches('/')
}
