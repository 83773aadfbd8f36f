//! What is promised of users and tokens, without a database and without a network.

use std::collections::{BTreeMap, BTreeSet};

use super::step::Keyword;

const BLACKLISTED: &str = "token_not_valid: Token is blacklisted";
const NO_ACCOUNT: &str = "No active account found for the given token.";

/// The settings that matter here; `grace` is in seconds.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    pub grace: i64,
    pub ends_on_change: bool,
}

/// A status and, of a refusal, what it says.
pub type Answer = (u16, String);

pub fn refused(status: u16, says: &str) -> Answer {
    (status, says.to_owned())
}

fn invalid(message: &str) -> Answer {
    (401, format!("token_not_valid: {message}"))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Opaque,
    Access,
    Refresh,
    Sliding,
}

/// A token as it was given out; times are in seconds, and an opaque one has none.
#[derive(Clone, Debug)]
pub struct Token {
    pub kind: Kind,
    pub text: String,
    pub jti: String,
    pub user: usize,
    pub issued_at: i64,
    pub expires_at: i64,
    pub renewable_until: i64,
}

#[derive(Debug)]
pub struct User {
    pub id: i64,
    pub name: usize,
    pub password: usize,
    pub is_there: bool,
    pub is_active: bool,
    pub key: Option<String>,
    /// The second up to which signed tokens are refused.
    pub refused_until: Option<i64>,
}

/// A token that was exchanged, or came of an exchange.
#[derive(Debug)]
pub struct Member {
    pub family: String,
    /// When, in microseconds, and the text of what it was exchanged for.
    pub exchanged: Option<(i64, Token)>,
}

/// What becomes of an exchange.
#[derive(Debug)]
pub enum Exchange {
    /// A new successor is given out.
    New,
    /// The same one again.
    Again(Token),
    Refused(Answer),
}

pub struct World {
    pub rules: Rules,
    /// In microseconds.
    pub now: i64,
    pub users: Vec<User>,
    pub tokens: Vec<Token>,
    /// The jti of each token that has a row, and its user while there is one.
    pub outstanding: BTreeMap<String, Option<usize>>,
    pub blacklisted: BTreeSet<String>,
    pub members: BTreeMap<String, Member>,
    pub revoked: BTreeSet<String>,
}

