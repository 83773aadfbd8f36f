//! What stands in the links of mails: `uid` and `token`, as Django's `PasswordResetTokenGenerator` makes them.
//!
//! A token is a signature over what changes when it is used, so nothing is stored, and Django accepts what is made here
//! and the reverse. It does not say what it is for. The user's state has to: activation wants a user who is not active
//! and has neither logged in nor been activated before, a reset one who is active. Whoever checks a token asks that too.

#[cfg(test)]
mod tests;

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::clock::{TimeZone, Timestamp};
use crate::secret::Secret;
use crate::settings::Settings;

/// Django's `PasswordResetTokenGenerator.key_salt`.
const KEY_SALT: &str = "django.contrib.auth.tokens.PasswordResetTokenGenerator";

/// 2001-01-01 00:00:00 on the same wall clock, from which tokens count their seconds.
const EPOCH: i64 = 978_307_200;

/// The most digits of a number in base 36 that Django reads.
const LONGEST_TIME: usize = 13;

/// The hexadecimal digits of a signature of which every second one is kept.
const LENGTH_OF_SIGNATURE: usize = 32;

/// The longest text that could be the id of a user.
const LONGEST_UID: usize = 16;

const UID: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_encode_padding(false).with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Of a user what a token depends on: it dies when any of it changes.
#[derive(Clone, Copy)]
pub struct UserState<'a> {
    /// The primary key.
    pub id: i32,
    /// The password as it is stored.
    pub encoded_password: &'a str,
    /// When they last logged in, in UTC.
    pub last_login: Option<Timestamp>,
    /// The address, or empty.
    pub email: &'a str,
}

/// Makes and checks the tokens of links.
#[derive(Clone)]
pub struct LinkTokens {
    keys: Vec<Zeroizing<[u8; 32]>>,
    time_zone: TimeZone,
    timeout: i64,
}

impl LinkTokens {
    /// Tokens signed with `secret_key`, and accepted from `secret_key_fallbacks` too.
    pub fn new(settings: &Settings, secret_key: &Secret) -> Self {
        let timeout = settings.accounts.password_reset_timeout.as_secs();
        Self {
            keys: settings.secret_keys(secret_key).map(signing_key).collect(),
            time_zone: settings.time_zone.clone(),
            timeout: i64::try_from(timeout).unwrap_or(i64::MAX),
        }
    }

    /// A token for a user in this state.
    pub fn make(&self, user: &UserState<'_>, now: Timestamp) -> String {
        let time = self.seconds(now);
        self.keys.first().map(|key| token(key, user, time)).unwrap_or_default()
    }

    /// Whether `token` was made for a user in this state, and not too long ago.
    pub fn check(&self, user: &UserState<'_>, token: &str, now: Timestamp) -> bool {
        let Some(time) = time_of(token) else {
            return false;
        };
        let is_ours = |key| bool::from(self::token(key, user, time).as_bytes().ct_eq(token.as_bytes()));
        let age = i128::from(self.seconds(now)) - i128::from(time);
        self.keys.iter().any(|key| is_ours(key)) && age <= i128::from(self.timeout)
    }

    /// Seconds since [`EPOCH`] on the wall clock of the settings' zone, which Django takes for the time.
    fn seconds(&self, now: Timestamp) -> u64 {
        u64::try_from(now.as_local_seconds(&self.time_zone).saturating_sub(EPOCH)).unwrap_or_default()
    }
}

/// `uid`: the id in base64url, without padding.
pub fn encode_uid(id: i32) -> String {
    UID.encode(id.to_string())
}

/// The id that `uid` stands for. Django reads much that it never writes; here padding is the only freedom.
pub fn decode_uid(uid: &str) -> Option<i32> {
    if uid.len() > LONGEST_UID {
        return None;
    }
    let text = String::from_utf8(UID.decode(uid).ok()?).ok()?;
    let id: i32 = text.parse().ok()?;
    (id.to_string() == text).then_some(id)
}

/// `salted_hmac`'s key.
fn signing_key(secret: &Secret) -> Zeroizing<[u8; 32]> {
    let digest = Sha256::new().chain_update(KEY_SALT).chain_update(secret.expose()).finalize();
    Zeroizing::new(digest.into())
}

fn token(key: &[u8; 32], user: &UserState<'_>, time: u64) -> String {
    // Django prints the moment in UTC to the second.
    let last_login = user.last_login.map(|at| Timestamp::from_seconds(at.as_seconds()).to_django_text());
    let last_login = last_login.flatten().unwrap_or_default();
    let state = [&user.id.to_string(), user.encoded_password, &last_login, &time.to_string(), user.email];
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return String::new();
    };
    state.iter().for_each(|part| mac.update(part.as_bytes()));
    let signature = mac.finalize().into_bytes();
    let every_second_digit: String =
        signature.iter().filter_map(|byte| char::from_digit(u32::from(byte >> 4), 16)).collect();
    format!("{}-{every_second_digit}", base36(time))
}

/// The time in front of a token that could have been made here: spelled as it is written, with a signature's length.
fn time_of(token: &str) -> Option<u64> {
    let (time, signature) = token.split_once('-')?;
    if time.len() > LONGEST_TIME || signature.len() != LENGTH_OF_SIGNATURE {
        return None;
    }
    let seconds = u64::from_str_radix(time, 36).ok()?;
    (base36(seconds) == time).then_some(seconds)
}

/// `int_to_base36`.
fn base36(number: u64) -> String {
    let digit = |rest: u64| u32::try_from(rest % 36).ok().and_then(|digit| char::from_digit(digit, 36));
    let rests = std::iter::successors(Some(number), |rest| Some(rest / 36).filter(|rest| *rest > 0));
    let mut digits: Vec<char> = rests.filter_map(digit).collect();
    digits.reverse();
    digits.into_iter().collect()
}
