//! The words of the audit: what can happen, how it ended, and why. Whatever else is said in a row names somebody.

/// An enum of which each value is one word in the table.
macro_rules! words {
    ($(#[$docs:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$docs])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum $name { $($(#[$doc])* $variant,)* }

        impl $name {
            /// Every one of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// As it is in the table.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }
    };
}

words! {
    /// What happened.
    Event {
        /// A password was tried for a token, or for a request with it.
        Login = "login",
        /// A refresh or sliding token that we signed was used for another token.
        Refresh = "refresh",
        /// A user took their opaque token away.
        Logout = "logout",
        /// A user ended a refresh token, or wanted to.
        Blacklist = "blacklist",
        /// A used refresh token came again, and all of its family were ended.
        FamilyRevoked = "family_revoked",
        /// Another service, or an administrator, ended a token.
        Revocation = "revocation",
        /// A user was added.
        Registration = "registration",
        /// A link to make an account active was asked for.
        ActivationAsked = "activation_asked",
        /// An account was made active.
        Activation = "activation",
        /// A link to choose a password was asked for.
        PasswordResetAsked = "password_reset_asked",
        /// A password was chosen by a link.
        PasswordReset = "password_reset",
        /// A password was changed, or its owner did not know it.
        PasswordChange = "password_change",
        /// A link to choose a name was asked for.
        UsernameResetAsked = "username_reset_asked",
        /// A name was chosen by a link; the address, where one logs in with that.
        UsernameReset = "username_reset",
        /// A name was changed, or whoever wanted to did not know the password; the address, where one logs in with that.
        UsernameChange = "username_change",
        /// An address was changed.
        EmailChange = "email_change",
        /// A user was deleted, or whoever wanted to did not know the password.
        Deletion = "deletion",
        /// `create_token` printed a token.
        TokenCreated = "token_created",
        /// Wrong passwords in a row locked an account.
        Lock = "lock",
        /// `hallpass unlock` opened one.
        Unlock = "unlock",
        /// `hallpass flush-expired-tokens` forgot what was over.
        Flush = "flush",
        /// `hallpass convert-tokens` changed how opaque tokens are kept.
        Conversion = "conversion",
        /// `hallpass audit --prune` forgot rows of this table.
        Prune = "prune",
    }
}

words! {
    /// Whether it was done.
    Outcome {
        /// It was.
        Success = "success",
        /// It was refused.
        Failure = "failure",
    }
}

words! {
    /// Why it ended so, where that can differ.
    Reason {
        /// Nobody has the name or the address, or the user of the token is gone.
        NoSuchUser = "no_such_user",
        /// The password was wrong.
        WrongPassword = "wrong_password",
        /// The password or the token was right, and its user is not active.
        Inactive = "inactive",
        /// The client hung up, or the hash failed, before the password was known to be right.
        Abandoned = "abandoned",
        /// It was right when it was looked at: the password is another since, or the user gone or inactive.
        ChangedMeanwhile = "changed_meanwhile",
        /// The token had been ended before.
        Revoked = "revoked",
        /// A token was used a second time.
        Replay = "replay",
        /// The client asked once more for what it had been given a moment before.
        Repeated = "repeated",
        /// The free failures are used up: from here on each one makes whoever tries next wait.
        TooManyFailures = "too_many_failures",
        /// A hundred failures in a row: nobody gets in before a reset, an unlocking or the end of `lockout.forget_after`.
        HundredFailures = "hundred_failures",
        /// There was a token already, and it is the one that was printed.
        Existing = "existing",
    }
}
