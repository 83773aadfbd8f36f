//! What may happen next.

use std::time::Duration;

use proptest::bool::weighted;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// How many names and passwords there are to choose from.
pub const NAMES: usize = 3;
pub const PASSWORDS: [&str; 3] = ["Tr0mbone-quay", "L4ntern-moss", "0rchard-vane"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Login {
    AuthToken,
    Djoser,
    Pair,
    Sliding,
}

/// The word before a token in the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keyword {
    Token,
    Bearer,
}

/// A step; an [`Index`] is one of all tokens that were ever seen, whatever they are good for.
#[derive(Clone, Debug)]
pub enum Step {
    Register {
        name: usize,
        password: usize,
    },
    Login {
        name: usize,
        is_right: bool,
        how: Login,
    },
    Refresh(Index),
    /// The token that was sent in the last `Refresh`, once more after so long.
    RefreshAgain(Duration),
    Blacklist(Index),
    Verify(Index),
    RenewSliding(Index),
    Ask(Index, Keyword),
    Logout(Index, Keyword),
    ChangePassword {
        token: Index,
        keyword: Keyword,
        is_right: bool,
        new: usize,
    },
    ResetPassword {
        name: usize,
        new: usize,
    },
    SetActive {
        name: usize,
        is_active: bool,
    },
    Delete {
        token: Index,
        keyword: Keyword,
        is_right: bool,
    },
    CreateToken {
        name: usize,
        reset: bool,
    },
    Wait(Duration),
}

pub fn any() -> impl Strategy<Value = Step> {
    let token = prop::arbitrary::any::<Index>;
    let keyword = || select(vec![Keyword::Token, Keyword::Bearer]);
    let login = select(vec![Login::AuthToken, Login::Djoser, Login::Pair, Login::Pair, Login::Pair, Login::Sliding]);
    let lag = select(vec![0, 10_000, 10_001]);
    let span = select(vec![500, 1000, 4000, 9999, 10_000, 10_001, 299_000, 300_000, 3_600_000, 86_400_000]);
    prop_oneof![
        6 => (0..NAMES, 0..PASSWORDS.len()).prop_map(|(name, password)| Step::Register { name, password }),
        14 => (0..NAMES, weighted(0.9), login).prop_map(|(name, is_right, how)| Step::Login { name, is_right, how }),
        16 => token().prop_map(Step::Refresh),
        16 => lag.prop_map(|millis| Step::RefreshAgain(Duration::from_millis(millis))),
        4 => token().prop_map(Step::Blacklist),
        4 => token().prop_map(Step::Verify),
        4 => token().prop_map(Step::RenewSliding),
        10 => (token(), keyword()).prop_map(|(token, keyword)| Step::Ask(token, keyword)),
        2 => (token(), keyword()).prop_map(|(token, keyword)| Step::Logout(token, keyword)),
        3 => (token(), keyword(), weighted(0.8), 0..PASSWORDS.len()).prop_map(|(token, keyword, is_right, new)| {
            Step::ChangePassword { token, keyword, is_right, new }
        }),
        2 => (0..NAMES, 0..PASSWORDS.len()).prop_map(|(name, new)| Step::ResetPassword { name, new }),
        3 => (0..NAMES, weighted(0.6)).prop_map(|(name, is_active)| Step::SetActive { name, is_active }),
        1 => (token(), keyword(), weighted(0.8)).prop_map(|(token, keyword, is_right)| {
            Step::Delete { token, keyword, is_right }
        }),
        2 => (0..NAMES, weighted(0.5)).prop_map(|(name, reset)| Step::CreateToken { name, reset }),
        8 => span.prop_map(|millis| Step::Wait(Duration::from_millis(millis))),
    ]
}
