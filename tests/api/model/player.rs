//! Plays a step to the service and to the model, and compares.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hallpass::accounts::links::encode_uid;
use hallpass::accounts::{LinkTokens, UserState};
use hallpass::manage::Context;
use hallpass::manage::create_token::CreateToken;
use hallpass::secret::Secret;
use hallpass::settings::Settings;
use hallpass::store::accounts;
use proptest::sample::Index;
use serde_json::{Value, json};

use super::rows;
use super::step::{Keyword, Login, PASSWORDS, Step};
use super::world::{Answer, Exchange, Kind, Rules, Token, User, World, refused};
use crate::support::TestApp;
use crate::support::client::Response;
use crate::support::database::SECRET_KEY;

const WRONG: &str = "no such password";
const WRONG_CURRENT: &str = r#"{"current_password":["Invalid password."]}"#;

/// How long tokens are good by default, in seconds.
const ACCESS: i64 = 300;
const REFRESH: i64 = 86_400;
const SLIDING: i64 = 300;

type Played = Result<(), String>;

pub struct Player<'a> {
    app: &'a TestApp,
    world: World,
    /// The token that was sent in the last exchange.
    sent: Option<Token>,
}

impl<'a> Player<'a> {
    /// Begins with an empty database.
    pub fn new(app: &'a TestApp, rules: Rules) -> Self {
        app.database.execute(rows::EMPTY);
        Self { app, world: World::new(rules), sent: None }
    }

    pub fn play(&mut self, step: &Step) -> Played {
        self.world.now = self.app.clock.now().as_micros();
        self.act(step).and_then(|()| rows::compare(&self.app.database, &self.world)).map_err(|reason| {
            let tokens = &self.world.tokens;
            format!("{step:?}: {reason}\nwith {tokens:#?}")
        })
    }

    fn act(&mut self, step: &Step) -> Played {
        match *step {
            Step::Register { name, password } => self.register(name, password),
            Step::Login { name, is_right, how } => self.login(name, is_right, how),
            Step::Refresh(index) => self.with(index, Self::refresh),
            Step::RefreshAgain(lag) => {
                let Some(token) = self.sent.clone() else { return Ok(()) };
                self.app.clock.advance(lag);
                self.world.now = self.app.clock.now().as_micros();
                self.refresh(&token)
            }
            Step::Blacklist(index) => self.with(index, |player, token| {
                let answer = player.post("/api/token/blacklist/", None, &json!({"refresh": token.text}));
                same(&answer, &player.world.blacklist(token))
            }),
            Step::Verify(index) => self.with(index, |player, token| {
                let answer = player.post("/api/token/verify/", None, &json!({"token": token.text}));
                same(&answer, &player.world.verify(token))
            }),
            Step::RenewSliding(index) => self.with(index, Self::renew),
            Step::Ask(index, keyword) => self.with(index, |player, token| player.ask(token, keyword)),
            Step::Logout(index, keyword) => self.with(index, |player, token| {
                let answer = player.post("/auth/token/logout/", Some((token, keyword)), &json!({}));
                let caller = player.world.caller(token, keyword);
                same(&answer, &caller.as_ref().map_or_else(Clone::clone, |_| refused(204, "")))?;
                caller.map(|user| player.world.users[user].key = None).ok();
                Ok(())
            }),
            Step::ChangePassword { token, keyword, is_right, new } => {
                self.with(token, |player, token| player.change_password(token, keyword, is_right, new))
            }
            Step::ResetPassword { name, new } => self.reset_password(name, new),
            Step::SetActive { name, is_active } => self.set_active(name, is_active),
            Step::Delete { token, keyword, is_right } => {
                self.with(token, |player, token| player.delete(token, keyword, is_right))
            }
            Step::CreateToken { name, reset } => self.create_token(name, reset),
            Step::Wait(span) => {
                self.app.clock.advance(span);
                Ok(())
            }
        }
    }

