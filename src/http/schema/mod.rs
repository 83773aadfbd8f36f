//! `/api/schema/`: what there is to ask, as OpenAPI 3.1, in JSON or YAML.
//!
//! It is made from the views themselves, so that what the settings move or switch off is moved or missing here. What a view does not
//! know of itself, such as what its answers look like, is in a file for each family.

mod accounts;
mod doc;
mod document;
mod others;
mod shapes;
mod tokens;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};

use super::Hallpass;
use super::dispatch::negotiated;
use super::negotiation::Renderer;
use super::view::View;
use crate::error::ApiError;
use crate::settings::Settings;

/// JSON unless YAML is asked for; a browser that asks for a page is given JSON.
const RENDERERS: &[Renderer] = &[
    Renderer::JSON,
    Renderer { media_type: "application/vnd.oai.openapi+json", format: "json" },
    Renderer { media_type: "application/yaml", format: "yaml" },
    Renderer { media_type: "application/vnd.oai.openapi", format: "yaml" },
    Renderer::BROWSABLE,
];

/// The document in both forms.
pub(super) struct Documents {
    json: String,
    yaml: String,
}

impl Documents {
    /// Of a service with these settings.
    pub(super) fn of(settings: &Settings) -> Result<Self, ApiError> {
        let document = document::document(settings);
        let failed = |error: &dyn std::fmt::Display| ApiError::Internal(format!("no schema: {error}"));
        let json = document.to_json().map_err(|error| failed(&error))?;
        Ok(Self { json, yaml: document.to_yaml().map_err(|error| failed(&error))? })
    }
}

/// The view, at `paths`.
pub(super) fn view(paths: Vec<String>) -> View {
    View::open(paths, "Schema").description("What there is to ask, as OpenAPI 3.1.").renderers(RENDERERS).get(schema)
}

/// The document, the same for everybody.
async fn schema(request: HttpRequest, hallpass: web::Data<Hallpass>) -> Result<HttpResponse, ApiError> {
    let documents = hallpass.documents()?;
    let renderer = negotiated(RENDERERS, &request)?.renderer;
    let (body, media_type) = match renderer {
        Renderer { format: "yaml", media_type } => (&documents.yaml, media_type),
        Renderer::BROWSABLE => (&documents.json, Renderer::JSON.media_type),
        Renderer { media_type, .. } => (&documents.json, media_type),
    };
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, HeaderValue::from_static(media_type)));
    response.insert_header((CACHE_CONTROL, HeaderValue::from_static("no-cache")));
    Ok(response.body(body.clone()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::document;
    use crate::http::routes;
    use crate::settings::Settings;

    #[test]
    fn every_method_of_every_view_is_documented() {
        let settings = Settings::defaults().unwrap();
        let views = routes::views(&settings.routes, |path| vec![path.to_owned()]);
        assert!(views.len() > 25);
        for view in views {
            for method in view.methods() {
                assert!(document::doc_of(&view, method, &settings).is_some(), "{method} of {}", view.name());
            }
        }
    }
}
