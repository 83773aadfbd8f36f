//! Which claims must hold, in the order in which SimpleJWT and PyJWT look at them.

use std::borrow::Cow;

use serde_json::Value;

use super::claims::Claims;
use super::error::TokenError;
use super::kind::TokenKind;
use crate::clock::Timestamp;
use crate::settings;

/// The width of the column that `jti` is kept in.
const LONGEST_JTI: usize = 255;

/// What a deployment asks of a token.
#[derive(Debug)]
pub(super) struct Rules {
    leeway: i64,
    audience: Vec<String>,
    issuer: Option<String>,
    jti_claim: String,
    token_type_claim: String,
    refresh_exp_claim: String,
}

/// From when and until when a token that is good is good, by its own claims and the leeway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    from: i64,
    until: i64,
}

impl Window {
    /// Whether a token is still good at `now`.
    pub(super) fn holds(self, now: Timestamp) -> bool {
        (self.from..self.until).contains(&now.as_micros())
    }
}

impl Rules {
    pub(super) fn new(settings: &settings::Jwt) -> Self {
        Self {
            leeway: i64::try_from(settings.leeway.as_micros()).unwrap_or(i64::MAX),
            audience: settings.audience.clone(),
            issuer: settings.issuer.clone(),
            jti_claim: settings.jti_claim.clone(),
            token_type_claim: settings.token_type_claim.clone(),
            refresh_exp_claim: settings.sliding_token_refresh_exp_claim.clone(),
        }
    }

    /// What PyJWT looks at while it decodes. A token from the future is invalid even when it has expired, and an
    /// expired one is expired even when it is for somebody else.
    pub(super) fn decoded(&self, claims: &Claims, now: Timestamp) -> Result<(), TokenError> {
        self.times(claims, now)?;
        self.issuer(claims)?;
        self.audience(claims)?;
        if claims.get("sub").is_some_and(|subject| !subject.is_string()) {
            return Err(TokenError::Subject);
        }
        for name in ["jti", &self.jti_claim] {
            claims.get(name).map_or(Ok(()), identifier)?;
        }
        Ok(())
    }

    /// When a token that [`decoded`](Self::decoded) and [`kind`](Self::kind) let through once is let through. All else that
    /// they look at stays as it is.
    pub(super) fn window(&self, claims: &Claims) -> Option<Window> {
        let start = |name| Some(claims.moment(name).ok()?.map_or(i64::MIN, |moment| micros(moment.trunc())));
        let from = start("iat")?.max(start("nbf")?).saturating_sub(self.leeway);
        let until = micros(claims.moment("exp").ok()??.trunc()).saturating_add(self.leeway);
        Some(Window { from, until })
    }

    /// What SimpleJWT looks at after it has decoded, `Token.verify`.
    pub(super) fn kind(&self, claims: &Claims, kind: TokenKind, now: Timestamp) -> Result<(), TokenError> {
        self.still(claims, Cow::Borrowed("exp"), now)?;
        if claims.get(&self.jti_claim).is_none() {
            return Err(TokenError::NoId);
        }
        match claims.get(&self.token_type_claim) {
            _ if kind == TokenKind::Untyped => Ok(()),
            None => Err(TokenError::NoType),
            Some(token_type) if token_type.as_str() == Some(kind.token_type()) => Ok(()),
            Some(_) => Err(TokenError::WrongType),
        }
    }

    /// Whether a sliding token may still be renewed.
    pub(super) fn renewable(&self, claims: &Claims, now: Timestamp) -> Result<(), TokenError> {
        self.still(claims, Cow::Owned(self.refresh_exp_claim.clone()), now)
    }

    /// `Token.check_exp`
    fn still(&self, claims: &Claims, name: Cow<'static, str>, now: Timestamp) -> Result<(), TokenError> {
        match claims.moment(&name)? {
            None => Err(TokenError::NoExpiry(name)),
            Some(moment) if micros(moment) <= self.earliest(now) => Err(TokenError::Lapsed(name)),
            Some(_) => Ok(()),
        }
    }

    fn times(&self, claims: &Claims, now: Timestamp) -> Result<(), TokenError> {
        let latest = now.as_micros().saturating_add(self.leeway);
        let is_later = |name| Ok(claims.moment(name)?.is_some_and(|moment| micros(moment.trunc()) > latest));
        if is_later("iat")? {
            return Err(TokenError::FromTheFuture);
        }
        if is_later("nbf")? {
            return Err(TokenError::NotYetValid);
        }
        match claims.moment("exp")? {
            Some(moment) if micros(moment.trunc()) <= self.earliest(now) => Err(TokenError::Expired),
            _ => Ok(()),
        }
    }

    fn earliest(&self, now: Timestamp) -> i64 {
        now.as_micros().saturating_sub(self.leeway)
    }

    fn issuer(&self, claims: &Claims) -> Result<(), TokenError> {
        match self.issuer.is_some() && claims.text("iss") != self.issuer.as_deref() {
            true => Err(TokenError::Issuer),
            false => Ok(()),
        }
    }

    fn audience(&self, claims: &Claims) -> Result<(), TokenError> {
        let names =
            |audience: &Value| audience.as_str().is_some_and(|name| self.audience.iter().any(|known| known == name));
        let is_for_us = match claims.get("aud") {
            Some(Value::Array(audiences)) => audiences.iter().all(Value::is_string) && audiences.iter().any(names),
            Some(audience) => names(audience),
            None => false,
        };
        if self.audience.is_empty() || is_for_us { Ok(()) } else { Err(TokenError::Audience) }
    }
}

fn identifier(value: &Value) -> Result<(), TokenError> {
    match value.as_str() {
        Some(text) if text.chars().count() <= LONGEST_JTI && !text.contains('\0') => Ok(()),
        _ => Err(TokenError::Identifier),
    }
}

/// Whole microseconds; a moment is at most a day in the year 9999, which they can count.
fn micros(seconds: f64) -> i64 {
    (seconds * 1e6) as i64
}
