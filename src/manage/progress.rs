//! How far a command with much to do has come, shown on a terminal only.

use indicatif::{ProgressBar, ProgressStyle};

use super::Failure;

/// A bar for this many tokens.
pub(super) fn of_tokens(total: i64) -> Result<ProgressBar, Failure> {
    let bar = ProgressBar::new(u64::try_from(total).unwrap_or(0));
    let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} tokens, {eta} left");
    bar.set_style(style.map_err(|error| Failure(error.to_string()))?);
    Ok(bar)
}
