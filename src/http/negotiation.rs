//! In which form an answer is given: REST framework's `DefaultContentNegotiation`.

use thiserror::Error;

use super::media_type::{MediaType, header_text};
use crate::python::strip;

/// REST framework reads so much of `Accept`, up to a comma.
const MAX_ACCEPT: usize = 8192;

/// It looks at so many of the types that `Accept` lists.
const MAX_TYPES: usize = 64;

/// It passes over a type that is longer.
const MAX_TYPE: usize = 256;

/// A form in which answers can be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Renderer {
    /// What `Accept` asks for and `Content-Type` says.
    pub(crate) media_type: &'static str,
    /// What `?format=` asks for.
    pub(crate) format: &'static str,
}

impl Renderer {
    /// REST framework's `JSONRenderer`.
    pub(crate) const JSON: Self = Self { media_type: "application/json", format: "json" };

    /// REST framework's `BrowsableAPIRenderer`.
    pub(crate) const BROWSABLE: Self = Self { media_type: "text/html", format: "api" };
}

/// How to give the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rendering {
    /// The renderer that was asked for.
    pub(crate) renderer: Renderer,
    /// By how many blanks, 1 to 8, JSON is to be indented; `None` for compact JSON.
    pub(crate) indent: Option<u8>,
}

/// Why no renderer was chosen. The text of each is the answer's `detail`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum NegotiationError {
    /// When no renderer gives what `Accept` lists: status 406.
    #[error("Could not satisfy the request Accept header.")]
    NotAcceptable,
    /// When no renderer has the `?format=`: status 404.
    #[error("Not found.")]
    NotFound,
}

/// Chooses among `renderers` by the `Accept` header, its lines joined with commas, and the query's `format`.
///
/// The most specific types of `accept` are looked at first; among equally specific ones the order of `renderers`
/// counts, and `q` does not.
///
/// # Errors
/// When no renderer fits.
pub(crate) fn negotiate(
    accept: Option<&[u8]>,
    format: Option<&str>,
    renderers: &[Renderer],
) -> Result<Rendering, NegotiationError> {
    let format = format.filter(|format| !format.is_empty());
    if let (None | Some(b"*/*" | b"application/json"), None, [Renderer::JSON, ..]) = (accept, format, renderers) {
        // What nearly every client asks for, without looking closer.
        return Ok(Rendering { renderer: Renderer::JSON, indent: None });
    }
    let has_format = |renderer: &&Renderer| format.is_none_or(|format| renderer.format == format);
    let renderers: Vec<Renderer> = renderers.iter().filter(has_format).copied().collect();
    if renderers.is_empty() && format.is_some() {
        return Err(NegotiationError::NotFound);
    }
    let header = header_text(accept.unwrap_or(b"*/*"));
    let accepted = accepted_types(&header);
    for specificity in (0..=3).rev() {
        for renderer in &renderers {
            let own = MediaType::parse_or_nothing(renderer.media_type);
            let fits = |wanted: &&MediaType| wanted.specificity() == specificity && own.matches(wanted);
            if let Some(wanted) = accepted.iter().find(fits) {
                return Ok(Rendering { renderer: *renderer, indent: indent(&own, wanted) });
            }
        }
    }
    Err(NegotiationError::NotAcceptable)
}

fn accepted_types(header: &str) -> Vec<MediaType> {
    let types = within_limit(header).split(',').map(strip);
    let types = types.filter(|text| !text.is_empty() && text.chars().count() <= MAX_TYPE);
    types.take(MAX_TYPES).map(MediaType::parse_or_nothing).collect()
}

/// A header that is too long ends at its last comma within the limit.
fn within_limit(header: &str) -> &str {
    match header.char_indices().nth(MAX_ACCEPT) {
        Some((limit, _)) => header[..limit].rsplit_once(',').map_or("", |(whole, _)| whole),
        None => header,
    }
}

