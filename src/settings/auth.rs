//! `[auth]`

use super::limits::some_distinct;
use super::node::section;
use super::values::{InvalidValue, words};

words! {
    /// A way of telling who is calling, by the name it has in the settings.
    pub enum Backend {
        /// DRF's `TokenAuthentication`.
        Token = "token",
        /// SimpleJWT's `JWTAuthentication`.
        Jwt = "jwt",
        /// SimpleJWT's `JWTStatelessUserAuthentication`.
        JwtStateless = "jwt_stateless",
        /// DRF's `BasicAuthentication`.
        Basic = "basic",
        /// Keys for programs.
        ApiKey = "api_key",
    }
}

impl Backend {
    /// Whether this release has it.
    pub fn is_available(self) -> bool {
        !matches!(self, Self::ApiKey)
    }
}

section! {
    /// Who is asked who the caller is.
    pub struct Auth {
        /// The ways that are tried, in this order; the first names the challenge of a 401. At least one, none twice.
        /// Default: token, jwt. DRF's `DEFAULT_AUTHENTICATION_CLASSES`.
        pub backends: Vec<Backend> => usable,
        /// Whether bad credentials on a route for everybody are passed over rather than answered 401. Default: false,
        /// as DRF does.
        pub ignore_credentials_on_public: bool,
    }
}

fn usable(backends: &[Backend]) -> Result<(), InvalidValue> {
    some_distinct(backends)?;
    match backends.iter().find(|backend| !backend.is_available()) {
        Some(backend) => Err(InvalidValue::later(&backend.to_string())),
        None => Ok(()),
    }
}
