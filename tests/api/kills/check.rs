//! What must hold after a fault, asked of the service as it is now and of the rows.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::json;

use super::account::{Account, Existence, State, Token};
use super::caller::{Caller, field};
use super::http::send;
use crate::support::client::Response;
use crate::support::database::{Kind, TestDatabase};

/// How many refused credentials of a user are tried again; the oldest are forgotten.
const REMEMBERED: usize = 4;

/// Where to ask, and for how long an exchange may be repeated.
#[derive(Clone, Copy)]
pub struct Service {
    pub address: SocketAddr,
    pub grace: Duration,
}

impl Caller {
    /// Compares every account with what the service says, and is sure of all of them afterwards.
    pub fn check(&mut self, service: Service) {
        for mut account in std::mem::take(&mut self.accounts) {
            self.check_existence(service, &mut account);
            self.names.push(account.name.clone());
            self.check_password(service, &mut account);
            self.check_token(service, &mut account);
            self.check_families(service, &mut account);
            // Others come in its place, so that there are always young ones and old ones.
            if !self.once_in(6) {
                self.accounts.push(account);
            }
        }
        self.names.sort();
        self.names.dedup();
    }

    /// One who may or may not be there is registered again, and is there then.
    fn check_existence(&mut self, service: Service, account: &mut Account) {
        if account.existence == Existence::Unsure {
            let body = json!({"username": account.name, "password": account.passwords[0]}).to_string();
            let status = self.status(send(service.address, "POST", "/auth/users/", None, &body));
            self.expect(matches!(status, 201 | 400), &format!("{}: registered again: {status}", account.name));
            account.existence = Existence::Sure;
        }
    }

    /// One password is right, and only one.
    fn check_password(&mut self, service: Service, account: &mut Account) {
        let mut right = Vec::new();
        for password in std::mem::take(&mut account.passwords) {
            let body = json!({"username": account.name, "password": password}).to_string();
            if self.status(send(service.address, "POST", "/api/token/", None, &body)) == 200 {
                right.push(password);
            }
        }
        self.expect(right.len() == 1, &format!("{}: {} passwords are right", account.name, right.len()));
        account.passwords = right;
    }

    /// The token that was given is good, a login gives the same, and those before are refused.
    fn check_token(&mut self, service: Service, account: &mut Account) {
        let Some(password) = account.passwords.first() else { return };
        let (Token::Known(before) | Token::Unsure { before }) = &account.token;
        let (before, is_known) = (before.clone(), matches!(account.token, Token::Known(_)));
        let status = before.as_ref().map(|key| self.whoami(service, key));
        if is_known {
            self.expect(matches!(status, None | Some(200)), &format!("{}: its token: {status:?}", account.name));
        } else {
            self.expect(matches!(status, None | Some(200 | 401)), &format!("{}: one of two: {status:?}", account.name));
        }
        let body = json!({"username": account.name, "password": password}).to_string();
        let answer = send(service.address, "POST", "/api-token-auth/", None, &body);
        let Some(key) = self.answered(answer, 200).and_then(|answer| field(&answer, "token")) else { return };
        if status == Some(200) {
            self.expect(before.as_ref() == Some(&key), &format!("{}: two tokens are good at once", account.name));
        }
        self.expect(!account.dead_tokens.contains(&key), &format!("{}: a dead token came back", account.name));
        account.learn_token(Some(&key));
        forget_oldest(&mut account.dead_tokens);
        for dead in &account.dead_tokens {
            let status = self.whoami(service, dead);
            self.expect(status == 401, &format!("{}: a token that was taken away: {status}", account.name));
        }
    }

