//! The mark of a password in a token, for `jwt.check_revoke_token`.

use md5::{Digest, Md5};

/// The MD5 of a password as it is stored, in upper case: SimpleJWT's `get_md5_hash_password`.
///
/// MD5 keeps nothing secret here that the stored form does not keep by itself, and Django on the same database computes
/// the same.
pub fn revoke_mark(encoded_password: &str) -> String {
    Md5::digest(encoded_password.as_bytes()).iter().map(|byte| format!("{byte:02X}")).collect()
}

#[cfg(test)]
mod tests {
    use super::revoke_mark;

    #[test]
    fn the_mark_is_simplejwts() {
        let encoded = "md5$RPZOCHrQN41CyKm6cCV8jr$24e153dae21a8bf9f77da1ba1d0ce01f";

        assert_eq!(revoke_mark(encoded), "730663392E6D5ABC4C979C2BCDA8D1A6");
    }
}
