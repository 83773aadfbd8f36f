//! The rows that the database should have, and what holds for them whatever happened.

use std::collections::BTreeSet;

use super::world::World;
use crate::support::database::TestDatabase;

/// Families are compared by their first tokens, whatever they are called.
const ROWS: &str = "\
SELECT 'user ' || id || ' ' || username || CASE WHEN is_active THEN '' ELSE ' inactive' END FROM auth_user
UNION ALL SELECT 'key ' || key || ' ' || user_id FROM authtoken_token
UNION ALL SELECT 'given out ' || jti || ' ' || COALESCE(CAST(user_id AS text), '-') FROM token_blacklist_outstandingtoken
UNION ALL SELECT 'refused ' || o.jti FROM token_blacklist_blacklistedtoken b
    JOIN token_blacklist_outstandingtoken o ON o.id = b.token_id
UNION ALL SELECT 'member ' || m.jti || ' ' || first.jti || ' ' || COALESCE(m.successor_jti, '-') FROM hallpass_refresh_member m
    LEFT JOIN hallpass_refresh_member first ON first.family_id = m.family_id
        AND NOT EXISTS (SELECT 1 FROM hallpass_refresh_member before WHERE before.successor_jti = first.jti)
UNION ALL SELECT 'revoked ' || first.jti FROM hallpass_refresh_family f
    LEFT JOIN hallpass_refresh_member first ON first.family_id = f.id
        AND NOT EXISTS (SELECT 1 FROM hallpass_refresh_member before WHERE before.successor_jti = first.jti)
    WHERE f.revoked_at IS NOT NULL";

/// Rows that break a promise: of users with two tokens, of two exchanges for one token, of what lives in a revoked family,
/// and of what was exchanged and is not used up. No model has any of them.
const BROKEN: &str = "\
SELECT 'two tokens of user ' || user_id FROM authtoken_token GROUP BY user_id HAVING count(*) > 1
UNION ALL SELECT 'two exchanges for ' || successor_jti FROM hallpass_refresh_member WHERE successor_jti IS NOT NULL
    GROUP BY successor_jti HAVING count(*) > 1
UNION ALL SELECT 'alive ' || m.jti FROM hallpass_refresh_member m
    JOIN hallpass_refresh_family f ON f.id = m.family_id
    LEFT JOIN token_blacklist_outstandingtoken o ON o.jti = m.jti
    LEFT JOIN token_blacklist_blacklistedtoken b ON b.token_id = o.id
    WHERE b.id IS NULL AND (f.revoked_at IS NOT NULL OR m.successor_jti IS NOT NULL)";

/// Empties every table that a sequence fills.
pub const EMPTY: &str = "DELETE FROM token_blacklist_blacklistedtoken; DELETE FROM token_blacklist_outstandingtoken;
    DELETE FROM hallpass_refresh_member; DELETE FROM hallpass_refresh_family; DELETE FROM authtoken_token;
    DELETE FROM hallpass_user_state; DELETE FROM auth_user;";

/// Compares the rows with the model's.
pub fn compare(database: &TestDatabase, world: &World) -> Result<(), String> {
    let found: Vec<String> = database.texts(&format!("{ROWS} UNION ALL {BROKEN}"));
    let rows: BTreeSet<String> = found.iter().cloned().collect();
    let expected = expected(world);
    if rows.len() != found.len() || rows != expected {
        let missing: Vec<_> = expected.difference(&rows).collect();
        let surplus: Vec<_> = rows.difference(&expected).collect();
        return Err(format!("rows that should be there: {missing:#?}, and should not: {surplus:#?}"));
    }
    Ok(())
}

fn expected(world: &World) -> BTreeSet<String> {
    let id = |user: usize| world.users[user].id;
    let users = world.users.iter().filter(|user| user.is_there);
    let state = |is_active| if is_active { "" } else { " inactive" };
    let mut rows: BTreeSet<String> =
        users.clone().map(|user| format!("user {} u{}{}", user.id, user.name, state(user.is_active))).collect();
    rows.extend(users.filter_map(|user| Some(format!("key {} {}", user.key.as_ref()?, user.id))));
    let owner = |owner: Option<usize>| owner.map_or("-".to_owned(), |user| id(user).to_string());
    rows.extend(world.outstanding.iter().map(|(jti, user)| format!("given out {jti} {}", owner(*user))));
    rows.extend(world.blacklisted.iter().map(|jti| format!("refused {jti}")));
    rows.extend(world.members.iter().map(|(jti, member)| {
        let successor = member.exchanged.as_ref().map_or("-", |(_, successor)| &successor.jti);
        format!("member {jti} {} {successor}", member.family)
    }));
    rows.extend(world.revoked.iter().map(|family| format!("revoked {family}")));
    rows
}
