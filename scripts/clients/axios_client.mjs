// What a page with axios does all day, against a service at $HALLPASS_URL whose access tokens soon expire.
//
// It wants the user $HALLPASS_USER with the password $HALLPASS_PASSWORD, and refresh tokens that rotate and are
// blacklisted.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import axios from "axios";

const { HALLPASS_URL, HALLPASS_USER, HALLPASS_PASSWORD } = process.env;
const credentials = { username: HALLPASS_USER, password: HALLPASS_PASSWORD };
const PATIENCE = 15_000;

const options = { baseURL: HALLPASS_URL, timeout: PATIENCE, proxy: false };
const plain = axios.create({ ...options, validateStatus: () => true });

const passed = (what) => console.log(`PASS axios: ${what}`);

/** A client that sends the access token along. Of many requests that find it expired, one renews it and all are repeated. */
function sessionOf(tokens, refreshPath) {
  const client = axios.create(options);
  const session = { client, tokens, renewals: 0, loggedOut: false };
  let renewal;

  async function renew() {
    const { data } = await axios.post(refreshPath, { refresh: session.tokens.refresh }, options);
    session.tokens = { ...session.tokens, ...data };
    session.renewals += 1;
  }

  client.interceptors.request.use((request) => {
    request.headers.set("Authorization", `Bearer ${session.tokens.access}`);
    return request;
  });
  client.interceptors.response.use(undefined, async (error) => {
    const { config, response } = error;
    if (response?.status !== 401 || response.data.code !== "token_not_valid" || config.isRepeated) throw error;
    try {
      // Where the refusal comes late, the token that it is about has been replaced already.
      if (config.headers.get("Authorization") === `Bearer ${session.tokens.access}`) {
        renewal ??= renew().finally(() => (renewal = undefined));
        await renewal;
      }
    } catch (refusal) {
      session.loggedOut = refusal.response?.status === 401;
      throw refusal;
    }
    return client({ ...config, isRepeated: true });
  });
  return session;
}

/** Asks until the token has expired, and gives the refusal. */
async function expiryOf(access) {
  const end = Date.now() + PATIENCE;
  while (Date.now() < end) {
    const answer = await plain.get("/whoami/", { headers: { Authorization: `Bearer ${access}` } });
    if (answer.status !== 200) return answer;
    await sleep(100);
  }
  assert.fail(`the access token is still good after ${PATIENCE} milliseconds`);
}

async function jwtSession(loginPath, refreshPath) {
  const wrong = await plain.post(loginPath, { ...credentials, password: "wrong" });
  assert.equal(wrong.status, 401);
  assert.deepEqual(wrong.data, { detail: "No active account found with the given credentials" });
  passed(`${loginPath} refuses a wrong password`);

  const login = await plain.post(loginPath, credentials);
  assert.equal(login.status, 200);
  assert.deepEqual(Object.keys(login.data).sort(), ["access", "refresh"]);
  passed(`${loginPath} gives a pair of tokens`);

  const session = sessionOf(login.data, refreshPath);
  const expired = await expiryOf(login.data.access);
  assert.equal(expired.status, 401);
  assert.equal(expired.data.code, "token_not_valid");

  const paths = ["/whoami/", "/auth/users/me/", "/whoami/", "/auth/users/me/", "/whoami/"];
  const answers = await Promise.all(paths.map((path) => session.client.get(path)));
  assert.deepEqual(answers.map((answer) => answer.data.username), paths.map(() => HALLPASS_USER));
  assert.equal(session.renewals, 1);
  passed("many requests with an expired token are repeated after one renewal");

  assert.notEqual(session.tokens.refresh, login.data.refresh);
  await expiryOf(session.tokens.access);
  const again = await session.client.get("/whoami/");
  assert.equal(again.data.username, HALLPASS_USER);
  assert.equal(session.renewals, 2);
  passed("the rotated refresh token renews again");

  const logout = await plain.post("/api/token/blacklist/", { refresh: session.tokens.refresh });
  assert.deepEqual([logout.status, logout.data], [200, {}]);
  await expiryOf(session.tokens.access);
  await assert.rejects(session.client.get("/whoami/"), (error) => error.response.data.detail === "Token is blacklisted");
  assert.equal(session.loggedOut, true);
  passed("after the logout nothing is renewed");
}

async function tokenSession() {
  const login = await plain.post("/auth/token/login/", credentials);
  assert.equal(login.status, 200);
  const client = axios.create({ ...options, headers: { Authorization: `Token ${login.data.auth_token}` } });
  assert.equal((await client.get("/auth/users/me/")).data.username, HALLPASS_USER);
  passed("/auth/token/login/ gives a token that is good at /auth/users/me/");

  const logout = await client.post("/auth/token/logout/");
  assert.deepEqual([logout.status, logout.data], [204, ""]);
  await assert.rejects(client.get("/auth/users/me/"), (error) => {
    assert.deepEqual([error.response.status, error.response.data], [401, { detail: "Invalid token." }]);
    return true;
  });
  passed("/auth/token/logout/ ends it");
}

await jwtSession("/auth/jwt/create/", "/auth/jwt/refresh/");
await jwtSession("/api/token/", "/api/token/refresh/");
await tokenSession();
