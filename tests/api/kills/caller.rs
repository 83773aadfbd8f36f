//! One of those who call, in the time before the fault.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::json;

use super::account::{Account, Existence, Family, State};
use super::audited::Ledger;
use super::http::send;
use super::random::Random;
use crate::support::client::Response;
use crate::support::program::CREATE_TOKEN;

/// How many accounts a caller uses at a time.
const ACCOUNTS: usize = 5;

/// How many refresh tokens of one user at a time.
const FAMILIES: usize = 3;

/// How long `create_token` lives at most that is to be killed; some are done before.
const SHORT_LIFE: Duration = Duration::from_millis(60);

/// Where to call.
pub struct Load<'a> {
    pub address: SocketAddr,
    pub config: &'a PathBuf,
    /// Set when there is no more to be called.
    pub is_over: &'a AtomicBool,
}

pub struct Caller {
    pub accounts: Vec<Account>,
    /// The names of all users that were ever registered here.
    pub names: Vec<String>,
    pub findings: Vec<String>,
    pub tally: Tally,
    pub ledger: Ledger,
    number: usize,
    registered: usize,
    random: Random,
}

/// How many answers of each kind there were.
#[derive(Clone, Copy, Default)]
pub struct Tally {
    /// What was asked for was done, and said to be done.
    pub acknowledged: usize,
    /// 503, or no answer at all.
    pub unanswered: usize,
    /// Things that were looked at afterwards.
    pub checked: usize,
}

impl Caller {
    pub fn new(number: usize, random: Random) -> Self {
        let (accounts, names, findings) = (Vec::new(), Vec::new(), Vec::new());
        let (tally, ledger) = (Tally::default(), Ledger::default());
        Self { accounts, names, findings, tally, ledger, number, registered: 0, random }
    }

    /// Calls until it is over, or until nothing is left of which it is sure.
    pub fn call(&mut self, load: &Load<'_>) {
        while !load.is_over.load(Ordering::SeqCst) {
            let sure: Vec<usize> = (0..self.accounts.len()).filter(|at| self.accounts[*at].is_sure()).collect();
            if self.accounts.len() < ACCOUNTS && (sure.is_empty() || self.random.once_in(10)) {
                self.register(load);
            } else if sure.is_empty() {
                return;
            } else {
                let at = sure[self.random.below(sure.len())];
                let mut account = self.accounts.swap_remove(at);
                self.act(load, &mut account);
                self.accounts.push(account);
            }
        }
    }

    fn act(&mut self, load: &Load<'_>, account: &mut Account) {
        match self.random.below(100) {
            0..20 => self.log_in(load, account),
            20..55 => self.exchange(load, account),
            55..65 => self.pair(load, account),
            65..75 => self.blacklist(load, account),
            75..85 => self.log_out(load, account),
            85..95 => self.change_password(load, account),
            _ => self.create_token(load, account),
        }
    }

    fn register(&mut self, load: &Load<'_>) {
        self.registered += 1;
        let name = format!("caller{}-{}", self.number, self.registered);
        let password = self.password();
        let body = json!({"username": name, "password": password}).to_string();
        let mut account = Account::new(name, password);
        if self.answered(send(load.address, "POST", "/auth/users/", None, &body), 201).is_some() {
            account.existence = Existence::Sure;
        }
        self.accounts.push(account);
    }

    fn log_in(&mut self, load: &Load<'_>, account: &mut Account) {
        let known = account.key().map(ToOwned::to_owned);
        account.doubt_token();
        let body = json!({"username": account.name, "password": account.passwords[0]}).to_string();
        let answer = send(load.address, "POST", "/api-token-auth/", None, &body);
        if let Some(key) = self.answered(answer, 200).and_then(|answer| field(&answer, "token")) {
            if known.as_ref().is_some_and(|known| *known != key) {
                self.findings.push(format!("{}: a login gave another token than the one before", account.name));
            }
            account.learn_token(Some(&key));
        }
    }

    fn log_out(&mut self, load: &Load<'_>, account: &mut Account) {
        let Some(key) = account.key().map(ToOwned::to_owned) else { return };
        account.doubt_token();
        let answer = self.answered(send(load.address, "POST", "/auth/token/logout/", Some(&key), ""), 204);
        self.ledger.note("logout", answer.is_some());
        if answer.is_some() {
            account.learn_token(None);
        }
    }

