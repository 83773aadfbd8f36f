//! Which setting of a project is which of hallpass's.

/// How a value is carried over.
#[derive(Clone, Copy, Debug)]
pub(super) enum As {
    /// `True` or `False`.
    Flag,
    Text,
    Number,
    /// A `timedelta`, or a number of seconds.
    Span,
    /// A list, or a text as a list of one.
    Texts,
    /// Names of classes, or of one: what each is here.
    Words(&'static [(&'static str, &'static str)]),
    /// A list with one class.
    Permission(&'static [(&'static str, &'static str)]),
}

/// The name in the project, the key here, and how the value gets from one to the other.
pub(super) type Rule = (&'static str, &'static str, As);

pub(super) const DJANGO: &[Rule] = &[
    ("SECRET_KEY", "secret_key", As::Text),
    ("SECRET_KEY_FALLBACKS", "secret_key_fallbacks", As::Texts),
    ("TIME_ZONE", "time_zone", As::Text),
    ("PASSWORD_RESET_TIMEOUT", "accounts.password_reset_timeout", As::Span),
    ("DEFAULT_FROM_EMAIL", "email.from", As::Text),
    ("EMAIL_FILE_PATH", "email.directory", As::Text),
    ("EMAIL_TIMEOUT", "email.timeout", As::Span),
    ("CORS_ALLOWED_ORIGINS", "cors.allowed_origins", As::Texts),
    ("CORS_ALLOW_CREDENTIALS", "cors.allow_credentials", As::Flag),
];

const AUTHENTICATION: &[(&str, &str)] = &[
    ("TokenAuthentication", "token"),
    ("JWTAuthentication", "jwt"),
    ("JWTStatelessUserAuthentication", "jwt_stateless"),
    ("JWTTokenUserAuthentication", "jwt_stateless"),
    ("BasicAuthentication", "basic"),
];

pub(super) const REST_FRAMEWORK: &[Rule] = &[
    ("DEFAULT_AUTHENTICATION_CLASSES", "auth.backends", As::Words(AUTHENTICATION)),
    ("NUM_PROXIES", "server.trusted_proxies", As::Number),
];

const TOKEN_TYPES: &[(&str, &str)] =
    &[("AccessToken", "access"), ("RefreshToken", "refresh"), ("SlidingToken", "sliding"), ("UntypedToken", "untyped")];

pub(super) const SIMPLE_JWT: &[Rule] = &[
    ("ACCESS_TOKEN_LIFETIME", "jwt.access_token_lifetime", As::Span),
    ("REFRESH_TOKEN_LIFETIME", "jwt.refresh_token_lifetime", As::Span),
    ("ROTATE_REFRESH_TOKENS", "jwt.rotate_refresh_tokens", As::Flag),
    ("BLACKLIST_AFTER_ROTATION", "jwt.blacklist_after_rotation", As::Flag),
    ("UPDATE_LAST_LOGIN", "jwt.update_last_login", As::Flag),
    ("ALGORITHM", "jwt.algorithm", As::Text),
    ("SIGNING_KEY", "jwt.signing_key", As::Text),
    ("VERIFYING_KEY", "jwt.verifying_key", As::Text),
    ("AUDIENCE", "jwt.audience", As::Texts),
    ("ISSUER", "jwt.issuer", As::Text),
    ("JWK_URL", "jwt.jwk_url", As::Text),
    ("LEEWAY", "jwt.leeway", As::Span),
    ("AUTH_HEADER_TYPES", "jwt.auth_header_types", As::Texts),
    ("AUTH_HEADER_NAME", "jwt.auth_header_name", As::Text),
    ("USER_ID_FIELD", "jwt.user_id_field", As::Text),
    ("USER_ID_CLAIM", "jwt.user_id_claim", As::Text),
    ("AUTH_TOKEN_CLASSES", "jwt.auth_token_types", As::Words(TOKEN_TYPES)),
    ("TOKEN_TYPE_CLAIM", "jwt.token_type_claim", As::Text),
    ("JTI_CLAIM", "jwt.jti_claim", As::Text),
    ("SLIDING_TOKEN_LIFETIME", "jwt.sliding_token_lifetime", As::Span),
    ("SLIDING_TOKEN_REFRESH_LIFETIME", "jwt.sliding_token_refresh_lifetime", As::Span),
    ("SLIDING_TOKEN_REFRESH_EXP_CLAIM", "jwt.sliding_token_refresh_exp_claim", As::Text),
    ("CHECK_REVOKE_TOKEN", "jwt.check_revoke_token", As::Flag),
    ("REVOKE_TOKEN_CLAIM", "jwt.revoke_token_claim", As::Text),
    ("CHECK_USER_IS_ACTIVE", "jwt.check_user_is_active", As::Flag),
];

pub(super) const DJOSER: &[Rule] = &[
    ("LOGIN_FIELD", "accounts.login_field", As::Text),
    ("SEND_ACTIVATION_EMAIL", "accounts.send_activation_email", As::Flag),
    ("SEND_CONFIRMATION_EMAIL", "accounts.send_confirmation_email", As::Flag),
    ("ACTIVATION_URL", "accounts.activation_url", As::Text),
    ("PASSWORD_RESET_CONFIRM_URL", "accounts.password_reset_confirm_url", As::Text),
    ("USERNAME_RESET_CONFIRM_URL", "accounts.username_reset_confirm_url", As::Text),
    ("PASSWORD_CHANGED_EMAIL_CONFIRMATION", "accounts.password_changed_email_confirmation", As::Flag),
    ("USERNAME_CHANGED_EMAIL_CONFIRMATION", "accounts.username_changed_email_confirmation", As::Flag),
    ("USER_CREATE_PASSWORD_RETYPE", "accounts.user_create_password_retype", As::Flag),
    ("SET_PASSWORD_RETYPE", "accounts.set_password_retype", As::Flag),
    ("PASSWORD_RESET_CONFIRM_RETYPE", "accounts.password_reset_confirm_retype", As::Flag),
    ("SET_USERNAME_RETYPE", "accounts.set_username_retype", As::Flag),
    ("USERNAME_RESET_CONFIRM_RETYPE", "accounts.username_reset_confirm_retype", As::Flag),
    ("PASSWORD_RESET_SHOW_EMAIL_NOT_FOUND", "accounts.password_reset_show_email_not_found", As::Flag),
    ("USERNAME_RESET_SHOW_EMAIL_NOT_FOUND", "accounts.username_reset_show_email_not_found", As::Flag),
    ("LOGOUT_ON_PASSWORD_CHANGE", "accounts.logout_on_password_change", As::Flag),
    ("HIDE_USERS", "accounts.hide_users", As::Flag),
    ("EMAIL_FRONTEND_DOMAIN", "accounts.email_frontend_domain", As::Text),
    ("EMAIL_FRONTEND_PROTOCOL", "accounts.email_frontend_protocol", As::Text),
    ("EMAIL_FRONTEND_SITE_NAME", "accounts.email_frontend_site_name", As::Text),
];

const PERMISSION: &[(&str, &str)] = &[
    ("AllowAny", "allow_any"),
    ("IsAuthenticated", "is_authenticated"),
    ("IsAdminUser", "is_admin_user"),
    ("CurrentUserOrAdmin", "current_user_or_admin"),
    ("CurrentUserOrAdminOrReadOnly", "current_user_or_admin_or_read_only"),
];

pub(super) const PERMISSIONS: &[Rule] = &[
    ("activation", "accounts.permissions.activation", As::Permission(PERMISSION)),
    ("password_reset", "accounts.permissions.password_reset", As::Permission(PERMISSION)),
    ("password_reset_confirm", "accounts.permissions.password_reset_confirm", As::Permission(PERMISSION)),
    ("set_password", "accounts.permissions.set_password", As::Permission(PERMISSION)),
    ("username_reset", "accounts.permissions.username_reset", As::Permission(PERMISSION)),
    ("username_reset_confirm", "accounts.permissions.username_reset_confirm", As::Permission(PERMISSION)),
    ("set_username", "accounts.permissions.set_username", As::Permission(PERMISSION)),
    ("user_create", "accounts.permissions.user_create", As::Permission(PERMISSION)),
    ("user_delete", "accounts.permissions.user_delete", As::Permission(PERMISSION)),
    ("user", "accounts.permissions.user", As::Permission(PERMISSION)),
    ("user_list", "accounts.permissions.user_list", As::Permission(PERMISSION)),
    ("token_create", "accounts.permissions.token_create", As::Permission(PERMISSION)),
    ("token_destroy", "accounts.permissions.token_destroy", As::Permission(PERMISSION)),
];

pub(super) const VALIDATORS: &[(&str, &str)] = &[
    ("UserAttributeSimilarityValidator", "user_attribute_similarity"),
    ("MinimumLengthValidator", "minimum_length"),
    ("CommonPasswordValidator", "common_password"),
    ("NumericPasswordValidator", "numeric_password"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{DJANGO, DJOSER, PERMISSIONS, REST_FRAMEWORK, SIMPLE_JWT};

    const DEFAULTS: &str = include_str!("../../../config/default.toml");

    /// What the file of defaults says that each setting is in a project of Django's.
    fn documented(group: &str) -> BTreeSet<&'static str> {
        let start = format!("# Django: {group}[\"");
        let names = DEFAULTS.lines().filter_map(|line| line.strip_prefix(&start)?.split('"').next());
        names.collect()
    }

    #[test]
    fn what_is_documented_as_a_setting_of_django_is_carried_over() {
        let names =
            |rules: &[super::Rule]| -> BTreeSet<&'static str> { rules.iter().map(|(name, ..)| *name).collect() };

        assert_eq!(names(SIMPLE_JWT), documented("SIMPLE_JWT"));
        let mut djoser = names(DJOSER);
        djoser.insert("PERMISSIONS");
        assert_eq!(djoser, documented("DJOSER"));
    }

    #[test]
    fn every_rule_leads_to_a_setting_that_says_so() {
        let all = [DJANGO, REST_FRAMEWORK, SIMPLE_JWT, DJOSER, PERMISSIONS];
        for (name, key, _) in all.into_iter().flatten() {
            let (section, key) = key.rsplit_once('.').unwrap_or(("", key));
            let start = match section {
                "" => 0,
                section => DEFAULTS.find(&format!("[{section}]\n")).unwrap_or(usize::MAX),
            };
            let rest = DEFAULTS.get(start..).unwrap_or_default();
            let end = rest.find(&format!("\n{key} = ")).unwrap_or_default();
            let comment = rest.get(..end).unwrap_or_default().rsplit("\n\n").next().unwrap_or_default();
            assert!(comment.contains(name), "{section}.{key} does not name {name}: {comment}");
        }
    }
}
