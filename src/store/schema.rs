// @generated automatically by Diesel CLI.

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
    authtoken_token (key) {
        key -> Text,
        created -> Timestamp,
        user_id -> Integer,
    }
}

diesel::joinable!(authtoken_token -> auth_user (user_id));

diesel::allow_tables_to_appear_in_same_query!(auth_user, authtoken_token,);
