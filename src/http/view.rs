//! A view as REST framework's `APIView` is one: the order in which a request is looked at, `OPTIONS`, and the headers
//! that every answer of it carries.
//!
//! First comes what the client accepts (406), then who is calling (401, 403), then the method (405), and the body last.

use std::rc::Rc;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, VARY};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::{Next, from_fn};
use actix_web::{FromRequest, Handler, HttpRequest, HttpResponse, Resource, Responder, ResponseError, web};
use serde::Serialize;

use super::body::Parser;
use super::negotiation::{NegotiationError, Renderer, Rendering, negotiate};
use crate::auth::{Auth, Permission, joined_header};
use crate::error::ApiError;
use crate::json;

/// `DEFAULT_RENDERER_CLASSES`. A browser that asks for HTML is answered, as in REST framework, but always with JSON.
const DEFAULT_RENDERERS: &[Renderer] = &[Renderer::JSON, Renderer::BROWSABLE];

/// The renderers of a view that sets `renderer_classes` to JSON alone.
const JSON_ONLY: &[Renderer] = &[Renderer::JSON];

/// `DEFAULT_PARSER_CLASSES`.
pub(super) const DEFAULT_PARSERS: &[Parser] = &[Parser::Json, Parser::Form, Parser::Multipart];

/// A view under construction: its methods, and what it says of itself.
pub(super) struct View {
    about: About,
    resource: Resource,
}

/// What `OPTIONS` tells of a view, and what its answers say in their headers.
#[derive(Clone)]
pub(super) struct About {
    name: &'static str,
    description: &'static str,
    renderers: &'static [Renderer],
    parsers: &'static [Parser],
    fields: &'static [Field],
    methods: Vec<Method>,
}

/// A field of a view's serializer, as `OPTIONS` describes it.
#[derive(Serialize)]
pub(super) struct Field {
    #[serde(skip)]
    name: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    required: bool,
    read_only: bool,
    label: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    help_text: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_length: Option<usize>,
}

impl Field {
    /// A field of this kind that has to be sent.
    pub(super) const fn of(name: &'static str, kind: &'static str, label: &'static str) -> Self {
        Self { name, kind, required: true, read_only: false, label, help_text: None, max_length: None }
    }

    /// One that may be left out.
    pub(super) const fn optional(mut self) -> Self {
        self.required = false;
        self
    }

    /// One that is only ever answered.
    pub(super) const fn answered(mut self) -> Self {
        (self.required, self.read_only) = (false, true);
        self
    }

    /// What it is for, in Django's words.
    pub(super) const fn help_text(mut self, text: &'static str) -> Self {
        self.help_text = Some(text);
        self
    }

    /// How many characters it may have.
    pub(super) const fn max_length(mut self, length: usize) -> Self {
        self.max_length = Some(length);
        self
    }

    /// A text that has to be sent.
    pub(super) const fn required(name: &'static str, label: &'static str) -> Self {
        Self::of(name, "string", label)
    }

    /// A text that is only ever answered.
    pub(super) const fn read_only(name: &'static str, label: &'static str) -> Self {
        Self::of(name, "string", label).answered()
    }
}

impl View {
    /// A view at `paths`, for whom `P` lets in.
    pub(super) fn new<P: Permission>(paths: Vec<String>, name: &'static str) -> Self {
        Self::asking::<Auth<P>>(paths, name)
    }

    /// A view at `paths` for anyone, which does not look at credentials: `authentication_classes = ()`.
    pub(super) fn open(paths: Vec<String>, name: &'static str) -> Self {
        Self::asking::<()>(paths, name)
    }

    fn asking<Caller: FromRequest + 'static>(paths: Vec<String>, name: &'static str) -> Self {
        Self::deciding(paths, name, other_methods::<Caller>)
    }

    /// A view at `paths` whose handlers decide themselves who is let in. `others` answers OPTIONS and the methods that
    /// the view lacks.
    pub(super) fn deciding<F, Args>(paths: Vec<String>, name: &'static str, others: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        let about = About {
            name,
            description: "",
            renderers: DEFAULT_RENDERERS,
            parsers: DEFAULT_PARSERS,
            fields: &[],
            methods: Vec::new(),
        };
        Self { about, resource: web::resource(paths).default_service(web::to(others)) }
    }

    /// Says what it is for, to `OPTIONS`.
    pub(super) fn description(mut self, description: &'static str) -> Self {
        self.about.description = description;
        self
    }

    /// Renders JSON and nothing else: other wishes are 406.
    pub(super) fn json_only(mut self) -> Self {
        self.about.renderers = JSON_ONLY;
        self
    }

    /// Reads these kinds of bodies, in this order of preference.
    pub(super) fn parsers(mut self, parsers: &'static [Parser]) -> Self {
        self.about.parsers = parsers;
        self
    }

    /// Describes the fields of its serializer to `OPTIONS`.
    pub(super) fn serializer(mut self, fields: &'static [Field]) -> Self {
        self.about.fields = fields;
        self
    }

    /// Answers GET with `handler`, and HEAD with the same without its body.
    pub(super) fn get<F, Args>(mut self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.about.methods.push(Method::GET);
        self.resource = self.resource.route(web::get().to(handler.clone())).route(web::head().to(handler));
        self
    }

    /// Answers POST with `handler`.
    pub(super) fn post<F, Args>(mut self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.about.methods.push(Method::POST);
        self.resource = self.resource.route(web::post().to(handler));
        self
    }

    /// Answers PUT with `handler`.
    pub(super) fn put<F, Args>(mut self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.about.methods.push(Method::PUT);
        self.resource = self.resource.route(web::put().to(handler));
        self
    }

    /// Answers PATCH with `handler`.
    pub(super) fn patch<F, Args>(mut self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.about.methods.push(Method::PATCH);
        self.resource = self.resource.route(web::patch().to(handler));
        self
    }

    /// Answers DELETE with `handler`.
    pub(super) fn delete<F, Args>(mut self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.about.methods.push(Method::DELETE);
        self.resource = self.resource.route(web::delete().to(handler));
        self
    }

    /// Puts the view into an application.
    pub(super) fn register(self, config: &mut web::ServiceConfig) {
        let about = Rc::new(self.about);
        let inner = Rc::clone(&about);
        let resource = self.resource.app_data(web::Data::from(std::sync::Arc::new(About::clone(&about))));
        config.service(resource.wrap(from_fn(move |request, next| dispatch(Rc::clone(&inner), request, next))));
    }
}

