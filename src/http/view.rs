//! A view as REST framework's `APIView` is one: the order in which a request is looked at, `OPTIONS`, and the headers
//! that every answer of it carries.
//!
//! First comes what the client accepts (406), then who is calling (401, 403), then the method (405), and the body last.

use actix_web::http::header::{CONTENT_TYPE, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{FromRequest, Handler, HttpRequest, HttpResponse, Responder, Route, web};
use serde::Serialize;

use super::body::Parser;
use super::dispatch::Dispatch;
use super::negotiation::Renderer;
use crate::auth::{Auth, Permission};
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
    paths: Vec<String>,
    routes: Vec<Box<dyn Fn() -> Route>>,
    others: Box<dyn Fn() -> Route>,
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
    throttling: Throttling,
}

/// Where `throttle.anon` and `throttle.user` are looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Throttling {
    /// Where the caller is let in.
    AtAdmission,
    /// Before the handler, as nobody asks who is calling.
    AtOnce,
    /// Nowhere: `throttle_classes = ()`.
    Never,
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
        let mut view = Self::asking::<()>(paths, name);
        view.about.throttling = Throttling::AtOnce;
        view
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
            throttling: Throttling::AtAdmission,
        };
        Self { about, paths, routes: Vec::new(), others: Box::new(move || web::to(others.clone())) }
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

    /// Renders these, in this order of preference.
    pub(super) fn renderers(mut self, renderers: &'static [Renderer]) -> Self {
        self.about.renderers = renderers;
        self
    }

    /// Is not counted by `throttle.anon` and `throttle.user`: `throttle_classes = ()`.
    pub(super) fn unthrottled(mut self) -> Self {
        self.about.throttling = Throttling::Never;
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
        let head = handler.clone();
        // Routes are tried in turn, so that the one that is asked for most comes first.
        self = self.answering(Method::GET, handler);
        self.routes.push(Box::new(move || web::head().to(head.clone())));
        self
    }

    /// Answers POST with `handler`.
    pub(super) fn post<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.answering(Method::POST, handler)
    }

    /// Answers PUT with `handler`.
    pub(super) fn put<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.answering(Method::PUT, handler)
    }

    /// Answers PATCH with `handler`.
    pub(super) fn patch<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.answering(Method::PATCH, handler)
    }

    /// Answers DELETE with `handler`.
    pub(super) fn delete<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.answering(Method::DELETE, handler)
    }

    fn answering<F, Args>(mut self, method: Method, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.about.methods.push(method.clone());
        self.routes.push(Box::new(move || web::method(method.clone()).to(handler.clone())));
        self
    }

    /// What it is called.
    pub(super) fn name(&self) -> &'static str {
        self.about.name
    }

    /// The first of its paths.
    pub(super) fn path(&self) -> Option<&str> {
        self.paths.first().map(String::as_str)
    }

    /// The methods that it has a handler for.
    pub(super) fn methods(&self) -> &[Method] {
        &self.about.methods
    }

    /// The media types of the bodies that it reads.
    pub(super) fn parser_types(&self) -> Vec<&'static str> {
        self.about.parsers.iter().map(|parser| parser.media_type()).collect()
    }

    /// Puts those of the view's paths into an application that `is_due` says.
    ///
    /// Each is a resource of its own: Actix compares a path that stands alone as a text, and several of one resource as
    /// regular expressions, at every request that comes by.
    pub(super) fn register(&self, config: &mut web::ServiceConfig, is_due: impl Fn(&str) -> bool) {
        let data = web::Data::new(self.about.clone());
        let dispatch = Dispatch::new(&self.about, self.paths.first().map_or("-", String::as_str));
        for path in self.paths.iter().filter(|path| is_due(path)) {
            let resource = web::resource(path.as_str()).app_data(data.clone()).default_service((self.others)());
            let resource = self.routes.iter().fold(resource, |resource, route| resource.route(route()));
            config.service(resource.wrap(dispatch.clone()));
        }
    }
}

impl About {
    /// In Django's order, which lists HEAD where there is GET.
    pub(super) fn allow(&self) -> HeaderValue {
        let mut methods: Vec<&str> = self.methods.iter().map(Method::as_str).collect();
        if self.methods.contains(&Method::GET) {
            methods.push("HEAD");
        }
        methods.push("OPTIONS");
        HeaderValue::from_str(&methods.join(", ")).unwrap_or(HeaderValue::from_static("OPTIONS"))
    }

    /// The forms that its answers can be given in.
    pub(super) fn renderers(&self) -> &'static [Renderer] {
        self.renderers
    }

    /// Where its requests are counted.
    pub(super) fn throttling(&self) -> Throttling {
        self.throttling
    }
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
