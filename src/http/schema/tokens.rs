//! The documentation of the views that give tokens out, and of those that tell of them.

use actix_web::http::Method;
use serde_json::{Map, Value, json};

use super::doc::{Doc, Who, login_field};
use crate::settings::Settings;

const OPAQUE: &str = "Opaque tokens";
const SIGNED: &str = "Signed tokens";
const SERVICES: &str = "For other services";

pub(super) const KEY: &str = "9054f7aa9305e012b3c2300408c3dfdf390fcddf";
pub(super) const PASSWORD: &str = "Tr0mbone-quay";
const ACCESS: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoiYWNjZXNzIn0.c2lnbmF0dXJl";
const REFRESH: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCJ9.c2lnbmF0dXJl";

pub(super) fn doc(view: &str, method: &Method, settings: &Settings) -> Option<Doc> {
    let (login, name) = login_field(settings);
    let jwt = &settings.jwt;
    let pair = |refresh: bool| {
        let mut pair = Map::new();
        if refresh {
            pair.insert(jwt.refresh_field.clone(), REFRESH.into());
        }
        pair.insert(jwt.access_field.clone(), ACCESS.into());
        Value::Object(pair)
    };
    if method == Method::GET && view == "JSON Web Key Set" {
        let key = json!({"kty": "OKP", "kid": "2026-07", "use": "sig", "alg": "EdDSA", "crv": "Ed25519", "x": "11qYAYKxCrfVS"});
        let doc = Doc::of(SERVICES, "The public keys by which tokens are verified (RFC 7517)", Who::Anyone);
        // Each kind of key has members of its own.
        let about = "The keys; 404 while each is a shared secret";
        return Some(
            doc.gives(about, json!({"keys": [key]})).optional(&["crv", "x", "kid", "use", "alg"]).refused(&[404]),
        );
    }
    if method != Method::POST {
        return None;
    }
    Some(match view {
        "Obtain Auth Token" => {
            Doc::of(OPAQUE, "The one token of a user, for a name and a password", Who::AnyoneChecked)
                .takes(login, name)
                .takes("password", PASSWORD)
                .gives("The same token each time", json!({"token": KEY}))
                .refused(&[429])
        }
        "Token Obtain Pair" => Doc::of(SIGNED, "An access and a refresh token, for a name and a password", Who::Anyone)
            .takes(login, name)
            .takes("password", PASSWORD)
            .gives("The pair", pair(true))
            .refused(&[401, 429]),
        "Token Refresh" => Doc::of(SIGNED, "A new access token for a refresh token", Who::Anyone)
            .takes("refresh", REFRESH)
            .gives("The access token, and a new refresh token where they rotate", pair(jwt.rotate_refresh_tokens))
            .refused(&[401]),
        "Token Verify" => Doc::of(SIGNED, "Whether a signed token is in order", Who::Anyone)
            .takes("token", ACCESS)
            .gives("It is", json!({}))
            .refused(&[401]),
        "Token Blacklist" => Doc::of(SIGNED, "Ends a refresh token", Who::Anyone)
            .takes("refresh", REFRESH)
            .gives("It is ended", json!({}))
            .refused(&[401]),
        "Token Obtain Sliding" => Doc::of(SIGNED, "A sliding token, for a name and a password", Who::Anyone)
            .takes(login, name)
            .takes("password", PASSWORD)
            .gives("The token", json!({"token": ACCESS}))
            .refused(&[401, 429]),
        "Token Refresh Sliding" => Doc::of(SIGNED, "A sliding token with more time", Who::Anyone)
            .takes("token", ACCESS)
            .gives("The token", json!({"token": ACCESS}))
            .refused(&[401]),
        "Token Introspection" => Doc::of(SERVICES, "Whether a token is good, and whose it is (RFC 7662)", Who::Service)
            .takes("token", KEY)
            .may_take("token_type_hint", "access_token")
            .gives(
                "What it is, or only that it is no good",
                json!({
                    "active": true, "token_type": "Bearer", "token_use": "access_token", "sub": "1", "username": "alice",
                    "iat": 1_795_318_999, "exp": 1_795_319_299, "nbf": 1_795_318_999, "jti": "6b02f0f7c1f64b7d9e7c1a0d2b3c4d5e",
                    "iss": "https://auth.example.com"
                }),
            )
            .optional(&["token_type", "token_use", "sub", "username", "iat", "exp", "nbf", "jti", "iss"]),
        "Token Revocation" => Doc::of(SERVICES, "Ends a token (RFC 7009)", Who::Service)
            .takes("token", REFRESH)
            .may_take("token_type_hint", "refresh_token")
            .done(200, "It is ended, or was no good before"),
        _ => return None,
    })
}
