//! `[cors]`: what pages of other sites may do, by the names of django-cors-headers.

use super::limits::distinct;
use super::node::section;
use super::values::Origin;

section! {
    /// Which pages of other sites may read the answers.
    pub struct Cors {
        /// The sites, as browsers name them; `*` is all. Default: none. `CORS_ALLOWED_ORIGINS`.
        pub allowed_origins: Vec<Origin> => distinct,
        /// Whether those pages may send cookies and the browser's own credentials. Default: false.
        /// `CORS_ALLOW_CREDENTIALS`.
        pub allow_credentials: bool,
    }
}
