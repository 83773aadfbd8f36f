//! What a caller was answered about one user, and so what must hold.

/// One user.
pub struct Account {
    pub name: String,
    pub existence: Existence,
    /// One that is right; of two, one is right, since a change was not answered.
    pub passwords: Vec<String>,
    pub token: Token,
    /// Keys that must be refused for good.
    pub dead_tokens: Vec<String>,
    pub families: Vec<Family>,
    /// Refresh tokens that were blacklisted.
    pub dead_refreshes: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Existence {
    Sure,
    /// The registration was not answered.
    Unsure,
}

/// The user's token.
pub enum Token {
    /// It is this one, or they have none.
    Known(Option<String>),
    /// Something was not answered: it may be the one before still, or another, or none.
    Unsure { before: Option<String> },
}

/// A refresh token and those that came before it.
pub struct Family {
    /// All that were exchanged, the oldest first.
    pub used: Vec<String>,
    pub current: String,
    pub state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum State {
    Good,
    /// An exchange of the current one was not answered.
    Exchanging,
    /// A blacklisting of the current one was not answered.
    Ending,
}

impl Account {
    pub fn new(name: String, password: String) -> Self {
        Self {
            name,
            existence: Existence::Unsure,
            passwords: vec![password],
            token: Token::Known(None),
            dead_tokens: Vec::new(),
            families: Vec::new(),
            dead_refreshes: Vec::new(),
        }
    }

    /// Whether everything about it is known.
    pub fn is_sure(&self) -> bool {
        self.existence == Existence::Sure
            && self.passwords.len() == 1
            && matches!(self.token, Token::Known(_))
            && self.families.iter().all(|family| family.state == State::Good)
    }

    pub fn key(&self) -> Option<&str> {
        match &self.token {
            Token::Known(key) => key.as_deref(),
            Token::Unsure { .. } => None,
        }
    }

    /// Something is under way that may change the token.
    pub fn doubt_token(&mut self) {
        if let Token::Known(before) = &mut self.token {
            self.token = Token::Unsure { before: before.take() };
        }
    }

    /// The user has this token now, and none of those before.
    pub fn learn_token(&mut self, key: Option<&str>) {
        let (Token::Known(before) | Token::Unsure { before }) = &self.token;
        if let Some(before) = before.as_deref().filter(|before| Some(*before) != key) {
            self.dead_tokens.push(before.to_owned());
        }
        self.token = Token::Known(key.map(ToOwned::to_owned));
    }
}
