//! In which form the key of a token is kept: as it is, or as a digest that nobody can log in with.
//!
//! With `token.storage = "hashed"` Django's table has SHA-256 of the key. A login is to give the same key once more, so the
//! key itself is kept beside it, encrypted: whoever has the tables and not the secret key can do nothing with either. Keys
//! stay as random as they were, so that those which were there before are kept in the same way.

use std::borrow::Cow;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, Nonce, RandomizedNonceKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::StoreError;
use crate::secret::Secret;
use crate::settings::TokenStorage;

/// What a digest begins with, and no key does.
const MARK: &str = "sha256$";

/// How much of the digest the column has room for: 198 bits.
const LENGTH: usize = 33;

/// The bytes in front of what was encrypted.
const NONCE: usize = 12;

/// What the key is good for, so that no ciphertext is of use elsewhere.
const LABEL: &[u8] = b"hallpass.tokens";

/// In which form the keys of tokens are kept, and with what they are encrypted. Cheap to clone.
#[derive(Clone)]
pub struct TokenVault {
    storage: TokenStorage,
    keys: Arc<[RandomizedNonceKey]>,
}

/// A key that was kept.
pub(super) struct Opened {
    pub(super) key: String,
    /// Whether it would be encrypted with the same secret key now.
    pub(super) is_current: bool,
}

impl TokenVault {
    /// Keys are kept as `storage` says, encrypted with the first of these secret keys and decrypted with any of them.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the system refuses to encrypt at all.
    pub fn new<'s>(
        storage: TokenStorage,
        secret_keys: impl IntoIterator<Item = &'s Secret>,
    ) -> Result<Self, StoreError> {
        let keys: Result<_, StoreError> = secret_keys.into_iter().map(sealing_key).collect();
        Ok(Self { storage, keys: keys? })
    }

    /// What Django's table is to have for this key.
    pub(super) fn form<'k>(&self, key: &'k str) -> Cow<'k, str> {
        form(key, self.storage)
    }

    /// Whether the key is to be encrypted as well.
    pub(super) fn seals(&self) -> bool {
        self.storage == TokenStorage::Hashed
    }

    /// The key of this user's token, encrypted for the table of our own.
    pub(super) fn seal(&self, user_id: i32, key: &str) -> Result<String, StoreError> {
        let failed = || StoreError::Unavailable("the key of a token cannot be encrypted".to_owned());
        let mut text = key.as_bytes().to_vec();
        let first = self.keys.first().ok_or_else(failed)?;
        let nonce = first.seal_in_place_append_tag(context(user_id), &mut text).map_err(|_| failed())?;
        Ok(URL_SAFE_NO_PAD.encode([nonce.as_ref().as_slice(), &text].concat()))
    }

    /// The key of which Django's table has `stored`, in either form; `None` when that is a digest and `sealed` is nothing,
    /// another token's, or of a secret key that is gone.
    pub(super) fn open(&self, user_id: i32, stored: &str, sealed: Option<&str>) -> Option<Opened> {
        if !is_digest(stored) {
            return Some(Opened { key: stored.to_owned(), is_current: true });
        }
        let bytes = URL_SAFE_NO_PAD.decode(sealed?).ok()?;
        let (nonce, text) = bytes.split_first_chunk::<NONCE>()?;
        self.keys.iter().enumerate().find_map(|(place, key)| {
            let mut text = text.to_vec();
            let text = key.open_in_place(Nonce::from(nonce), context(user_id), &mut text).ok()?;
            let key = std::str::from_utf8(text).ok().filter(|key| digest(key) == stored)?.to_owned();
            Some(Opened { key, is_current: place == 0 })
        })
    }
}

/// What Django's table has for this key where it is kept so.
pub(super) fn form(key: &str, storage: TokenStorage) -> Cow<'_, str> {
    match storage {
        TokenStorage::Plain => Cow::Borrowed(key),
        TokenStorage::Hashed => Cow::Owned(digest(key)),
    }
}

/// Whether this is a digest, and so nothing that anybody was given.
pub(super) fn is_digest(text: &str) -> bool {
    text.starts_with(MARK)
}

