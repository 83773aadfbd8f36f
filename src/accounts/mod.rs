//! What an account is made of: the rules that Django has for a user name and an address, and the links that are mailed.
//!
//! How many accounts there are and who may change them is the business of `store` and `http`.

mod email;
mod email_address;
mod front_end;
pub mod links;
mod post;
mod username;

pub use email::{Email, validate_email};
pub use front_end::FrontEnd;
pub use links::{LinkTokens, UserState};
pub use post::Post;
pub use username::{Username, normalize_username, validate_username};

/// What REST framework's `ProhibitNullCharactersValidator` says.
const NULL_CHARACTERS: &str = "Null characters are not allowed.";

/// Why a name or an address is not taken, in Django's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidAccount {
    /// When the name is empty.
    #[error("This field may not be blank.")]
    BlankUsername,
    /// When the name is too long.
    #[error("Ensure this field has no more than 150 characters.")]
    LongUsername,
    /// When the name has other characters.
    #[error("Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters.")]
    Username,
    /// When the address is none.
    #[error("Enter a valid email address.")]
    Email,
    /// When the address is too long.
    #[error("Ensure this field has no more than 254 characters.")]
    LongEmail,
}
