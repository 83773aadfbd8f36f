//! Protected handlers to try a token on.

use actix_web::HttpResponse;
use serde::Serialize;

use super::view::{View, ok};
use crate::auth::{Auth, IsAdminUser, IsAuthenticated, IsAuthenticatedOrReadOnly, UserId};

#[derive(Serialize)]
struct Message {
    message: &'static str,
}

#[derive(Serialize)]
struct Whoami<'a> {
    id: &'a UserId,
    username: &'a str,
}

/// Every sample; `at` gives the paths that one is to be found at.
pub(super) fn views(at: impl Fn(&str) -> Vec<String>) -> Vec<View> {
    vec![
        View::new::<IsAuthenticated>(at("/hello/"), "Hello").get(hello),
        View::new::<IsAuthenticated>(at("/api/secret"), "Secret").get(secret),
        View::new::<IsAuthenticated>(at("/whoami/"), "Whoami").get(whoami),
        View::new::<IsAdminUser>(at("/admin-only/"), "Admin Only").get(admin_only),
        View::new::<IsAuthenticatedOrReadOnly>(at("/read-only/"), "Read Only").get(read).post(write),
    ]
}

async fn hello(_caller: Auth) -> HttpResponse {
    ok(&Message { message: "Hello, World!" })
}

async fn secret(_caller: Auth) -> HttpResponse {
    ok(&Message { message: "Some secret message" })
}

async fn whoami(caller: Auth) -> HttpResponse {
    ok(&Whoami { id: &caller.user.id, username: &caller.user.username })
}

async fn admin_only(_caller: Auth<IsAdminUser>) -> HttpResponse {
    ok(&Message { message: "Hello, admin!" })
}

async fn read(_caller: Auth<IsAuthenticatedOrReadOnly>) -> HttpResponse {
    ok(&Message { message: "read" })
}

async fn write(_caller: Auth<IsAuthenticatedOrReadOnly>) -> HttpResponse {
    ok(&Message { message: "written" })
}