    fn register(&mut self, name: usize, password: usize) -> Played {
        let body = json!({"username": format!("u{name}"), "email": "u@example.com", "password": PASSWORDS[password]});
        let answer = self.post("/auth/users/", None, &body);
        if self.world.named(name).is_some() {
            return same(&answer, &refused(400, r#"{"username":["A user with that username already exists."]}"#));
        }
        same(&answer, &refused(201, ""))?;
        let id = answer.json()["id"].as_i64().ok_or("no id")?;
        let user = User { id, name, password, is_there: true, is_active: true, key: None, refused_until: None };
        self.world.users.push(user);
        Ok(())
    }

    fn login(&mut self, name: usize, is_right: bool, how: Login) -> Played {
        let user = self.world.admitted(name, is_right);
        let (path, wrong) = match how {
            Login::AuthToken => ("/api-token-auth/", None),
            Login::Djoser => ("/auth/token/login/", None),
            Login::Pair => ("/api/token/", Some("No active account found with the given credentials")),
            Login::Sliding => ("/api/token/sliding/", Some("No active account found with the given credentials")),
        };
        let is_signed = wrong.is_some();
        // In the second in which all of a user's tokens were ended a login waits for the next one, and this clock stands still.
        if is_signed && user.is_some_and(|user| self.world.users[user].refused_until >= Some(self.world.seconds())) {
            self.app.clock.advance(Duration::from_secs(1));
            self.world.now = self.app.clock.now().as_micros();
        }
        let password = match self.world.named(name) {
            Some(user) if is_right => PASSWORDS[self.world.users[user].password],
            _ => WRONG,
        };
        let answer = self.post(path, None, &json!({"username": format!("u{name}"), "password": password}));
        let Some(user) = user else {
            let unable = r#"{"non_field_errors":["Unable to log in with provided credentials."]}"#;
            return same(&answer, &wrong.map_or_else(|| refused(400, unable), |wrong| refused(401, wrong)));
        };
        same(&answer, &refused(200, ""))?;
        match how {
            Login::AuthToken => self.hold(user, &field(&answer, "token")?),
            Login::Djoser => self.hold(user, &field(&answer, "auth_token")?),
            Login::Pair => {
                let refresh = self.read(Kind::Refresh, user, field(&answer, "refresh")?, REFRESH)?;
                self.world.note(&refresh);
                self.read(Kind::Access, user, field(&answer, "access")?, ACCESS).map(drop)
            }
            Login::Sliding => {
                let sliding = self.read(Kind::Sliding, user, field(&answer, "token")?, SLIDING)?;
                self.world.note(&sliding);
                Ok(())
            }
        }
    }

    /// The user has this token: the one that they had, if they had one.
    fn hold(&mut self, user: usize, key: &str) -> Played {
        match &self.world.users[user].key {
            Some(had) if had != key => return Err(format!("{key} in place of {had}")),
            Some(_) => return Ok(()),
            None => self.world.users[user].key = Some(key.to_owned()),
        }
        self.know_key(user, key);
        Ok(())
    }

    fn know_key(&mut self, user: usize, key: &str) {
        let (text, jti) = (key.to_owned(), String::new());
        let token = Token { kind: Kind::Opaque, text, jti, user, issued_at: 0, expires_at: 0, renewable_until: 0 };
        self.world.tokens.push(token);
    }

    fn refresh(&mut self, token: &Token) -> Played {
        self.sent = Some(token.clone());
        let answer = self.post("/api/token/refresh/", None, &json!({"refresh": token.text}));
        let exchange = self.world.refresh(token);
        if let Exchange::Refused(expected) = exchange {
            return same(&answer, &expected);
        }
        same(&answer, &refused(200, ""))?;
        self.read(Kind::Access, token.user, field(&answer, "access")?, ACCESS)?;
        let given = field(&answer, "refresh")?;
        match exchange {
            Exchange::Again(successor) if given != successor.text => Err(format!("another successor: {given}")),
            Exchange::New => {
                let successor = self.read(Kind::Refresh, token.user, given, REFRESH)?;
                self.world.exchanged(token, &successor);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn renew(&mut self, token: &Token) -> Played {
        let answer = self.post("/api/token/sliding/refresh/", None, &json!({"token": token.text}));
        if let Err(expected) = self.world.renew(token) {
            return same(&answer, &expected);
        }
        same(&answer, &refused(200, ""))?;
        let renewed = self.read(Kind::Sliding, token.user, field(&answer, "token")?, SLIDING)?;
        match (&renewed.jti, renewed.renewable_until) == (&token.jti, token.renewable_until) {
            true => Ok(()),
            false => Err(format!("{renewed:?} is no renewal")),
        }
    }

    fn ask(&mut self, token: &Token, keyword: Keyword) -> Played {
        let header = authorization(token, keyword);
        let answer = self.app.client.get("/whoami/", &[("Authorization", &header)]);
        match self.world.caller(token, keyword) {
            Err(expected) => same(&answer, &expected),
            Ok(user) => {
                same(&answer, &refused(200, ""))?;
                let (found, id) = (answer.json()["id"].clone(), self.world.users[user].id);
                if found == id { Ok(()) } else { Err(format!("{found} is taken for {id}")) }
            }
        }
    }

    fn change_password(&mut self, token: &Token, keyword: Keyword, is_right: bool, new: usize) -> Played {
        let caller = self.world.caller(token, keyword);
        let body = json!({"current_password": self.password_of(token, is_right), "new_password": PASSWORDS[new]});
        let answer = self.post("/auth/users/set_password/", Some((token, keyword)), &body);
        let user = match caller {
            Err(expected) => return same(&answer, &expected),
            Ok(_) if !is_right => return same(&answer, &refused(400, WRONG_CURRENT)),
            Ok(user) => user,
        };
        same(&answer, &refused(204, ""))?;
        self.world.users[user].password = new;
        if self.world.rules.ends_on_change {
            self.world.end_all_tokens(user);
        }
        Ok(())
    }

    /// The link is used twice.
    fn reset_password(&mut self, name: usize, new: usize) -> Played {
        let Some(user) = self.world.named(name) else { return Ok(()) };
        let id = i32::try_from(self.world.users[user].id).map_err(|error| error.to_string())?;
        let found = self.app.hallpass.store().run_blocking(|connection| accounts::find(connection, id));
        let account = found.map_err(|error| error.to_string())?.ok_or("no row")?;
        let encoded = account.encoded_password();
        let (last_login, email) = (account.last_login(), account.email.as_str());
        let state = UserState { id, encoded_password: encoded.expose(), last_login, email };
        let links = LinkTokens::new(self.app.hallpass.settings(), &Secret::new(SECRET_KEY));
        let token = links.make(&state, self.app.clock.now());
        let body = json!({"uid": encode_uid(id), "token": token, "new_password": PASSWORDS[new]});
        let reset = || self.post("/auth/users/reset_password_confirm/", None, &body);
        let (first, second) = (reset(), reset());
        let spent = refused(400, r#"{"token":["Invalid token for given user."]}"#);
        same(&second, &spent)?;
        if !self.world.users[user].is_active {
            return same(&first, &spent);
        }
        same(&first, &refused(204, ""))?;
        self.world.users[user].password = new;
        self.world.end_all_tokens(user);
        Ok(())
    }

    /// As an administrator does it in Django.
    fn set_active(&mut self, name: usize, is_active: bool) -> Played {
        let Some(user) = self.world.named(name) else { return Ok(()) };
        let id = self.world.users[user].id;
        self.app.database.execute(&format!("UPDATE auth_user SET is_active = {is_active} WHERE id = {id}"));
        self.world.users[user].is_active = is_active;
        Ok(())
    }

    fn delete(&mut self, token: &Token, keyword: Keyword, is_right: bool) -> Played {
        let body = json!({"current_password": self.password_of(token, is_right)}).to_string();
        let header = authorization(token, keyword);
        let headers = [("Content-Type", "application/json"), ("Authorization", header.as_str())];
        let answer = self.app.client.request("DELETE", "/auth/users/me/", &headers, Some(body.as_bytes()));
        match self.world.caller(token, keyword) {
            Err(expected) => same(&answer, &expected),
            Ok(_) if !is_right => same(&answer, &refused(400, WRONG_CURRENT)),
            Ok(user) => {
                same(&answer, &refused(204, ""))?;
                self.world.delete(user);
                Ok(())
            }
        }
    }

    /// The command, on connections of its own.
    fn create_token(&mut self, name: usize, reset: bool) -> Played {
        let arguments = ["create_token", if reset { "--reset" } else { "--" }, &format!("u{name}")].map(Into::into);
        let command = CreateToken::from_arguments(arguments).map_err(|error| error.to_string())?;
        let database = &self.app.database;
        let settings = Settings::from_toml(&database.settings()).map_err(|complaints| format!("{complaints:?}"))?;
        let context = Context { settings, clock: self.app.clock.clone(), input: Box::new(std::io::empty()) };
        let mut printed = Vec::new();
        let ended = command.run_in(context, &mut printed).map_err(|failure| failure.to_string());
        let Some(user) = self.world.named(name) else {
            let unknown = format!("Cannot create the Token: user u{name} does not exist");
            return if ended == Err(unknown) { Ok(()) } else { Err(format!("{ended:?}")) };
        };
        ended?;
        let printed = String::from_utf8_lossy(&printed).into_owned();
        let key = printed.split(' ').nth(2).ok_or("no key")?.to_owned();
        if !reset {
            return self.hold(user, &key);
        }
        self.world.users[user].key = Some(key.clone());
        self.know_key(user, &key);
        Ok(())
    }
}

impl Player<'_> {
    /// Does something with one of the tokens that were seen, if there are any.
    fn with(&mut self, index: Index, act: impl FnOnce(&mut Self, &Token) -> Played) -> Played {
        if self.world.tokens.is_empty() {
            return Ok(());
        }
        let token = index.get(&self.world.tokens).clone();
        act(self, &token)
    }

    fn post(&self, path: &str, caller: Option<(&Token, Keyword)>, body: &Value) -> Response {
        let header = caller.map(|(token, keyword)| authorization(token, keyword));
        let headers = header.iter().map(|header| ("Authorization", header.as_str()));
        let headers: Vec<(&str, &str)> = headers.chain([("Content-Type", "application/json")]).collect();
        self.app.client.post(path, &headers, body.to_string().as_bytes())
    }

    fn password_of(&self, token: &Token, is_right: bool) -> &'static str {
        if is_right { PASSWORDS[self.world.users[token.user].password] } else { WRONG }
    }

    /// Notes a signed token that was given out just now, after a look at what it says.
    fn read(&mut self, kind: Kind, user: usize, text: String, lifetime: i64) -> Result<Token, String> {
        let payload = text.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok()).ok_or("no payload")?;
        let claims: Value = serde_json::from_slice(&payload).map_err(|error| error.to_string())?;
        let number = |name: &str| claims[name].as_i64().unwrap_or_default();
        let token = Token {
            kind,
            jti: claims["jti"].as_str().unwrap_or_default().to_owned(),
            user,
            issued_at: number("iat"),
            expires_at: number("exp"),
            renewable_until: number("refresh_exp"),
            text,
        };
        let (now, id) = (self.world.seconds(), self.world.users[user].id.to_string());
        if (token.issued_at, token.expires_at) != (now, now + lifetime) || claims["user_id"] != id {
            return Err(format!("at {now} for user {id} a token says {claims}"));
        }
        self.world.tokens.push(token.clone());
        Ok(token)
    }
}

fn authorization(token: &Token, keyword: Keyword) -> String {
    format!("{keyword:?} {}", token.text)
}

fn field(answer: &Response, name: &str) -> Result<String, String> {
    answer.json()[name].as_str().map(ToOwned::to_owned).ok_or_else(|| format!("no {name} in {answer:?}"))
}

/// Of a refusal the code and the sentences that it has, or else its whole body.
fn same(answer: &Response, expected: &Answer) -> Played {
    let mut says = String::new();
    if answer.status >= 300 {
        let body = answer.json();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let messages = body["messages"].as_array().map(|messages| messages.iter().map(|each| text(&each["message"])));
        says = match messages {
            Some(messages) => messages.collect::<Vec<_>>().join(" / "),
            None if body["detail"].is_string() => text(&body["detail"]),
            None => answer.text(),
        };
        if let Some(code) = body["code"].as_str() {
            says = format!("{code}: {says}");
        }
    }
    match (answer.status, says) == *expected {
        true => Ok(()),
        false => Err(format!("expected {expected:?}, and not {answer:?}")),
    }
}
