//! What a caller may do: REST framework's permissions, as types.

use actix_web::HttpRequest;
use actix_web::http::Method;

use super::scheme::Authenticated;

/// A caller may not do this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused;

/// Turns what is known of the caller into what the handler may rely on: REST framework's `BasePermission`.
///
/// A permission that is [`Refused`] answers as REST framework does: a caller whom nobody recognised is asked for
/// credentials (401, or 403 where the first scheme has no challenge), a known one reads
/// `You do not have permission to perform this action.` (403).
pub trait Permission: 'static {
    /// What the handler gets.
    type Grant: 'static;

    /// Whether nobody has to be known: such a view lets bad credentials pass when
    /// `auth.ignore_credentials_on_public` is set.
    const IS_PUBLIC: bool = false;

    /// Lets the caller in, or does not.
    ///
    /// # Errors
    /// [`Refused`] when they may not.
    fn grant(caller: Option<Authenticated>, request: &HttpRequest) -> Result<Self::Grant, Refused>;
}

/// Anyone, known or not: `AllowAny`.
#[derive(Clone, Copy, Debug)]
pub struct AllowAny;

impl Permission for AllowAny {
    type Grant = Option<Authenticated>;
    const IS_PUBLIC: bool = true;

    fn grant(caller: Option<Authenticated>, _: &HttpRequest) -> Result<Self::Grant, Refused> {
        Ok(caller)
    }
}

/// Whoever is known: `IsAuthenticated`.
#[derive(Clone, Copy, Debug)]
pub struct IsAuthenticated;

impl Permission for IsAuthenticated {
    type Grant = Authenticated;

    fn grant(caller: Option<Authenticated>, _: &HttpRequest) -> Result<Self::Grant, Refused> {
        caller.ok_or(Refused)
    }
}

/// Staff: `IsAdminUser`. Being a superuser is not enough, as in REST framework.
#[derive(Clone, Copy, Debug)]
pub struct IsAdminUser;

impl Permission for IsAdminUser {
    type Grant = Authenticated;

    fn grant(caller: Option<Authenticated>, _: &HttpRequest) -> Result<Self::Grant, Refused> {
        caller.filter(|caller| caller.user.is_staff).ok_or(Refused)
    }
}

/// Whoever is known, and anyone with a method that changes nothing (GET, HEAD, OPTIONS): `IsAuthenticatedOrReadOnly`.
#[derive(Clone, Copy, Debug)]
pub struct IsAuthenticatedOrReadOnly;

impl Permission for IsAuthenticatedOrReadOnly {
    type Grant = Option<Authenticated>;

    fn grant(caller: Option<Authenticated>, request: &HttpRequest) -> Result<Self::Grant, Refused> {
        let is_safe = [Method::GET, Method::HEAD, Method::OPTIONS].contains(request.method());
        if is_safe || caller.is_some() { Ok(caller) } else { Err(Refused) }
    }
}
