//! What a token is, for whoever asks about somebody else's: the rules of the schemes, without a request that carries it.

use super::jwt::{JwtAuthentication, is_blacklisted};
use super::token::TokenAuthentication;
use crate::clock::Clock;
use crate::error::ApiError;
use crate::jwt::{Claims, TokenKind, Tokens};
use crate::settings::{Jwt, Settings};
use crate::store::Store;
use crate::store::tokens::Holder;
use crate::store::users::User;

/// Tells what a token is, whichever schemes `auth.backends` lists.
pub(crate) struct Inspector {
    token: TokenAuthentication,
    jwt: JwtAuthentication,
    tokens: Tokens,
    store: Store,
    clock: Clock,
    settings: Jwt,
}

/// A token that is good now.
pub(crate) enum Inspected {
    /// One of the table.
    Opaque(Holder),
    /// One of ours that is signed.
    Signed(TokenKind, Claims, User),
}

impl Inspector {
    pub(crate) fn new(settings: &Settings, tokens: &Tokens, store: &Store, clock: &Clock) -> Self {
        Self {
            token: TokenAuthentication::new(store.clone(), clock.clone(), &settings.token),
            jwt: JwtAuthentication::new(store.clone(), clock.clone(), tokens.clone(), settings.jwt.clone()),
            tokens: tokens.clone(),
            store: store.clone(),
            clock: clock.clone(),
            settings: settings.jwt.clone(),
        }
    }

    /// What `token` is; `None` when it is nothing that anybody should be let in with, for whatever reason.
    ///
    /// # Errors
    /// 503 when it cannot be found out.
    pub(crate) async fn inspect(&self, token: &str) -> Result<Option<Inspected>, ApiError> {
        if may_be_opaque(token) {
            return Ok(good(self.token.holder(token).await)?.map(Inspected::Opaque));
        }
        let Some((kind, claims)) = self.read(token).await else { return Ok(None) };
        if kind.is_outstanding() && is_blacklisted(&self.store, &self.settings, &claims).await? {
            return Ok(None);
        }
        let user = good(self.jwt.user_of(&claims).await)?;
        Ok(user.map(|user| Inspected::Signed(kind, claims, user)))
    }

    /// Which signed token this is, as far as it says itself: whether it was ended, and whose it is, is not looked at.
    pub(crate) async fn read(&self, token: &str) -> Option<(TokenKind, Claims)> {
        let now = self.clock.now();
        self.tokens.prepare(token.as_bytes(), now).await;
        let claims = self.tokens.decode(token.as_bytes(), now).ok()?;
        let kinds = [TokenKind::Access, TokenKind::Refresh, TokenKind::Sliding];
        let kind = kinds.into_iter().find(|kind| self.tokens.check(&claims, *kind, now).is_ok())?;
        Some((kind, claims))
    }
}

/// How many characters Django's column for a key has. A signed token has more.
const KEY_COLUMN: usize = 40;

/// Whether this is for the table of tokens: it is as short, or not in the three parts of a signed one.
pub(crate) fn may_be_opaque(token: &str) -> bool {
    token.len() <= KEY_COLUMN || token.matches('.').count() != 2
}

/// What was found, or nothing where it was found to be bad.
fn good<T>(found: Result<T, ApiError>) -> Result<Option<T>, ApiError> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(ApiError::Authentication(_)) => Ok(None),
        Err(error) => Err(error),
    }
}
