//! `[throttle]`

use super::node::section;
use super::values::Rate;

section! {
    /// How often one may ask. DRF's `DEFAULT_THROTTLE_RATES`, in its syntax; counted in the database.
    pub struct Throttle {
        /// On every route that takes a password, for each client address. Default: 60 a minute.
        pub login: Option<Rate>,
        /// For each client address that is not logged in. Default: none. DRF's `AnonRateThrottle`.
        pub anon: Option<Rate>,
        /// For each user. Default: none. DRF's `UserRateThrottle`.
        pub user: Option<Rate>,
    }
}
