//! The document: every view with its methods, and what is said of each.

use actix_web::http::{Method, StatusCode};
use serde_json::{Value, json};
use utoipa::openapi::path::{HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{
    Components, ComponentsBuilder, ContentBuilder, Header, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder,
    PathsBuilder, Ref, Required, Response, ResponseBuilder,
};

use super::doc::{Doc, Who};
use super::shapes::{self, BAD_REQUEST, DETAIL, OAUTH_ERROR, UNAUTHORIZED};
use super::{accounts, others, tokens};
use crate::http::routes;
use crate::http::view::View;
use crate::settings::{Backend, Settings};

const JSON: &str = "application/json";

/// How the caller says who they are: the names of the schemes.
const TOKEN: &str = "Token";
const BEARER: &str = "Bearer";
const BASIC: &str = "Basic";
const CLIENT: &str = "Client";

/// Everything that the settings switch on.
pub(super) fn document(settings: &Settings) -> OpenApi {
    let mut paths = PathsBuilder::new();
    for view in routes::views(&settings.routes, |path| vec![path.to_owned()]) {
        for method in view.methods() {
            // A test sees to it that each has its documentation.
            if let (Some(path), Some(doc), Some(http_method)) =
                (view.path(), doc_of(&view, method, settings), known(method))
            {
                let operation = operation(&doc, path, method, view.parser_types(), settings);
                paths = paths.path(templated(path), PathItem::new(http_method, operation));
            }
        }
    }
    for (path, doc) in others::routes(settings) {
        let operation = operation(&doc, &path, &Method::GET, Vec::new(), settings);
        paths = paths.path(path, PathItem::new(HttpMethod::Get, operation));
    }
    let info = InfoBuilder::new()
        .title("hallpass")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some("Authentication as Django REST framework, SimpleJWT and djoser do it."))
        .license(Some(LicenseBuilder::new().name("MIT").identifier(Some("MIT")).build()));
    OpenApiBuilder::new().info(info).paths(paths).components(Some(components(settings))).build()
}

pub(super) fn doc_of(view: &View, method: &Method, settings: &Settings) -> Option<Doc> {
    let name = view.name();
    [tokens::doc, accounts::doc, others::doc].into_iter().find_map(|doc| doc(name, method, settings))
}

fn known(method: &Method) -> Option<HttpMethod> {
    Some(match method.as_str() {
        "GET" => HttpMethod::Get,
        "POST" => HttpMethod::Post,
        "PUT" => HttpMethod::Put,
        "PATCH" => HttpMethod::Patch,
        "DELETE" => HttpMethod::Delete,
        _ => return None,
    })
}

/// Without the patterns of what stands in braces.
fn templated(path: &str) -> String {
    let mut text = String::new();
    let mut in_pattern = false;
    for letter in path.chars() {
        match letter {
            ':' => in_pattern = true,
            '}' => in_pattern = false,
            _ => {}
        }
        if !in_pattern {
            text.push(letter);
        }
    }
    text
}

fn operation(
    doc: &Doc,
    path: &str,
    method: &Method,
    parsers: Vec<&'static str>,
    settings: &Settings,
) -> OperationBuilder {
    let id = format!(
        "{}_{}",
        method.as_str().to_lowercase(),
        templated(path).trim_matches('/').replace(['/', '-', '.'], "_")
    );
    let id = id.replace(['{', '}'], "");
    let mut operation = OperationBuilder::new()
        .tag(doc.tag)
        .summary(Some(doc.summary))
        .operation_id(Some(id))
        .securities(Some(securities(doc.who, settings)));
    if path.contains('{') {
        let number =
            ObjectBuilder::new().schema_type(SchemaType::Type(Type::Integer)).minimum(Some(1)).maximum(Some(i32::MAX));
        let id = ParameterBuilder::new().name("id").parameter_in(ParameterIn::Path).required(Required::True);
        operation = operation.parameter(id.schema(Some(number)).example(Some(json!(1))));
    }
    if !doc.fields.is_empty() {
        let example: Value =
            doc.fields.iter().map(|(name, _, example)| ((*name).to_owned(), Value::from(*example))).collect();
        let content = || {
            ContentBuilder::new()
                .schema(Some(shapes::of_fields(&doc.fields, doc.who == Who::Service)))
                .example(Some(example.clone()))
                .build()
        };
        let is_needed = doc.fields.iter().any(|(_, is_required, _)| *is_required);
        let required = if is_needed { Required::True } else { Required::False };
        let body = RequestBodyBuilder::new().required(Some(required));
        let body = parsers.into_iter().fold(body, |body, media_type| body.content(media_type, content()));
        operation = operation.request_body(Some(body.build()));
    }
    for answer in &doc.answers {
        let mut response = ResponseBuilder::new().description(answer.about);
        if let (Some(shape), Some(example)) = (shapes::of_answer(answer), &answer.example) {
            response = response
                .content(JSON, ContentBuilder::new().schema(Some(shape)).example(Some(example.clone())).build());
        }
        operation = operation.response(answer.status.to_string(), response.build());
    }
    for status in refusals(doc) {
        operation = operation.response(status.to_string(), refusal(doc.who, status));
    }
    operation
}

