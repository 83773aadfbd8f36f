//! Which mails there are: djoser's.

use std::fmt;

/// One of djoser's mails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MailKind {
    /// The link that makes a new account active.
    Activation,
    /// That an account is ready.
    Confirmation,
    /// The link to choose a new password.
    PasswordReset,
    /// That the password was changed.
    PasswordChangedConfirmation,
    /// The link to choose a new user name.
    UsernameReset,
    /// That the user name was changed.
    UsernameChangedConfirmation,
}

impl MailKind {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Activation,
        Self::Confirmation,
        Self::PasswordReset,
        Self::PasswordChangedConfirmation,
        Self::UsernameReset,
        Self::UsernameChangedConfirmation,
    ];

    /// djoser's name for it; its templates' files begin with this.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Activation => "activation",
            Self::Confirmation => "confirmation",
            Self::PasswordReset => "password_reset",
            Self::PasswordChangedConfirmation => "password_changed_confirmation",
            Self::UsernameReset => "username_reset",
            Self::UsernameChangedConfirmation => "username_changed_confirmation",
        }
    }

    /// The mail with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Whether it has a link in it. Those are also the mails that anybody may ask for by an address.
    pub const fn has_link(self) -> bool {
        matches!(self, Self::Activation | Self::PasswordReset | Self::UsernameReset)
    }
}

impl fmt::Display for MailKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
