//! `TokenAuthentication`: `Authorization: Token <key>`, looked up in the table of tokens.

use std::fmt;
use std::str;

use actix_web::HttpRequest;
use actix_web::http::header::{AUTHORIZATION, HeaderValue, InvalidHeaderValue, TryIntoHeaderValue};
use actix_web::web::Bytes;
use actix_web_httpauth::headers::www_authenticate::{Challenge, WwwAuthenticate};
use futures_util::future::LocalBoxFuture;

use super::header;
use super::scheme::{Authenticated, AuthenticationScheme};
use crate::clock::Clock;
use crate::error::{ApiError, AuthenticationError};
use crate::settings::{self, TokenStorage};
use crate::store::Store;
use crate::store::tokens::{Holder, Lifetime};

/// Recognises the holder of an opaque token: `rest_framework.authentication.TokenAuthentication`.
///
/// The keyword is matched in any case; the key exactly.
pub struct TokenAuthentication {
    store: Store,
    clock: Clock,
    keyword: String,
    folded_keyword: Vec<u8>,
    lifetime: Lifetime,
    storage: TokenStorage,
}

impl TokenAuthentication {
    /// Looks tokens up in `store`; `settings` say the keyword, how long a token lasts and in which form it is kept.
    pub fn new(store: Store, clock: Clock, settings: &settings::Token) -> Self {
        let keyword = settings.keyword.as_str().to_owned();
        let folded_keyword = keyword.to_lowercase().into_bytes();
        let (lifetime, storage) = (Lifetime(settings.lifetime), settings.storage);
        Self { store, clock, keyword, folded_keyword, lifetime, storage }
    }

    /// Who holds this key.
    ///
    /// # Errors
    /// In REST framework's words, when nobody does who may use it; 503 when it cannot be looked up.
    pub(super) async fn holder(&self, key: &str) -> Result<Holder, ApiError> {
        let holder = self.store.find_token_holder(key, self.storage, self.lifetime.is_limited()).await?;
        let holder = holder.ok_or_else(|| AuthenticationError::failed("Invalid token."))?;
        self.check(&holder)?;
        Ok(holder)
    }

    fn check(&self, holder: &Holder) -> Result<(), AuthenticationError> {
        if !holder.user.is_active {
            return Err(AuthenticationError::failed("User inactive or deleted."));
        }
        if holder.created.is_some_and(|created| self.lifetime.is_over(created, self.clock.now())) {
            return Err(AuthenticationError::failed("Token has expired."));
        }
        Ok(())
    }
}

impl AuthenticationScheme for TokenAuthentication {
    fn authenticate<'r>(
        &'r self,
        request: &'r HttpRequest,
    ) -> LocalBoxFuture<'r, Result<Option<Authenticated>, ApiError>> {
        Box::pin(async move {
            let Some(value) = header::joined(request, &AUTHORIZATION) else { return Ok(None) };
            let Some(key) = key(&header::words(&value), &self.folded_keyword)? else { return Ok(None) };
            Ok(Some(Authenticated::new(self.holder(key).await?.user, "token")))
        })
    }

    fn authenticate_header(&self, _: &HttpRequest) -> Option<HeaderValue> {
        WwwAuthenticate(Keyword(self.keyword.clone())).try_into_value().ok()
    }
}

/// The key in the header; `None` when the header is not for this scheme.
pub(crate) fn key<'h>(words: &[&'h [u8]], folded_keyword: &[u8]) -> Result<Option<&'h str>, AuthenticationError> {
    let invalid = |why: &str| AuthenticationError::failed(format!("Invalid token header. {why}"));
    match words {
        [keyword, ..] if !is_folded(keyword, folded_keyword) => Ok(None),
        [] => Ok(None),
        [_] => Err(invalid("No credentials provided.")),
        [_, key] => {
            str::from_utf8(key).map(Some).map_err(|_| invalid("Token string should not contain invalid characters."))
        }
        _ => Err(invalid("Token string should not contain spaces.")),
    }
}

fn is_folded(word: &[u8], folded: &[u8]) -> bool {
    word.len() == folded.len() && word.iter().map(u8::to_ascii_lowercase).eq(folded.iter().copied())
}

/// The challenge of this scheme: the keyword alone, without a realm.
#[derive(Clone, Debug)]
struct Keyword(String);

impl fmt::Display for Keyword {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryIntoHeaderValue for Keyword {
    type Error = InvalidHeaderValue;

    fn try_into_value(self) -> Result<HeaderValue, Self::Error> {
        HeaderValue::from_maybe_shared(self.to_bytes())
    }
}

impl Challenge for Keyword {
    fn to_bytes(&self) -> Bytes {
        Bytes::from(self.0.clone().into_bytes())
    }
}