impl World {
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            now: 0,
            users: Vec::new(),
            tokens: Vec::new(),
            outstanding: BTreeMap::new(),
            blacklisted: BTreeSet::new(),
            members: BTreeMap::new(),
            revoked: BTreeSet::new(),
        }
    }

    pub fn seconds(&self) -> i64 {
        self.now.div_euclid(1_000_000)
    }

    pub fn named(&self, name: usize) -> Option<usize> {
        self.users.iter().position(|user| user.is_there && user.name == name)
    }

    /// The user of this name, if they may log in.
    pub fn admitted(&self, name: usize, is_right: bool) -> Option<usize> {
        self.named(name).filter(|user| is_right && self.users[*user].is_active)
    }

    /// Notes a refresh or a sliding token that a login gave.
    pub fn note(&mut self, token: &Token) {
        self.outstanding.insert(token.jti.clone(), Some(token.user));
    }

    /// Who is calling with this token.
    pub fn caller(&self, token: &Token, keyword: Keyword) -> Result<usize, Answer> {
        match keyword {
            Keyword::Token => self.holder(&token.text),
            Keyword::Bearer => self.bearer(token),
        }
    }

    fn holder(&self, key: &str) -> Result<usize, Answer> {
        let user = self.users.iter().position(|user| user.key.as_deref() == Some(key));
        let user = user.ok_or_else(|| refused(401, "Invalid token."))?;
        match self.users[user].is_active {
            true => Ok(user),
            false => Err(refused(401, "User inactive or deleted.")),
        }
    }

    /// Access tokens are tried first, and then sliding ones.
    fn bearer(&self, token: &Token) -> Result<usize, Answer> {
        let both = |first: &str, second: &str| Err(refused(401, &format!("token_not_valid: {first} / {second}")));
        if let Err(reason) = self.decoded(token) {
            return both(reason, reason);
        }
        let wrong = "Token has wrong type";
        match token.kind {
            Kind::Access => {}
            Kind::Sliding if !self.blacklisted.contains(&token.jti) => {}
            _ if self.blacklisted.contains(&token.jti) => return both(wrong, "Token is blacklisted"),
            _ => return both(wrong, wrong),
        }
        let user = &self.users[token.user];
        if !user.is_there {
            return Err(refused(401, "user_not_found: User not found"));
        }
        if !user.is_active {
            return Err(refused(401, "user_inactive: User is inactive"));
        }
        match self.is_ended(token) {
            true => Err(refused(401, "password_changed: The user's password has been changed.")),
            false => Ok(token.user),
        }
    }

    fn decoded(&self, token: &Token) -> Result<(), &'static str> {
        match token.kind {
            Kind::Opaque => Err("Token is invalid"),
            _ if token.expires_at * 1_000_000 <= self.now => Err("Token is expired"),
            _ => Ok(()),
        }
    }

    /// Whether everything of its user's was ended after it was given out.
    fn is_ended(&self, token: &Token) -> bool {
        let user = &self.users[token.user];
        user.is_there && user.refused_until.is_some_and(|until| token.issued_at <= until)
    }

    pub fn refresh(&mut self, token: &Token) -> Exchange {
        if let Err(reason) = self.decoded(token) {
            return Exchange::Refused(invalid(reason));
        }
        let user = &self.users[token.user];
        let reason = match token.kind {
            Kind::Refresh if !user.is_there || !user.is_active => Some(refused(401, NO_ACCOUNT)),
            Kind::Refresh if self.is_ended(token) => Some(refused(401, BLACKLISTED)),
            Kind::Refresh => None,
            _ => Some(invalid("Token has wrong type")),
        };
        if let Some(reason) = reason {
            let is_listed = self.blacklisted.contains(&token.jti);
            return Exchange::Refused(if is_listed { refused(401, BLACKLISTED) } else { reason });
        }
        if self.blacklisted.insert(token.jti.clone()) {
            return Exchange::New;
        }
        match self.members.get(&token.jti).and_then(|member| member.exchanged.clone()) {
            Some((at, successor)) if self.may_repeat(token, at, &successor) => return Exchange::Again(successor),
            Some(_) => self.revoke_family_of(token),
            None => {}
        }
        Exchange::Refused(refused(401, BLACKLISTED))
    }

    fn may_repeat(&self, token: &Token, at: i64, successor: &Token) -> bool {
        let is_recent = self.rules.grace > 0 && self.now <= at + self.rules.grace * 1_000_000;
        let is_revoked = self.revoked.contains(&self.members[&token.jti].family);
        is_recent && !is_revoked && !self.blacklisted.contains(&successor.jti)
    }

    pub fn exchanged(&mut self, token: &Token, successor: &Token) {
        self.note(successor);
        let root = token.jti.clone();
        let used = self.members.entry(root.clone()).or_insert(Member { family: root, exchanged: None });
        used.exchanged = Some((self.now, successor.clone()));
        let family = used.family.clone();
        self.members.insert(successor.jti.clone(), Member { family, exchanged: None });
    }

    fn revoke_family_of(&mut self, token: &Token) {
        let family = self.members[&token.jti].family.clone();
        let members = self.members.iter().filter(|(_, member)| member.family == family);
        self.blacklisted.extend(members.map(|(jti, _)| jti.clone()));
        self.revoked.insert(family);
    }

    pub fn blacklist(&mut self, token: &Token) -> Answer {
        if let Err(reason) = self.decoded(token) {
            return invalid(reason);
        }
        if token.kind != Kind::Refresh {
            let is_listed = self.blacklisted.contains(&token.jti);
            return invalid(if is_listed { "Token is blacklisted" } else { "Token has wrong type" });
        }
        if self.blacklisted.insert(token.jti.clone()) {
            return refused(200, "");
        }
        if self.members.get(&token.jti).is_some_and(|member| member.exchanged.is_some()) {
            self.revoke_family_of(token);
        }
        refused(401, BLACKLISTED)
    }

    pub fn verify(&self, token: &Token) -> Answer {
        match self.decoded(token) {
            Err(reason) => invalid(reason),
            Ok(()) if self.blacklisted.contains(&token.jti) => {
                refused(400, r#"{"non_field_errors":["Token is blacklisted"]}"#)
            }
            Ok(()) => refused(200, ""),
        }
    }

    /// `Err` is why a sliding token is not renewed.
    pub fn renew(&self, token: &Token) -> Result<(), Answer> {
        self.decoded(token).map_err(invalid)?;
        if self.blacklisted.contains(&token.jti) {
            return Err(refused(401, BLACKLISTED));
        }
        if token.kind != Kind::Sliding {
            return Err(invalid("Token has wrong type"));
        }
        if token.renewable_until * 1_000_000 <= self.now {
            return Err(invalid("Token 'refresh_exp' claim has expired"));
        }
        if self.is_ended(token) { Err(refused(401, BLACKLISTED)) } else { Ok(()) }
    }

    pub fn end_all_tokens(&mut self, user: usize) {
        let now = self.seconds();
        self.users[user].key = None;
        self.users[user].refused_until = Some(now);
        let theirs = self.outstanding.iter().filter(|(_, owner)| **owner == Some(user));
        self.blacklisted.extend(theirs.map(|(jti, _)| jti.clone()));
    }

    pub fn delete(&mut self, user: usize) {
        self.users[user].is_there = false;
        self.users[user].key = None;
        self.outstanding.values_mut().filter(|owner| **owner == Some(user)).for_each(|owner| *owner = None);
    }
}