impl About {
    /// In Django's order, which lists HEAD where there is GET.
    fn allow(&self) -> HeaderValue {
        let mut methods: Vec<&str> = self.methods.iter().map(Method::as_str).collect();
        if self.methods.contains(&Method::GET) {
            methods.push("HEAD");
        }
        methods.push("OPTIONS");
        HeaderValue::from_str(&methods.join(", ")).unwrap_or(HeaderValue::from_static("OPTIONS"))
    }
}

/// Settles what the client accepts, has the request answered, and dresses the answer.
async fn dispatch(
    about: Rc<About>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let rendering = negotiated(&about, request.request());
    let mut response = match &rendering {
        Ok(_) => next.call(request).await?.map_into_boxed_body(),
        Err(error) => request.into_response(error.error_response()),
    };
    if let Ok(Rendering { indent: Some(indent), .. }) = rendering {
        response = indented(response, indent);
    }
    let headers = response.headers_mut();
    headers.insert(ALLOW, about.allow());
    // Tokens must not be kept on the way. Said here as well, for applications with headers of their own.
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if about.renderers.len() > 1 {
        headers.insert(VARY, HeaderValue::from_static("Accept"));
    }
    Ok(response)
}

fn negotiated(about: &About, request: &HttpRequest) -> Result<Rendering, ApiError> {
    let accept = joined_header(request, &ACCEPT);
    let in_query = || {
        let named = form_urlencoded::parse(request.query_string().as_bytes()).filter(|(name, _)| name == "format");
        named.last().map(|(_, value)| value.into_owned())
    };
    // A suffix of the path comes first: `/users.json`.
    let format = request.match_info().get("format").map(ToOwned::to_owned).or_else(in_query);
    negotiate(accept.as_deref(), format.as_deref(), about.renderers).map_err(|error| match error {
        NegotiationError::NotAcceptable => ApiError::NotAcceptable,
        NegotiationError::NotFound => ApiError::NotFound,
    })
}

/// The answer with its JSON spread over lines, as `Accept: application/json; indent=4` asks for.
fn indented(response: ServiceResponse<BoxBody>, indent: u8) -> ServiceResponse<BoxBody> {
    response.map_body(|_, body| match body.try_into_bytes() {
        Ok(bytes) => BoxBody::new(json::pretty_json(&bytes, indent)),
        Err(body) => body,
    })
}

/// Every method that the view has no handler for: who is calling is settled before they are told so.
async fn other_methods<Caller: FromRequest>(
    request: HttpRequest,
    about: web::Data<About>,
    _caller: Caller,
) -> Result<HttpResponse, ApiError> {
    if request.method() != Method::OPTIONS {
        return Err(ApiError::MethodNotAllowed(request.method().clone()));
    }
    Ok(metadata(&about, (!about.fields.is_empty()).then_some(("POST", about.fields))))
}

/// What OPTIONS is answered, with the fields of the method that takes some.
pub(super) fn metadata(about: &About, fields: Option<(&'static str, &'static [Field])>) -> HttpResponse {
    ok(&Metadata::of(about, fields))
}

/// `SimpleMetadata`: what REST framework answers to OPTIONS.
#[derive(Serialize)]
struct Metadata<'a> {
    name: &'a str,
    description: &'a str,
    renders: Vec<&'a str>,
    parses: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actions: Option<Actions>,
}

/// The fields of a method, by their names.
struct Actions(&'static str, ByName);

struct ByName(&'static [Field]);

impl Serialize for Actions {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([(self.0, &self.1)])
    }
}

impl Serialize for ByName {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|field| (field.name, field)))
    }
}

impl<'a> Metadata<'a> {
    fn of(about: &'a About, fields: Option<(&'static str, &'static [Field])>) -> Self {
        Self {
            name: about.name,
            description: about.description,
            renders: about.renderers.iter().map(|renderer| renderer.media_type).collect(),
            parses: about.parsers.iter().map(|parser| parser.media_type()).collect(),
            actions: fields.map(|(method, fields)| Actions(method, ByName(fields))),
        }
    }
}

/// 200 with `value` as JSON.
pub(super) fn ok(value: &impl Serialize) -> HttpResponse {
    HttpResponse::build(StatusCode::OK)
        .insert_header((CONTENT_TYPE, HeaderValue::from_static("application/json")))
        .body(json::render(value))
}
