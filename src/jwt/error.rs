//! Why a token is refused, and why one cannot be made.

use std::borrow::Cow;

/// Why a token is refused. `Display` is SimpleJWT's sentence, which is the same for most of them: a client learns no
/// more than that. The variant is for the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// When it is longer than any token of ours.
    #[error("Token is invalid")]
    TooLong,
    /// When it is not three parts with a dot between them.
    #[error("Token is invalid")]
    Shape,
    /// When a part is not base64url, without padding and in the one spelling that its bytes have.
    #[error("Token is invalid")]
    Encoding,
    /// When its header is too long, or is no JSON object without repeated names.
    #[error("Token is invalid")]
    Header,
    /// When its header has `crit`, `b64` or `enc`, none of which is understood.
    #[error("Token is invalid")]
    Extension,
    /// When its `kid` is not text.
    #[error("Token is invalid")]
    KeyId,
    /// When no key goes by its `kid`, or it has none and every key goes by one.
    #[error("Token is invalid")]
    UnknownKey,
    /// When its `alg` is not the one of the key.
    #[error("Token is invalid")]
    Algorithm,
    /// When it was not signed with the key.
    #[error("Token is invalid")]
    Signature,
    /// When its payload is no JSON object without repeated names.
    #[error("Token is invalid")]
    Payload,
    /// When `iat`, `nbf`, `exp` or the like is no number, or lies beyond the year 9999.
    #[error("Token is invalid")]
    Time,
    /// When `iat` is still to come.
    #[error("Token is invalid")]
    FromTheFuture,
    /// When `nbf` is still to come.
    #[error("Token is invalid")]
    NotYetValid,
    /// When `iss` is not `jwt.issuer`.
    #[error("Token is invalid")]
    Issuer,
    /// When `aud` names none of `jwt.audience`.
    #[error("Token is invalid")]
    Audience,
    /// When `sub` is not text.
    #[error("Token is invalid")]
    Subject,
    /// When its identifier is not text, too long for its column, or has a NUL in it.
    #[error("Token is invalid")]
    Identifier,
    /// When a claim is of no use to whoever needs it, such as a user's id that is no number.
    #[error("Token is invalid")]
    Invalid,
    /// When its time is over.
    #[error("Token is expired")]
    Expired,
    /// When it was blacklisted. Only the database knows; the engine never says so.
    #[error("Token is blacklisted")]
    Blacklisted,
    /// When the claim of this name, `exp` or that of a sliding token's renewal, is not there.
    #[error("Token has no '{0}' claim")]
    NoExpiry(Cow<'static, str>),
    /// When the time in the claim of this name is over.
    #[error("Token '{0}' claim has expired")]
    Lapsed(Cow<'static, str>),
    /// When it has no identifier.
    #[error("Token has no id")]
    NoId,
    /// When it does not say what it is for.
    #[error("Token has no type")]
    NoType,
    /// When it is for something else.
    #[error("Token has wrong type")]
    WrongType,
}

impl TokenError {
    /// The sentence that a client reads.
    pub fn message(&self) -> Cow<'static, str> {
        Cow::Owned(self.to_string())
    }
}

/// Why a token or a key cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// When only public keys are configured: this service verifies the tokens of another one.
    #[error("tokens cannot be signed: jwt.signing_key is not set, and no key of jwt.keys is active")]
    NoSigningKey,
    /// When the system gives no random bytes.
    #[error("the system gives no random bytes")]
    Random,
    /// When the cryptography fails, which a key that passed its test at the start does not bring about.
    #[error("the signature failed")]
    Failed,
}
