//! `[jwt]`: SimpleJWT's `SIMPLE_JWT`, by the same names in lower case.

use std::time::Duration;

use super::jwt_key::JwtKey;
use super::limits::{at_least, not_blank, some_distinct};
use super::node::section;
use super::values::{HeaderName, JwkUrl, KeyText, Keyword, words};

words! {
    /// How a token is signed.
    pub enum Algorithm {
        /// HMAC with SHA-256.
        Hs256 = "HS256",
        /// HMAC with SHA-384.
        Hs384 = "HS384",
        /// HMAC with SHA-512.
        Hs512 = "HS512",
        /// RSA, PKCS #1 v1.5, with SHA-256.
        Rs256 = "RS256",
        /// RSA, PKCS #1 v1.5, with SHA-384.
        Rs384 = "RS384",
        /// RSA, PKCS #1 v1.5, with SHA-512.
        Rs512 = "RS512",
        /// RSA, PSS, with SHA-256.
        Ps256 = "PS256",
        /// RSA, PSS, with SHA-384.
        Ps384 = "PS384",
        /// RSA, PSS, with SHA-512.
        Ps512 = "PS512",
        /// ECDSA on P-256 with SHA-256.
        Es256 = "ES256",
        /// ECDSA on P-384 with SHA-384.
        Es384 = "ES384",
        /// EdDSA on Ed25519.
        EdDsa = "EdDSA",
    }
    later { "ES256K" "ES512" "ES521" }
}

impl Algorithm {
    /// The length in bytes of the hash of an algorithm with one shared secret, and so of the shortest secret that is
    /// worth it. `None` where signing and verifying take two keys.
    pub fn secret_length(self) -> Option<usize> {
        match self {
            Self::Hs256 => Some(32),
            Self::Hs384 => Some(48),
            Self::Hs512 => Some(64),
            _ => None,
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
        /// Whether a refresh token is exchanged for a new one when it is used. Default: false.
        pub rotate_refresh_tokens: bool,
        /// Whether the one that was exchanged is blacklisted, so that it works once. Default: false.
        pub blacklist_after_rotation: bool,
        /// For how long after that the same request gets the same answer again. Default: 10 seconds.
        pub refresh_reuse_grace: Duration,
        /// Whether `token_blacklist_outstandingtoken` has the text of each token that can be renewed, or only what is
        /// needed to refuse it. Default: true, as SimpleJWT keeps it.
        pub store_token_text: bool,
        /// Whether obtaining a token counts as a login in `auth_user.last_login`. Default: false.
        pub update_last_login: bool,
        /// The one algorithm that tokens are signed with and accepted in. Default: HS256.
        pub algorithm: Algorithm,
        /// The secret of that algorithm, or its private key in PEM. Default: none, which is `secret_key` for HS256,
        /// HS384 and HS512, and only verifying for the others.
        pub signing_key: Option<KeyText>,
        /// The public key in PEM. Default: none, which is the one that belongs to `signing_key`.
        pub verifying_key: Option<KeyText>,
        /// Several keys at once, each under its name. Default: none.
        pub keys: Vec<JwtKey>,
        /// Where the public keys of another service's tokens are fetched. Default: nowhere.
        pub jwk_url: Option<JwkUrl>,
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
        /// How long a sliding token is good. At least a second. Default: 5 minutes.
        pub sliding_token_lifetime: Duration => at_least(Duration::from_secs(1)),
        /// For how long a sliding token can be renewed. At least a second. Default: 1 day.
        pub sliding_token_refresh_lifetime: Duration => at_least(Duration::from_secs(1)),
        /// The claim that says until when a sliding token can be renewed. Default: `refresh_exp`.
        pub sliding_token_refresh_exp_claim: String => not_blank,
        /// The kinds of token that authenticate a request, tried in this order. Default: access. SimpleJWT's
        /// `AUTH_TOKEN_CLASSES`.
        pub auth_token_types: Vec<TokenType> => some_distinct,
        /// Whether a new password makes earlier tokens worthless. Default: false.
        pub check_revoke_token: bool,
        /// The claim that holds the mark of the password for that. Default: `hash_password`.
        pub revoke_token_claim: String => not_blank,
        /// Whether an inactive user's tokens are refused. Default: true.
        pub check_user_is_active: bool,
        /// What an access token is called in requests and answers. Default: `access`.
        pub access_field: String => not_blank,
        /// What a refresh token is called in requests and answers. Default: `refresh`.
        pub refresh_field: String => not_blank,
    }
}

impl Jwt {
    /// The claims whose names a deployment chooses, with the keys that choose them.
    pub(crate) fn claim_names(&self) -> [(&'static str, &str); 5] {
        [
            ("jwt.user_id_claim", &self.user_id_claim),
            ("jwt.token_type_claim", &self.token_type_claim),
            ("jwt.jti_claim", &self.jti_claim),
            ("jwt.sliding_token_refresh_exp_claim", &self.sliding_token_refresh_exp_claim),
            ("jwt.revoke_token_claim", &self.revoke_token_claim),
        ]
    }
}
