//! Every URL of the service, on one page.

use actix_web::web;

use super::view::View;
use super::{authtoken, djoser, docs, forward_auth, health, jwks, oauth, samples, schema, simplejwt};
use crate::settings::{Alias, RoutePath, Routes};

/// Puts every route that the settings switch on into an application.
pub(super) fn register(routes: &Routes, config: &mut web::ServiceConfig) {
    let views = views(routes, |path| spellings(path, &routes.aliases));
    let is_pattern = |path: &str| path.contains('{');
    for view in &views {
        view.register(config, |path| !is_pattern(path));
    }
    let checks = forward_auth_paths(routes);
    forward_auth::register(&checks, false, config);
    health::register(config);
    docs::register(&docs_paths(routes), config);
    // Patterns last: a request for a fixed path is not compared with them.
    for view in &views {
        view.register(config, is_pattern);
    }
    forward_auth::register(&checks, true, config);
}

/// Where the check for reverse proxies is, besides what is below.
pub(super) fn forward_auth_paths(routes: &Routes) -> Vec<String> {
    routes.prefix_forward_auth.as_ref().map_or_else(Vec::new, |path| spellings(path.as_str(), &routes.aliases))
}

/// Where the page with the documentation is, unless there is no schema for it to show.
fn docs_paths(routes: &Routes) -> Vec<String> {
    let path = routes.prefix_docs.as_ref().filter(|_| routes.prefix_schema.is_some());
    path.map_or_else(Vec::new, |path| spellings(path.as_str(), &routes.aliases))
}

/// Every view that the settings switch on; `at` gives the spellings of its path.
pub(super) fn views(routes: &Routes, at: impl Fn(&str) -> Vec<String>) -> Vec<View> {
    let below = |prefix: &RoutePath, path: &str| at(&format!("{}{path}", prefix.without_slash()));
    let mut views = Vec::new();
    // Actix compares them in this order, so that those come first that are asked for most.
    if let Some(prefix) = routes.prefix_samples.as_ref().filter(|_| routes.samples) {
        views.extend(samples::views(|path| below(prefix, path)));
    }
    if let Some(prefix) = &routes.prefix_authtoken {
        views.push(authtoken::view(below(prefix, "/")));
    }
    if let Some(prefix) = &routes.prefix_simplejwt {
        views.extend(simplejwt::views(|path| below(prefix, path)));
    }
    if let Some(prefix) = &routes.prefix_djoser {
        views.extend(djoser::views(|path| below(prefix, path)));
    }
    if let Some(prefix) = &routes.prefix_oauth {
        views.extend(oauth::views(|path| below(prefix, path)));
    }
    if let Some(prefix) = &routes.prefix_schema {
        views.push(schema::view(below(prefix, "/")));
    }
    views.push(jwks::view(at("/.well-known/jwks.json")));
    views
}

/// The first alias that leads to no route, if there is one. The one that is there by default may lose its route when that
/// is moved or switched off.
pub(super) fn alias_to_nowhere(routes: &Routes) -> Option<String> {
    let paths = std::cell::RefCell::new(Vec::new());
    views(routes, |path| {
        paths.borrow_mut().push(bare(path).to_owned());
        spellings(path, &[])
    });
    let mut paths = paths.into_inner();
    let others = [forward_auth_paths(routes), docs_paths(routes)].concat();
    paths.extend(others.iter().map(|path| bare(path).to_owned()));
    let is_default =
        |alias: &Alias| (alias.from.as_str(), alias.to.as_str()) == ("/api/auth-token", "/api-token-auth/");
    let is_lost = |alias: &&Alias| !is_default(alias) && !paths.contains(&bare(alias.to.as_str()).to_owned());
    routes.aliases.iter().find(is_lost).map(|alias| alias.to.to_string())
}

/// `path` and its aliases, each with and without its trailing slash.
fn spellings(path: &str, aliases: &[Alias]) -> Vec<String> {
    let aliases = aliases.iter().filter(|alias| bare(alias.to.as_str()) == bare(path));
    let paths = std::iter::once(path).chain(aliases.map(|alias| alias.from.as_str()));
    paths
        .flat_map(|path| match bare(path) {
            "" => vec!["/".to_owned()],
            bare => vec![format!("{bare}/"), bare.to_owned()],
        })
        .collect()
}

fn bare(path: &str) -> &str {
    path.trim_end_matches('/')
}