    /// The current refresh tokens are good, the ended ones are not, and now and then a thief comes with a used one.
    fn check_families(&mut self, service: Service, account: &mut Account) {
        for mut family in std::mem::take(&mut account.families) {
            let answer = self.exchanged(service, &family.current);
            let status = answer.as_ref().map_or(0, |answer| answer.status);
            let may_be_refused = match family.state {
                State::Good => false,
                // Whoever got no answer may come again within the grace.
                State::Exchanging => service.grace == Duration::ZERO,
                State::Ending => true,
            };
            let holds = status == 200 || may_be_refused && status == 401;
            self.expect(holds, &format!("{}: a refresh token: {answer:?}", account.name));
            let Some(next) = answer.filter(|_| status == 200).and_then(|answer| field(&answer, "refresh")) else {
                continue;
            };
            family.follow(next);
            // Within the grace, the one before the current one gives the current one again.
            let late = if service.grace == Duration::ZERO { 1 } else { 2 };
            let stolen = family.used.len().checked_sub(late).map(|at| family.used[at].clone());
            match stolen.filter(|_| self.once_in(4)) {
                Some(stolen) => {
                    self.is_refused(service, &account.name, "a used refresh token", &stolen);
                    self.is_refused(service, &account.name, "a token of an ended family", &family.current);
                }
                None => account.families.push(family),
            }
        }
        forget_oldest(&mut account.dead_refreshes);
        for dead in &account.dead_refreshes {
            self.is_refused(service, &account.name, "a blacklisted refresh token", dead);
        }
    }

    fn is_refused(&mut self, service: Service, name: &str, what: &str, token: &str) {
        let answer = self.exchanged(service, token);
        let status = self.status(answer);
        self.expect(status == 401, &format!("{name}: {what}: {status}"));
    }

    fn exchanged(&mut self, service: Service, token: &str) -> Option<Response> {
        send(service.address, "POST", "/api/token/refresh/", None, &json!({"refresh": token}).to_string())
    }

    fn whoami(&mut self, service: Service, key: &str) -> u16 {
        self.status(send(service.address, "GET", "/whoami/", Some(key), ""))
    }

    /// 0 for no answer.
    fn status(&mut self, answer: Option<Response>) -> u16 {
        answer.map_or(0, |answer| answer.status)
    }

    fn expect(&mut self, holds: bool, otherwise: &str) {
        self.tally.checked += 1;
        if !holds {
            self.findings.push(otherwise.to_owned());
        }
    }
}

fn forget_oldest(credentials: &mut Vec<String>) {
    let superfluous = credentials.len().saturating_sub(REMEMBERED);
    credentials.drain(..superfluous);
}

/// What is wrong with the rows, whatever the callers know.
pub fn rows(database: &TestDatabase) -> Vec<String> {
    let mut findings = Vec::new();
    let mut none = |what: &str, sql: &str| {
        let rows = database.texts(sql);
        if !rows.is_empty() {
            findings.push(format!("{what}: {rows:?}"));
        }
    };
    none("users with two tokens", "SELECT user_id FROM authtoken_token GROUP BY user_id HAVING count(*) > 1");
    none(
        "exchanged without a successor, or without being refused",
        "SELECT m.jti FROM hallpass_refresh_member m WHERE m.successor_jti IS NOT NULL AND NOT (\
         EXISTS (SELECT 1 FROM hallpass_refresh_member s WHERE s.jti = m.successor_jti AND s.family_id = m.family_id) \
         AND EXISTS (SELECT 1 FROM token_blacklist_outstandingtoken o WHERE o.jti = m.successor_jti) \
         AND EXISTS (SELECT 1 FROM token_blacklist_outstandingtoken o \
                     JOIN token_blacklist_blacklistedtoken b ON b.token_id = o.id WHERE o.jti = m.jti))",
    );
    none(
        "two successors, or two predecessors",
        "SELECT successor_jti FROM hallpass_refresh_member WHERE successor_jti IS NOT NULL \
         GROUP BY successor_jti HAVING count(*) > 1",
    );
    none(
        "live tokens of ended families",
        "SELECT m.jti FROM hallpass_refresh_member m JOIN hallpass_refresh_family f ON f.id = m.family_id \
         JOIN token_blacklist_outstandingtoken o ON o.jti = m.jti \
         LEFT JOIN token_blacklist_blacklistedtoken b ON b.token_id = o.id \
         WHERE f.revoked_at IS NOT NULL AND b.id IS NULL",
    );
    none(
        "families with two living tokens",
        "SELECT m.family_id FROM hallpass_refresh_member m JOIN token_blacklist_outstandingtoken o ON o.jti = m.jti \
         LEFT JOIN token_blacklist_blacklistedtoken b ON b.token_id = o.id WHERE b.id IS NULL \
         GROUP BY m.family_id HAVING count(*) > 1",
    );
    if database.kind() == Kind::Sqlite {
        none("integrity", "SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'");
        none("foreign keys", "SELECT \"table\" FROM pragma_foreign_key_check");
    }
    findings
}
