//! The claims of new tokens, in SimpleJWT's order.

use std::time::Duration;

use super::claims::Claims;
use super::error::SignError;
use super::kind::TokenKind;
use crate::clock::Timestamp;
use crate::settings;

/// What makes one token another: the claims that a rotated token does not share with its predecessor.
///
/// A token made from the same claims and the same stamp is the same token, byte for byte, as long as the key signs
/// without chance: HS*, RS* and EdDSA do, PS* and ES* do not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Its identifier.
    pub jti: String,
    /// When it was made.
    pub issued_at: Timestamp,
    /// Until when it is good. Seconds count, as in the token.
    pub expires_at: Timestamp,
}

/// How long tokens live and what their claims are called.
#[derive(Debug)]
pub(super) struct Mint {
    access: Duration,
    refresh: Duration,
    sliding: Duration,
    sliding_refresh: Duration,
    user_id_claim: String,
    token_type_claim: String,
    jti_claim: String,
    revoke_claim: String,
    refresh_exp_claim: String,
}

impl Mint {
    pub(super) fn new(settings: &settings::Jwt) -> Self {
        Self {
            access: settings.access_token_lifetime,
            refresh: settings.refresh_token_lifetime,
            sliding: settings.sliding_token_lifetime,
            sliding_refresh: settings.sliding_token_refresh_lifetime,
            user_id_claim: settings.user_id_claim.clone(),
            token_type_claim: settings.token_type_claim.clone(),
            jti_claim: settings.jti_claim.clone(),
            revoke_claim: settings.revoke_token_claim.clone(),
            refresh_exp_claim: settings.sliding_token_refresh_exp_claim.clone(),
        }
    }

    /// The stamp of a token of this kind that is made `now`.
    pub(super) fn stamp(&self, kind: TokenKind, now: Timestamp) -> Result<Stamp, SignError> {
        Ok(Stamp { jti: new_jti(now)?, issued_at: now, expires_at: now.saturating_add(self.lifetime(kind)) })
    }

    /// `Token.for_user`
    pub(super) fn for_user(&self, kind: TokenKind, stamp: &Stamp, user_id: &str, revoke_mark: Option<&str>) -> Claims {
        let mut claims = self.blank(kind, stamp);
        if kind == TokenKind::Sliding {
            let until = stamp.issued_at.saturating_add(self.sliding_refresh);
            claims.set(self.refresh_exp_claim.clone(), until.as_seconds());
        }
        claims.set(self.user_id_claim.clone(), user_id);
        if let Some(mark) = revoke_mark {
            claims.set(self.revoke_claim.clone(), mark);
        }
        claims
    }

    /// `RefreshToken.access_token`: counts from when the refresh token was read, so that a pair's times agree.
    pub(super) fn access_from(
        &self,
        refresh: &Claims,
        read_at: Timestamp,
        now: Timestamp,
    ) -> Result<Claims, SignError> {
        let mut stamp = self.stamp(TokenKind::Access, now)?;
        stamp.expires_at = read_at.saturating_add(self.access);
        let mut access = self.blank(TokenKind::Access, &stamp);
        let own = [self.token_type_claim.as_str(), "exp", self.jti_claim.as_str(), "jti", "iat"];
        for (name, value) in refresh.iter().filter(|(name, _)| !own.contains(name)) {
            access.set(name, value.clone());
        }
        Ok(access)
    }

    /// The same token with another stamp; every other claim stays where it is.
    pub(super) fn restamped(&self, claims: &Claims, stamp: &Stamp) -> Claims {
        let mut claims = claims.clone();
        claims.set(self.jti_claim.clone(), stamp.jti.as_str());
        self.redated(&mut claims, stamp);
        claims
    }

    /// A renewed sliding token, which keeps its identifier: `TokenRefreshSlidingSerializer`.
    pub(super) fn sliding_refreshed(&self, claims: &Claims, now: Timestamp) -> Claims {
        let mut claims = claims.clone();
        let expires_at = now.saturating_add(self.sliding);
        self.redated(&mut claims, &Stamp { jti: String::new(), issued_at: now, expires_at });
        claims
    }

    fn blank(&self, kind: TokenKind, stamp: &Stamp) -> Claims {
        let mut claims = Claims::default();
        claims.set(self.token_type_claim.clone(), kind.token_type());
        self.redated(&mut claims, stamp);
        claims.set(self.jti_claim.clone(), stamp.jti.as_str());
        claims
    }

    fn redated(&self, claims: &mut Claims, stamp: &Stamp) {
        claims.set("exp", stamp.expires_at.as_seconds());
        claims.set("iat", stamp.issued_at.as_seconds());
    }

    fn lifetime(&self, kind: TokenKind) -> Duration {
        match kind {
            TokenKind::Access => self.access,
            TokenKind::Refresh => self.refresh,
            TokenKind::Sliding => self.sliding,
            TokenKind::Untyped => Duration::ZERO,
        }
    }
}

/// As `uuid4().hex` is written, but for its first eight digits, which are the time in seconds: the rows of tokens that are made
/// and exchanged at about the same time then lie side by side in the indexes of a database, however many there are. Chance
/// makes the other 90 bits.
fn new_jti(now: Timestamp) -> Result<String, SignError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| SignError::Random)?;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // The lower half of the seconds is meant.
    let seconds = now.as_seconds() as u32;
    bytes[..4].copy_from_slice(&seconds.to_be_bytes());
    // RFC 9562 section 5.4: version 4, variant 2.
    let random = u128::from_be_bytes(bytes);
    let marked = (random & !(0xf000 << 64) & !(0xc000 << 48)) | (0x4000 << 64) | (0x8000 << 48);
    Ok(format!("{marked:032x}"))
}
