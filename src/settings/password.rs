//! `[password]`

use std::time::Duration;

use super::limits::{distinct, within};
use super::node::section;
use super::values::words;

words! {
    /// How new passwords are stored.
    pub enum Hasher {
        /// bcrypt over SHA-256, Django's `BCryptSHA256PasswordHasher`.
        BcryptSha256 = "bcrypt_sha256",
    }
}

words! {
    /// A rule that a new password must pass, one of Django's four.
    pub enum PasswordValidator {
        /// Not too like the user's name or e-mail address.
        UserAttributeSimilarity = "user_attribute_similarity",
        /// Of `password.min_length` characters at least.
        MinimumLength = "minimum_length",
        /// Not one of Django's 20,000 common ones.
        CommonPassword = "common_password",
        /// Not digits alone.
        NumericPassword = "numeric_password",
    }
}

section! {
    /// How passwords are stored, and which are good enough.
    pub struct Password {
        /// Default: bcrypt_sha256. The first of Django's `PASSWORD_HASHERS`.
        pub hasher: Hasher,
        /// bcrypt's cost: each step doubles the time. 4 to 15. Default: 12. Django's
        /// `BCryptSHA256PasswordHasher.rounds`.
        pub bcrypt_cost: u32 => within(4..=15),
        /// The shortest password in characters. Default: 8. `MinimumLengthValidator`'s `min_length`.
        pub min_length: usize => within(1..=1024),
        /// The rules for a new password, in this order. Default: all four. Django's `AUTH_PASSWORD_VALIDATORS`.
        pub validators: Vec<PasswordValidator> => distinct,
        /// How long a login waits for its turn to hash before it is answered 503. Default: 30 seconds.
        pub queue_timeout: Duration,
    }
}
