//! Every change has its row in the audit, and every row its change, whatever was killed in between.

use std::collections::BTreeMap;

use crate::support::database::TestDatabase;

/// How often callers did what leaves no trace in the tables but its row.
#[derive(Clone, Default)]
pub struct Ledger(BTreeMap<&'static str, Counted>);

#[derive(Clone, Copy, Default)]
struct Counted {
    acknowledged: usize,
    unanswered: usize,
}

impl Ledger {
    /// Notes something that the audit calls `event`.
    pub fn note(&mut self, event: &'static str, is_acknowledged: bool) {
        let counted = self.0.entry(event).or_default();
        match is_acknowledged {
            true => counted.acknowledged += 1,
            false => counted.unanswered += 1,
        }
    }

    pub fn add(mut self, other: &Self) -> Self {
        for (event, counted) in &other.0 {
            let sum = self.0.entry(event).or_default();
            sum.acknowledged += counted.acknowledged;
            sum.unanswered += counted.unanswered;
        }
        self
    }

    /// What was acknowledged has its row. What was not answered may have one, and nothing else has.
    pub fn compare(&self, database: &TestDatabase) -> Vec<String> {
        let mut findings = Vec::new();
        for (event, Counted { acknowledged, unanswered }) in &self.0 {
            let sql = format!("SELECT count(*) FROM hallpass_audit WHERE event = '{event}' AND outcome = 'success'");
            let rows: usize = database.texts(&sql)[0].parse().expect("a number");
            if rows < *acknowledged || rows > acknowledged + unanswered {
                findings.push(format!("{event}: {acknowledged} acknowledged, {unanswered} unanswered, {rows} rows"));
            }
        }
        findings
    }
}

/// Of each kind of change that the tables show: what was changed, and what the audit says was.
const CHANGES: [(&str, &str, &str); 5] = [
    (
        "registrations",
        "SELECT CAST(id AS text) FROM auth_user",
        "SELECT CAST(user_id AS text) FROM hallpass_audit WHERE event = 'registration'",
    ),
    (
        "tokens that were given out",
        "SELECT jti FROM token_blacklist_outstandingtoken",
        // The others are of opaque tokens, or were given out once more.
        "SELECT token FROM hallpass_audit WHERE event IN ('login', 'refresh') AND reason IS NULL AND length(token) > 8",
    ),
    (
        "exchanges",
        "SELECT successor_jti FROM hallpass_refresh_member WHERE successor_jti IS NOT NULL",
        "SELECT token FROM hallpass_audit WHERE event = 'refresh' AND reason IS NULL",
    ),
    (
        "tokens that were ended by themselves",
        "SELECT o.jti FROM token_blacklist_outstandingtoken o JOIN token_blacklist_blacklistedtoken b ON b.token_id = o.id \
         LEFT JOIN hallpass_refresh_member m ON m.jti = o.jti LEFT JOIN hallpass_refresh_family f ON f.id = m.family_id \
         WHERE m.successor_jti IS NULL AND f.revoked_at IS NULL",
        "SELECT a.token FROM hallpass_audit a LEFT JOIN hallpass_refresh_member m ON m.jti = a.token \
         LEFT JOIN hallpass_refresh_family f ON f.id = m.family_id \
         WHERE a.event = 'blacklist' AND a.outcome = 'success' AND f.revoked_at IS NULL",
    ),
    (
        "families that were ended",
        "SELECT id FROM hallpass_refresh_family WHERE revoked_at IS NOT NULL",
        "SELECT m.family_id FROM hallpass_audit a LEFT JOIN hallpass_refresh_member m ON m.jti = a.token \
         WHERE a.event = 'family_revoked'",
    ),
];

/// Changes without a row, rows without a change, and changes with two rows.
pub fn rows(database: &TestDatabase) -> Vec<String> {
    let mut findings = Vec::new();
    for (what, changes, told) in CHANGES {
        for (how, sql) in [
            ("not in the audit", format!("{changes} EXCEPT {told}")),
            ("in the audit only", format!("{told} EXCEPT {changes}")),
            (
                "in the audit twice",
                format!("SELECT v FROM (WITH t(v) AS ({told}) SELECT v FROM t) AS u GROUP BY v HAVING count(*) > 1"),
            ),
        ] {
            let rows = database.texts(&sql);
            if !rows.is_empty() {
                findings.push(format!("{what}, {how}: {rows:?}"));
            }
        }
    }
    findings
}
