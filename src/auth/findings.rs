//! What is found out about a request on its way, for the log and the audit.

use std::rc::Rc;

use actix_web::http::header::HeaderValue;
use actix_web::{HttpMessage, HttpRequest};

use super::user::UserId;

/// All of it in one place, which whoever takes a request in puts into its extensions. Where nobody did, nobody asks.
#[derive(Debug)]
pub(crate) struct Findings {
    /// What tells the request from all others.
    pub(crate) id: HeaderValue,
    /// The path of its view, whichever of the view's spellings was asked for.
    pub(crate) route: Option<Rc<str>>,
    pub(crate) caller: Option<Caller>,
}

/// Who called.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) scheme: &'static str,
    pub(crate) user_id: UserId,
}

impl Findings {
    /// So far there is only the request's id.
    pub(crate) fn of(id: HeaderValue) -> Self {
        Self { id, route: None, caller: None }
    }

    /// Adds to what is known of `request`.
    pub(crate) fn add(request: &HttpRequest, add: impl FnOnce(&mut Self)) {
        if let Some(findings) = request.extensions_mut().get_mut() {
            add(findings);
        }
    }
}