    fn pair(&mut self, load: &Load<'_>, account: &mut Account) {
        if account.families.len() >= FAMILIES {
            return;
        }
        let body = json!({"username": account.name, "password": account.passwords[0]}).to_string();
        let answer = send(load.address, "POST", "/api/token/", None, &body);
        if let Some(current) = self.answered(answer, 200).and_then(|answer| field(&answer, "refresh")) {
            account.families.push(Family { used: Vec::new(), current, state: State::Good });
        }
    }

    fn exchange(&mut self, load: &Load<'_>, account: &mut Account) {
        let Some(at) = self.any(account.families.len()) else { return };
        let family = &mut account.families[at];
        family.state = State::Exchanging;
        let body = json!({"refresh": family.current}).to_string();
        let answer = send(load.address, "POST", "/api/token/refresh/", None, &body);
        if let Some(next) = self.answered(answer, 200).and_then(|answer| field(&answer, "refresh")) {
            family.follow(next);
        }
    }

    fn blacklist(&mut self, load: &Load<'_>, account: &mut Account) {
        let Some(at) = self.any(account.families.len()) else { return };
        account.families[at].state = State::Ending;
        let body = json!({"refresh": account.families[at].current}).to_string();
        if self.answered(send(load.address, "POST", "/api/token/blacklist/", None, &body), 200).is_some() {
            account.dead_refreshes.push(account.families.swap_remove(at).current);
        }
    }

    fn change_password(&mut self, load: &Load<'_>, account: &mut Account) {
        let Some(key) = account.key().map(ToOwned::to_owned) else { return };
        account.passwords.push(self.password());
        let body = json!({"current_password": account.passwords[0], "new_password": account.passwords[1]}).to_string();
        let answer = self.answered(send(load.address, "POST", "/auth/users/set_password/", Some(&key), &body), 204);
        self.ledger.note("password_change", answer.is_some());
        if answer.is_some() {
            account.passwords.remove(0);
        }
    }

    /// Every other one is killed in the middle of it. What it has printed by then counts as answered.
    fn create_token(&mut self, load: &Load<'_>, account: &mut Account) {
        let resets = self.random.once_in(2);
        let known = account.key().map(ToOwned::to_owned);
        account.doubt_token();
        let mut program = Command::new(CREATE_TOKEN);
        program.arg("--config").arg(load.config).args(resets.then_some("-r")).arg(&account.name);
        let child = program.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let child = child.expect("it starts");
        let printed = if self.random.once_in(2) {
            killed(child, self.random.between(Duration::ZERO, SHORT_LIFE))
        } else {
            finished(child)
        };
        let printed = printed.strip_prefix("Generated token ").and_then(|rest| rest.get(..40));
        self.ledger.note("token_created", printed.is_some());
        match printed {
            Some(key) => {
                self.tally.acknowledged += 1;
                if known.as_ref().is_some_and(|known| (known == key) == resets) {
                    self.findings.push(format!("{}: create_token printed a wrong token", account.name));
                }
                account.learn_token(Some(key));
            }
            None => self.tally.unanswered += 1,
        }
    }

    /// The answer, when it is the one that says that it was done.
    pub fn answered(&mut self, answer: Option<Response>, done: u16) -> Option<Response> {
        match answer {
            Some(answer) if answer.status == done => {
                self.tally.acknowledged += 1;
                Some(answer)
            }
            Some(answer) if answer.status != 503 => {
                self.findings.push(format!("{done} was expected, and this came: {answer:?}"));
                None
            }
            _ => {
                self.tally.unanswered += 1;
                None
            }
        }
    }

    pub fn once_in(&mut self, times: usize) -> bool {
        self.random.once_in(times)
    }

    fn any(&mut self, count: usize) -> Option<usize> {
        (count > 0).then(|| self.random.below(count))
    }

    fn password(&mut self) -> String {
        format!("Fern-{}-Moss-{}", self.random.below(1_000_000), self.random.below(1_000_000))
    }
}

impl Family {
    /// The current one was exchanged for `next`.
    pub fn follow(&mut self, next: String) {
        self.used.push(std::mem::replace(&mut self.current, next));
        self.state = State::Good;
    }
}

pub fn field(answer: &Response, name: &str) -> Option<String> {
    answer.json()[name].as_str().map(ToOwned::to_owned)
}

fn killed(mut child: Child, after: Duration) -> String {
    thread::sleep(after);
    let _ = child.kill();
    finished(child)
}

fn finished(child: Child) -> String {
    let output = child.wait_with_output().expect("it ends");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
