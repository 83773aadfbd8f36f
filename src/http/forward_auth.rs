//! `/forward-auth/`: what a reverse proxy asks before it lets a request through to another server: nginx's `auth_request`,
//! Caddy's `forward_auth`, Traefik's ForwardAuth, Envoy's ext_authz. `config/proxies/` has each of them set up.
//!
//! It is no view of REST framework's: a proxy hands on its client's method and `Accept`, which are about the guarded server,
//! so that neither decides anything here.

use std::borrow::Cow;
use std::rc::Rc;

use actix_web::http::header::{CACHE_CONTROL, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::Hallpass;
use crate::auth::{Authenticated, Findings, User, recognise};
use crate::error::ApiError;
use crate::store::groups::Groups;

const USER_ID: HeaderName = HeaderName::from_static("x-auth-user-id");
const USERNAME: HeaderName = HeaderName::from_static("x-auth-username");
const GROUPS: HeaderName = HeaderName::from_static("x-auth-groups");
const SCHEME: HeaderName = HeaderName::from_static("x-auth-scheme");

/// What is escaped in a header's value besides all that is not ASCII. A comma is what separates groups.
const ESCAPED: &AsciiSet = &CONTROLS.add(b' ').add(b'%').add(b',');

/// What the rest of a path is called.
const TAIL: &str = "tail";

/// Puts the check at `paths`; Envoy adds the path of the guarded server, so that `below` says whether it is below them.
pub(super) fn register(paths: &[String], below: bool, config: &mut web::ServiceConfig) {
    for path in paths.iter().filter(|path| !below || !path.ends_with('/')) {
        let path = if below { format!("{path}/{{{TAIL}:.*}}") } else { path.clone() };
        config.service(web::resource(path).default_service(web::to(check)));
    }
}

/// 200 with who is calling, or REST framework's 401 and 403.
async fn check(request: HttpRequest, hallpass: web::Data<Hallpass>) -> Result<HttpResponse, ApiError> {
    let prefix = hallpass.settings().routes.prefix_forward_auth.as_ref();
    Findings::add(&request, |findings| findings.route = prefix.map(|prefix| Rc::from(prefix.as_str())));
    let (authenticator, caller) = recognise(&request, false).await?;
    let due = authenticator.due(&request, caller.as_ref());
    let Some(caller) = caller else { return Err(authenticator.refusal(false, &request)) };
    let groups = match caller.user.id.row() {
        Some(id) => hallpass.store().find_groups(id).await?,
        None => Groups::default(),
    };
    let demands = Demand::all_of(request.query_string(), request.match_info().get(TAIL).is_none());
    for demand in demands {
        if !demand?.is_met(&caller.user, &groups) {
            return Err(ApiError::PermissionDenied);
        }
    }
    due.count(&request).await?;
    answer(&caller, &groups)
}

/// Every header is always there, if need be empty: a proxy that copies them then overwrites what its client sent.
fn answer(caller: &Authenticated, groups: &[String]) -> Result<HttpResponse, ApiError> {
    let names: Vec<String> = groups.iter().map(|name| escaped(name)).collect();
    let mut response = HttpResponse::Ok().finish();
    let headers = response.headers_mut();
    headers.insert(USER_ID, value(escaped(&caller.user.id.to_string()))?);
    headers.insert(USERNAME, value(escaped(&caller.user.username))?);
    headers.insert(GROUPS, value(names.join(","))?);
    headers.insert(SCHEME, value(escaped(caller.scheme))?);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

fn escaped(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

fn value(text: String) -> Result<HeaderValue, ApiError> {
    HeaderValue::try_from(text).map_err(|error| ApiError::Internal(error.to_string()))
}

/// What a caller has to be besides known.
#[derive(Debug, PartialEq, Eq)]
enum Demand<'q> {
    Authenticated,
    Active,
    Staff,
    Superuser,
    InGroup(Cow<'q, str>),
}

impl<'q> Demand<'q> {
    /// All demands of a query. Each has to be met, so that a client whose own query ends up here can add to them and take
    /// nothing away.
    ///
    /// `is_strict` says that the query is the proxy's, where a word that is not known is a mistake of its owner's and
    /// refuses everybody. Behind `path=`, and below the path of the check, it is the guarded server's.
    fn all_of(query: &'q str, is_strict: bool) -> impl Iterator<Item = Result<Self, ApiError>> {
        let pairs = form_urlencoded::parse(query.as_bytes()).take_while(move |(name, _)| !is_strict || name != "path");
        pairs.filter_map(move |(name, value)| match (&*name, &*value) {
            ("permission", "is_authenticated") => Some(Ok(Self::Authenticated)),
            ("permission", "is_active") => Some(Ok(Self::Active)),
            ("permission", "is_staff") => Some(Ok(Self::Staff)),
            ("permission", "is_superuser") => Some(Ok(Self::Superuser)),
            ("permission", _) => Some(Err(ApiError::Forbidden(
                "The proxy asks for an unknown permission: is_authenticated, is_active, is_staff and is_superuser are known.",
            ))),
            ("group", _) => Some(Ok(Self::InGroup(value))),
            _ if is_strict => Some(Err(ApiError::Forbidden(
                "The proxy asks with an unknown parameter: permission, group and path are known.",
            ))),
            _ => None,
        })
    }

    fn is_met(&self, user: &User, groups: &[String]) -> bool {
        match self {
            Self::Authenticated => true,
            Self::Active => user.is_active,
            Self::Staff => user.is_staff,
            Self::Superuser => user.is_superuser,
            Self::InGroup(name) => groups.iter().any(|group| group == name),
        }
    }
}