fn indent(own: &MediaType, wanted: &MediaType) -> Option<u8> {
    let given = if wanted.specificity() < own.specificity() {
        // Put together and read again without quotes, as REST framework does.
        let parameters: String = wanted.parameters().iter().map(|(name, value)| format!(";{name}={value}")).collect();
        MediaType::parse_or_nothing(&format!("{}{parameters}", own.full())).int_parameter("indent")
    } else {
        wanted.int_parameter("indent")
    };
    u8::try_from(given?.clamp(0, 8)).ok().filter(|blanks| *blanks != 0)
}

#[cfg(test)]
mod tests {
    use super::{NegotiationError, Renderer, Rendering, negotiate};

    const BOTH: [Renderer; 2] = [Renderer::JSON, Renderer::BROWSABLE];

    fn json(accept: &str) -> Result<Option<u8>, NegotiationError> {
        negotiate(Some(accept.as_bytes()), None, &[Renderer::JSON]).map(|rendering| rendering.indent)
    }

    #[test]
    fn json_is_given_to_whoever_takes_it() {
        let many = "a/b,".repeat(63) + "application/json";
        let long = "x".repeat(300) + ",application/json";
        let cut = "application/json,".to_owned() + &"x".repeat(8192);
        let accepts =
            ["*/*", "*/json", "application/*", "application/json;q=0", "text/html, APPLICATION/JSON", " ,,*/*"];
        for accept in accepts.into_iter().chain([many.as_str(), &long, &cut]) {
            assert_eq!(json(accept), Ok(None), "{accept}");
        }
        assert_eq!(negotiate(None, None, &BOTH), Ok(Rendering { renderer: Renderer::JSON, indent: None }));
    }

    #[test]
    fn who_takes_no_json_is_told_so() {
        let many = "a/b,".repeat(64) + "application/json";
        let long = "x".repeat(9000);
        let late = "a/b,".repeat(2050) + "application/json";
        let accepts = ["", "*", "json", "text/*", "application/xml;q=1", "\"application/json\"", "application/json/x"];
        for accept in accepts.into_iter().chain([many.as_str(), &long, &late, "application/json; a*=bogus''4"]) {
            assert_eq!(json(accept), Err(NegotiationError::NotAcceptable), "{accept}");
        }
    }

    #[test]
    fn an_indent_is_pinned_to_eight_blanks() {
        let cases = [
            ("application/json; indent=4", Some(4)),
            ("application/json; Indent = 04", Some(4)),
            ("application/json; indent=\"4\"", Some(4)),
            ("application/json; indent=1_0", Some(8)),
            ("application/json; indent=99999999999999999999", Some(8)),
            ("application/json; indent=0", None),
            ("application/json; indent=-3", None),
            ("application/json; indent=4.0", None),
            ("application/json; indent", None),
            ("*/*; q=0.1; indent=3", Some(3)),
            ("application/*; indent=2", Some(2)),
            ("*/*; indent=\"4;x\"", Some(4)),
            ("*/*; x=\"a;indent=3\"", Some(3)),
        ];
        for (accept, indent) in cases {
            assert_eq!(json(accept), Ok(indent), "{accept}");
        }
    }

    #[test]
    fn specific_types_win_and_then_the_order_of_the_renderers() {
        let cases = [
            ("text/html, application/json", "json"),
            ("text/html, */*", "api"),
            ("text/html;level=1, application/json", "api"),
            ("text/html;q=1, application/json;q=0", "json"),
            ("*/*", "json"),
            ("text/*, */json", "api"),
        ];
        for (accept, format) in cases {
            let rendering = negotiate(Some(accept.as_bytes()), None, &BOTH);
            assert_eq!(rendering.map(|rendering| rendering.renderer.format), Ok(format), "{accept}");
        }
    }

    #[test]
    fn a_format_leaves_only_its_renderer() {
        let format = |accept: Option<&[u8]>, format| {
            negotiate(accept, Some(format), &BOTH).map(|rendering| rendering.renderer.format)
        };

        assert_eq!(format(None, "api"), Ok("api"));
        assert_eq!(format(None, ""), Ok("json"));
        assert_eq!(format(Some(b"text/html"), "json"), Err(NegotiationError::NotAcceptable));
        assert_eq!(format(Some(b"text/html"), "xml"), Err(NegotiationError::NotFound));
        assert_eq!(format(None, "JSON"), Err(NegotiationError::NotFound));
    }
}
