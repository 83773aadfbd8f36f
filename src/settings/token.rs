//! `[token]`

use std::time::Duration;

use super::limits::{at_least, if_set};
use super::node::section;
use super::values::Keyword;

section! {
    /// DRF's tokens.
    pub struct Token {
        /// The word before the token in `Authorization`; any case is recognised. Default: `Token`. DRF's
        /// `TokenAuthentication.keyword`.
        pub keyword: Keyword,
        /// How long a token is good after it was made. At least a second. Default: none, it never expires, as in DRF.
        pub lifetime: Option<Duration> => if_set(at_least(Duration::from_secs(1))),
    }
}
