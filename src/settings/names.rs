//! The names of settings: dotted, as variables, and misspelt.

/// What the name of a setting's environment variable begins with.
pub(crate) const PREFIX: &str = "HALLPASS__";

/// The environment variable of a dotted key.
pub(crate) fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "__").to_uppercase())
}

/// The known key most like `key`. One that differs only in its section is the likeliest slip.
pub(crate) fn nearest(key: &str, known: &[String]) -> String {
    let key = key.to_lowercase();
    let last = |key: &str| key.rsplit('.').next().map(str::to_owned);
    let distance = |known: &&String| (last(known) != last(&key), strsim::damerau_levenshtein(known, &key));
    known.iter().min_by_key(distance).cloned().unwrap_or_default()
}

/// A name as TOML would have it in a dotted key, so that `"server.bind"` is not taken for `bind` in `[server]`.
pub(crate) fn bare_or_quoted(name: &str) -> String {
    let bare = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if bare { name.to_owned() } else { format!("{name:?}") }
}
