//! `[jwt]`: SimpleJWT's `SIMPLE_JWT`, by the same names in lower case.

use std::time::Duration;

use super::limits::{at_least, not_blank, some_distinct};
use super::node::section;
use super::values::{HeaderName, Keyword, words};
use crate::secret::Secret;

words! {
    /// How a token is signed.
    pub enum Algorithm {
        /// HMAC with SHA-256.
        Hs256 = "HS256",
        /// HMAC with SHA-384.
        Hs384 = "HS384",
        /// HMAC with SHA-512.
        Hs512 = "HS512",
    }
    later { "RS256" "RS384" "RS512" "PS256" "PS384" "PS512" "ES256" "ES256K" "ES384" "ES512" "ES521" "EdDSA" }
}

impl Algorithm {
    /// The length of its hash in bytes, and so of the shortest key that is worth it.
    pub fn hash_length(self) -> usize {
        match self {
            Self::Hs256 => 32,
            Self::Hs384 => 48,
            Self::Hs512 => 64,
        }
    }
}

words! {
    /// What a token may be used for.
    pub enum TokenType {
        /// Short-lived, for requests.
        Access = "access",
        /// For requests, and renewed by itself.
        Sliding = "sliding",
        /// For new access tokens.
        Refresh = "refresh",
        /// Whatever the token says it is.
        Untyped = "untyped",
    }
}

words! {
    /// What names a user in a token.
    pub enum UserIdField {
        /// The row's number.
        Id = "id",
        /// The user name.
        Username = "username",
    }
}

section! {
    /// Signed tokens: how they are made and which are accepted.
    pub struct Jwt {
        /// How long an access token is good. At least a second. Default: 5 minutes.
        pub access_token_lifetime: Duration => at_least(Duration::from_secs(1)),
        /// How long a refresh token is good. At least a second. Default: 1 day.
        pub refresh_token_lifetime: Duration => at_least(Duration::from_secs(1)),
        /// The one algorithm that tokens are signed with and accepted in. Default: HS256.
        pub algorithm: Algorithm,
        /// The key of that algorithm. Default: none, which is `secret_key`.
        pub signing_key: Option<Secret>,
        /// How far the clocks of signer and reader may differ. Default: zero.
        pub leeway: Duration,
        /// `aud` of new tokens; a token must name one of them. Default: none, and `aud` is not looked at.
        pub audience: Vec<String>,
        /// `iss` of new tokens, and required of others. Default: none, and `iss` is not looked at.
        pub issuer: Option<String>,
        /// The words before a token, in exactly this spelling; the first is the challenge's. Default: `Bearer`.
        pub auth_header_types: Vec<Keyword> => some_distinct,
        /// The header that holds the token. Default: `Authorization`.
        pub auth_header_name: HeaderName,
        /// What of a user the token names. Default: id.
        pub user_id_field: UserIdField,
        /// The claim that names the user. Default: `user_id`.
        pub user_id_claim: String => not_blank,
        /// The claim that says what the token is for. Default: `token_type`.
        pub token_type_claim: String => not_blank,
        /// The claim that tells tokens apart. Default: `jti`.
        pub jti_claim: String => not_blank,
        /// The kinds of token that authenticate a request, tried in this order. Default: access. SimpleJWT's
        /// `AUTH_TOKEN_CLASSES`.
        pub auth_token_types: Vec<TokenType> => some_distinct,
        /// Whether a new password makes earlier tokens worthless. Default: false.
        pub check_revoke_token: bool,
        /// The claim that holds the mark of the password for that. Default: `hash_password`.
        pub revoke_token_claim: String => not_blank,
        /// Whether an inactive user's tokens are refused. Default: true.
        pub check_user_is_active: bool,
    }
}

impl Jwt {
    /// The claims whose names a deployment chooses, with the keys that choose them.
    pub(crate) fn claim_names(&self) -> [(&'static str, &str); 4] {
        [
            ("jwt.user_id_claim", &self.user_id_claim),
            ("jwt.token_type_claim", &self.token_type_claim),
            ("jwt.jti_claim", &self.jti_claim),
            ("jwt.revoke_token_claim", &self.revoke_token_claim),
        ]
    }
}
