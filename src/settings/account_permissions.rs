//! `[accounts.permissions]`: djoser's `PERMISSIONS`.

use super::node::section;
use super::values::words;

words! {
    /// Who may do something to an account.
    pub enum Permission {
        /// Anybody.
        AllowAny = "allow_any",
        /// Whoever is logged in.
        IsAuthenticated = "is_authenticated",
        /// Administrators: users with `is_staff`.
        IsAdminUser = "is_admin_user",
        /// The user whose account it is, and administrators.
        CurrentUserOrAdmin = "current_user_or_admin",
        /// The same, and any user who only reads.
        CurrentUserOrAdminOrReadOnly = "current_user_or_admin_or_read_only",
    }
}

section! {
    /// Who may do what.
    pub struct AccountPermissions {
        /// Following an activation link. Default: allow_any.
        pub activation: Permission,
        /// Asking for a password reset or another activation mail. Default: allow_any.
        pub password_reset: Permission,
        /// Setting a password with a link. Default: allow_any.
        pub password_reset_confirm: Permission,
        /// Setting a password with the old one. Default: current_user_or_admin.
        pub set_password: Permission,
        /// Asking for a reset of the user name. Default: allow_any.
        pub username_reset: Permission,
        /// Setting a user name with a link. Default: allow_any.
        pub username_reset_confirm: Permission,
        /// Setting a user name with the password. Default: current_user_or_admin.
        pub set_username: Permission,
        /// Registration. Default: allow_any.
        pub user_create: Permission,
        /// Deleting an account. Default: current_user_or_admin.
        pub user_delete: Permission,
        /// Reading and changing one account. Default: current_user_or_admin.
        pub user: Permission,
        /// The list of users. Default: current_user_or_admin.
        pub user_list: Permission,
        /// Logging in for a token. Default: allow_any.
        pub token_create: Permission,
        /// Giving the token back. Default: is_authenticated.
        pub token_destroy: Permission,
    }
}
