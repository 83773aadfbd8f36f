//! What a token is for.

use crate::settings::TokenType;

/// What a token is for: SimpleJWT's token classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// Opens protected handlers for a few minutes: `AccessToken`.
    Access,
    /// Gets new access tokens: `RefreshToken`.
    Refresh,
    /// Opens protected handlers and renews itself: `SlidingToken`.
    Sliding,
    /// Whatever its type claim says, or does not say: `UntypedToken`.
    Untyped,
}

impl TokenKind {
    /// The value of its type claim.
    pub fn token_type(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Refresh => "refresh",
            Self::Sliding => "sliding",
            Self::Untyped => "untyped",
        }
    }

    /// SimpleJWT's name for it.
    pub fn class_name(self) -> &'static str {
        match self {
            Self::Access => "AccessToken",
            Self::Refresh => "RefreshToken",
            Self::Sliding => "SlidingToken",
            Self::Untyped => "UntypedToken",
        }
    }

    /// Whether SimpleJWT keeps a list of them, and so looks one up in the blacklist: `BlacklistMixin`.
    pub fn is_outstanding(self) -> bool {
        matches!(self, Self::Refresh | Self::Sliding)
    }
}

impl From<TokenType> for TokenKind {
    fn from(token_type: TokenType) -> Self {
        match token_type {
            TokenType::Access => Self::Access,
            TokenType::Sliding => Self::Sliding,
            TokenType::Refresh => Self::Refresh,
            TokenType::Untyped => Self::Untyped,
        }
    }
}
