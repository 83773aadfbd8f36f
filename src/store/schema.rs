// @generated automatically by Diesel CLI.

diesel::table! {
    auth_group (id) {
        id -> Integer,
        name -> Text,
    }
}

diesel::table! {
    auth_user (id) {
        id -> Integer,
        password -> Text,
        last_login -> Nullable<Timestamp>,
        is_superuser -> Bool,
        username -> Text,
        last_name -> Text,
        email -> Text,
        is_staff -> Bool,
        is_active -> Bool,
        date_joined -> Timestamp,
        first_name -> Text,
    }
}

diesel::table! {
    auth_user_groups (id) {
        id -> Integer,
        user_id -> Integer,
        group_id -> Integer,
    }
}

diesel::table! {
    authtoken_token (key) {
        key -> Text,
        created -> Timestamp,
        user_id -> Integer,
    }
}

diesel::table! {
    hallpass_audit (id) {
        id -> BigInt,
        at -> Timestamp,
        event -> Text,
        outcome -> Text,
        reason -> Nullable<Text>,
        user_id -> Nullable<Integer>,
        actor_id -> Nullable<Integer>,
        account -> Nullable<Text>,
        client -> Text,
        request_id -> Nullable<Text>,
        token -> Nullable<Text>,
    }
}

diesel::table! {
    hallpass_lockout (digest) {
        digest -> Text,
        failures -> Integer,
        failed_at -> Nullable<Timestamp>,
        under_way -> Text,
        expires_at -> Timestamp,
    }
}

diesel::table! {
    hallpass_mail_count (digest) {
        digest -> Text,
        recent -> Text,
        expires_at -> Timestamp,
    }
}

diesel::table! {
    hallpass_outbox (id) {
        id -> BigInt,
        kind -> Text,
        recipient -> Nullable<Text>,
        context -> Text,
        created_at -> Timestamp,
        due_at -> Timestamp,
        attempts -> Integer,
        claimed_until -> Nullable<Timestamp>,
        last_error -> Nullable<Text>,
    }
}

diesel::table! {
    hallpass_refresh_family (id) {
        id -> Text,
        revoked_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    hallpass_refresh_member (jti) {
        jti -> Text,
        family_id -> Text,
        expires_at -> Timestamp,
        exchanged_at -> Nullable<Timestamp>,
        successor_jti -> Nullable<Text>,
        successor_iat -> Nullable<BigInt>,
        successor_exp -> Nullable<BigInt>,
    }
}

diesel::table! {
    hallpass_sealed_token (user_id) {
        user_id -> Integer,
        sealed -> Text,
    }
}

diesel::table! {
    hallpass_throttle (digest) {
        digest -> Text,
        recent -> Text,
        expires_at -> Timestamp,
    }
}

diesel::table! {
    hallpass_user_state (user_id) {
        user_id -> Integer,
        awaits_activation -> Bool,
        activated_at -> Nullable<Timestamp>,
        tokens_refused_until -> Nullable<Timestamp>,
    }
}

diesel::table! {
    token_blacklist_blacklistedtoken (id) {
        blacklisted_at -> Timestamp,
        token_id -> BigInt,
        id -> BigInt,
    }
}

diesel::table! {
    token_blacklist_outstandingtoken (id) {
        token -> Text,
        created_at -> Nullable<Timestamp>,
        expires_at -> Timestamp,
        user_id -> Nullable<Integer>,
        jti -> Text,
        id -> BigInt,
    }
}

diesel::joinable!(auth_user_groups -> auth_group (group_id));
diesel::joinable!(auth_user_groups -> auth_user (user_id));
diesel::joinable!(authtoken_token -> auth_user (user_id));
diesel::joinable!(hallpass_user_state -> auth_user (user_id));
diesel::joinable!(hallpass_refresh_member -> hallpass_refresh_family (family_id));
diesel::joinable!(token_blacklist_blacklistedtoken -> token_blacklist_outstandingtoken (token_id));

diesel::allow_tables_to_appear_in_same_query!(
    auth_group,
    auth_user,
    auth_user_groups,
    authtoken_token,
    hallpass_audit,
    hallpass_lockout,
    hallpass_mail_count,
    hallpass_outbox,
    hallpass_refresh_family,
    hallpass_refresh_member,
    hallpass_sealed_token,
    hallpass_throttle,
    hallpass_user_state,
    token_blacklist_blacklistedtoken,
    token_blacklist_outstandingtoken,
);
