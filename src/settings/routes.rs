//! `[routes]`

use super::node::section;
use super::values::{Alias, InvalidValue, RoutePath};

section! {
    /// Which families of routes there are, and where. Django's `urls.py`.
    pub struct Routes {
        /// Where `obtain_auth_token` answers; none switches it off. Default: `/api-token-auth/`.
        pub prefix_authtoken: Option<RoutePath>,
        /// Where SimpleJWT's views are; none switches them off. Default: `/api/token/`.
        pub prefix_simplejwt: Option<RoutePath>,
        /// What the paths of djoser's views begin with; none switches them off. Default: `/auth/`.
        pub prefix_djoser: Option<RoutePath>,
        /// Where the check for reverse proxies is; none switches it off. Default: `/forward-auth/`.
        pub prefix_forward_auth: Option<RoutePath> => below_root,
        /// What the paths of introspection and revocation begin with; none switches them off. Default: `/oauth/`.
        pub prefix_oauth: Option<RoutePath>,
        /// Where the OpenAPI document is; none switches it off, and the page with it. Default: `/api/schema/`.
        pub prefix_schema: Option<RoutePath>,
        /// Where Swagger UI is; none switches it off. Default: `/api/docs/`.
        pub prefix_docs: Option<RoutePath> => below_root,
        /// Where the sample handlers are; none switches them off. Default: `/`.
        pub prefix_samples: Option<RoutePath>,
        /// Whether the sample handlers are there at all. Default: true.
        pub samples: bool,
        /// Further paths of routes: `FROM = TO`. Default: `/api/auth-token = /api-token-auth/`.
        pub aliases: Vec<Alias> => unambiguous,
    }
}

/// At the root the check would answer for every path that there is not.
fn below_root(path: &Option<RoutePath>) -> Result<(), InvalidValue> {
    match path.as_ref().is_some_and(|path| path.without_slash().is_empty()) {
        true => Err(InvalidValue::new("\"/\" has every path below it")),
        false => Ok(()),
    }
}

fn unambiguous(aliases: &[Alias]) -> Result<(), InvalidValue> {
    let same = |one: &Alias, other: &Alias| one.from.without_slash() == other.from.without_slash();
    let twice = aliases.iter().enumerate().find(|(place, alias)| aliases.iter().take(*place).any(|o| same(o, alias)));
    twice.map_or(Ok(()), |(_, alias)| Err(InvalidValue::new(format!("sends \"{}\" two ways", alias.from))))
}
