//! `[token]`

use std::time::Duration;

use super::limits::{at_least, if_set};
use super::node::section;
use super::values::{Keyword, words};

words! {
    /// What the table of tokens holds.
    pub enum TokenStorage {
        /// The keys themselves, as DRF keeps them.
        Plain = "plain",
        /// A digest of each, which lets nobody in.
        Hashed = "hashed",
    }
}

impl TokenStorage {
    /// The one that this is not.
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Plain => Self::Hashed,
            Self::Hashed => Self::Plain,
        }
    }
}

section! {
    /// DRF's tokens.
    pub struct Token {
        /// The word before the token in `Authorization`; any case is recognised. Default: `Token`. DRF's
        /// `TokenAuthentication.keyword`.
        pub keyword: Keyword,
        /// How long a token is good after it was made. At least a second. Default: none, it never expires, as in DRF.
        pub lifetime: Option<Duration> => if_set(at_least(Duration::from_secs(1))),
        /// Whether the table holds keys or only digests of them. Default: plain, as in DRF.
        pub storage: TokenStorage,
    }
}