/// Every status that a request may be refused with, beside those of the view's own.
fn refusals(doc: &Doc) -> Vec<u16> {
    let mut statuses = vec![400, 406, 431, 503];
    if !doc.fields.is_empty() {
        statuses.extend([408, 413, 415]);
    }
    if doc.who != Who::Anyone {
        statuses.extend([401, 403, 429]);
    }
    statuses.extend(&doc.refusals);
    statuses.retain(|status| doc.answers.iter().all(|answer| answer.status != *status));
    statuses.sort_unstable();
    statuses.dedup();
    statuses
}

fn refusal(who: Who, status: u16) -> Response {
    let about = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Refused");
    let (shape, example) = match (status, who) {
        (400, Who::Service) => (OAUTH_ERROR, json!({"error": "invalid_request"})),
        (401, Who::Service) => (UNAUTHORIZED, json!({"error": "invalid_client"})),
        (400, _) => (BAD_REQUEST, json!({"password": ["This field is required."]})),
        (401, _) => (UNAUTHORIZED, json!({"detail": "Authentication credentials were not provided."})),
        (403, _) => (DETAIL, json!({"detail": "You do not have permission to perform this action."})),
        (429, _) => (DETAIL, json!({"detail": "Request was throttled. Expected available in 1 second."})),
        (503, _) => (DETAIL, json!({"detail": "Service temporarily unavailable, try again later."})),
        _ => (DETAIL, json!({"detail": about})),
    };
    let content = ContentBuilder::new();
    let content = match (status, who) {
        // A client is refused in OAuth's shape, and a user, or a body that nobody can read, in REST framework's.
        (400 | 401, Who::Service) => {
            let other = if status == 400 { BAD_REQUEST } else { UNAUTHORIZED };
            let either = utoipa::openapi::schema::AnyOfBuilder::new()
                .item(Ref::from_schema_name(OAUTH_ERROR))
                .item(Ref::from_schema_name(other));
            content.schema(Some(utoipa::openapi::Schema::from(either.build())))
        }
        _ => content.schema(Some(Ref::from_schema_name(shape))),
    };
    let response = ResponseBuilder::new().description(about).content(JSON, content.example(Some(example)).build());
    let header = |kind, about: &str| {
        let mut header = Header::new(ObjectBuilder::new().schema_type(SchemaType::Type(kind)));
        header.description = Some(about.to_owned());
        header
    };
    match status {
        401 => response.header("WWW-Authenticate", header(Type::String, "The challenge of the first scheme.")),
        429 | 503 => {
            response.header("Retry-After", header(Type::Integer, "Seconds until it makes sense to try again."))
        }
        _ => response,
    }
    .build()
}

/// In which ways the settings let somebody say who they are.
fn schemes(settings: &Settings) -> Vec<&'static str> {
    let named = settings.auth.backends.iter().filter_map(|backend| match backend {
        Backend::Token => Some(TOKEN),
        Backend::Jwt | Backend::JwtStateless => Some(BEARER),
        Backend::Basic => Some(BASIC),
        Backend::ApiKey => None,
    });
    let mut names = Vec::new();
    for name in named {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn securities(who: Who, settings: &Settings) -> Vec<SecurityRequirement> {
    let by = |name: &str| SecurityRequirement::new(name, Vec::<String>::new());
    let of_users = || schemes(settings).into_iter().map(by);
    match who {
        Who::Anyone => Vec::new(),
        Who::AnyoneChecked => std::iter::once(SecurityRequirement::default()).chain(of_users()).collect(),
        Who::Known => of_users().collect(),
        Who::Service => std::iter::once(by(CLIENT)).chain(of_users()).collect(),
    }
}

fn components(settings: &Settings) -> Components {
    let mut components = ComponentsBuilder::new();
    for (name, shape) in shapes::errors() {
        components = components.schema(name, shape);
    }
    let mut names = schemes(settings);
    if settings.routes.prefix_oauth.is_some() {
        names.push(CLIENT);
    }
    for name in names {
        components = components.security_scheme(name, scheme(name, settings));
    }
    components.build()
}

fn scheme(name: &str, settings: &Settings) -> SecurityScheme {
    let http =
        |scheme, about: &str| SecurityScheme::Http(HttpBuilder::new().scheme(scheme).description(Some(about)).build());
    match name {
        TOKEN => {
            let keyword = settings.token.keyword.as_str();
            let about = format!("An opaque token with the word before it: `{keyword} {}`", tokens::KEY);
            SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description("Authorization", &about)))
        }
        BEARER => {
            let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT");
            SecurityScheme::Http(bearer.description(Some("An access token, without a word before it.")).build())
        }
        BASIC => http(HttpAuthScheme::Basic, "A user's name and password."),
        _ => http(HttpAuthScheme::Basic, "The id and the secret of a client of `oauth.clients`."),
    }
}