/// Which token it is for whoever is not to use it, in either form: the first eight hexadecimal digits of the SHA-256 of its
/// key.
pub(super) fn fingerprint(stored: &str) -> String {
    // As many characters as there are whole bytes in.
    let start = stored.strip_prefix(MARK).and_then(|text| URL_SAFE_NO_PAD.decode(text.get(..8)?).ok());
    let start = start.unwrap_or_else(|| Sha256::digest(stored).to_vec());
    start.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

/// 40 characters, as many as the column takes.
fn digest(key: &str) -> String {
    let mut text = URL_SAFE_NO_PAD.encode(Sha256::digest(key));
    text.truncate(LENGTH);
    text.insert_str(0, MARK);
    text
}

fn sealing_key(secret: &Secret) -> Result<RandomizedNonceKey, StoreError> {
    // HMAC takes keys of every length.
    let mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes());
    let mut mac = mac.unwrap_or_else(|_| unreachable!("a key of any length will do"));
    mac.update(LABEL);
    RandomizedNonceKey::new(&AES_256_GCM_SIV, &mac.finalize().into_bytes())
        .map_err(|_| StoreError::Unavailable("there is no key to encrypt tokens with".to_owned()))
}

/// Keeps the key of one user from being taken for another's.
fn context(user_id: i32) -> Aad<[u8; 4]> {
    Aad::from(user_id.to_be_bytes())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{TokenVault, digest, fingerprint, is_digest};
    use crate::secret::Secret;
    use crate::settings::TokenStorage;

    const KEY: &str = "0123456789abcdef0123456789abcdef01234567";

    fn vault(secrets: &[&str]) -> TokenVault {
        let secrets: Vec<Secret> = secrets.iter().map(|secret| Secret::new(*secret)).collect();
        TokenVault::new(TokenStorage::Hashed, &secrets).unwrap()
    }

    #[test]
    fn a_digest_fits_the_column_and_cannot_be_a_key_of_djangos() {
        // The first 33 characters of: printf %s KEY | openssl sha256 -binary | base64 | tr +/ -_
        let stored = digest(KEY);

        assert_eq!(stored, "sha256$3rh_q9F3FbsxrUz0_7lJTusV-NM9hbAxo");
        assert_eq!(stored.len(), 40);
        assert!(is_digest(&stored) && !is_digest(KEY));
        assert_eq!((fingerprint(&stored), fingerprint(KEY)), ("deb87fab".to_owned(), "deb87fab".to_owned()));
    }

    #[test]
    fn what_was_sealed_is_opened_for_the_same_user_and_token_only() {
        let vault = vault(&["one"]);
        let sealed = vault.seal(7, KEY).unwrap();

        let opened = vault.open(7, &digest(KEY), Some(&sealed)).unwrap();
        assert_eq!((opened.key.as_str(), opened.is_current), (KEY, true));
        assert!(vault.open(8, &digest(KEY), Some(&sealed)).is_none());
        assert!(vault.open(7, &digest("another"), Some(&sealed)).is_none());
        for broken in ["", "short", "%", &sealed[1..], &format!("{sealed}AAAA")] {
            assert!(vault.open(7, &digest(KEY), Some(broken)).is_none(), "{broken}");
        }
    }

    #[test]
    fn a_key_that_is_kept_as_it_is_needs_no_opening() {
        assert_eq!(vault(&[]).open(7, KEY, None).unwrap().key, KEY);
        assert!(vault(&["one"]).open(7, &digest(KEY), None).is_none());
        assert!(vault(&[]).seal(7, KEY).is_err());
    }

    #[test]
    fn sealing_twice_gives_two_texts_neither_of_which_has_the_key() {
        let vault = vault(&["one"]);
        let (one, other) = (vault.seal(7, KEY).unwrap(), vault.seal(7, KEY).unwrap());

        assert_ne!(one, other);
        assert!(!one.contains(KEY));
    }

    #[test]
    fn an_earlier_secret_key_opens_and_one_that_is_gone_does_not() {
        let sealed = vault(&["old"]).seal(7, KEY).unwrap();

        assert!(!vault(&["new", "old"]).open(7, &digest(KEY), Some(&sealed)).unwrap().is_current);
        assert!(vault(&["new"]).open(7, &digest(KEY), Some(&sealed)).is_none());
    }
}
