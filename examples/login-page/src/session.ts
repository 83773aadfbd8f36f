/**
 * Who is logged in, and the tokens that say so.
 *
 * The tokens are in localStorage: a reload and other tabs find them there, and so would any script that gets into the
 * page.
 */
import { Refused, request } from "./hallpass";

export type User = { id: number; username: string; email: string };

type Tokens = { access: string; refresh: string };

/** "ended" is "out" for somebody who did not mean to leave. */
type State = "in" | "out" | "ended";

const KEY = "hallpass";

const listeners = new Set<() => void>();
let ended = false;
let renewal: Promise<void> | undefined;

/** Calls `listener` when somebody logs in or out, in this tab or in another. */
export function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener("storage", listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("storage", listener);
  };
}

export function state(): State {
  if (stored()) return "in";
  return ended ? "ended" : "out";
}

/** Throws `Refused` when the name or the password is wrong or missing. */
export async function logIn(username: string, password: string): Promise<void> {
  store(await request<Tokens>("POST", "/auth/jwt/create/", { body: { username, password } }));
}

/** Forgets the tokens, and has the service refuse the refresh token from now on. */
export async function logOut(): Promise<void> {
  const refresh = stored()?.refresh;
  forget(false);
  // Where the service does not hear of it, the token ends by itself, and nobody here has it any longer.
  if (refresh) await request("POST", "/api/token/blacklist/", { body: { refresh } }).catch(() => undefined);
}

export function me(): Promise<User> {
  return authorized<User>("GET", "/auth/users/me/");
}

/**
 * Exchanges the refresh token for new tokens; the session is over when the service refuses. Whoever asks meanwhile waits
 * for the same exchange.
 */
export function renew(): Promise<void> {
  renewal ??= exchange().finally(() => (renewal = undefined));
  return renewal;
}

async function exchange(): Promise<void> {
  const before = stored();
  if (!before) return;
  try {
    const renewed = await request<Partial<Tokens>>("POST", "/auth/jwt/refresh/", { body: { refresh: before.refresh } });
    // Whoever logged out meanwhile stays out. The answer has a refresh token only where the service rotates them.
    if (stored()?.refresh === before.refresh) store({ ...before, ...renewed });
  } catch (problem) {
    if (!(problem instanceof Refused)) throw problem;
    // Another tab may have been faster: then its tokens are the ones to use.
    if (stored()?.refresh === before.refresh) forget(true);
  }
}

/** A request with the access token. One that has expired is renewed, and the request sent once more. */
async function authorized<Answer>(method: string, path: string): Promise<Answer> {
  try {
    return await request<Answer>(method, path, { access: stored()?.access });
  } catch (problem) {
    if (!(problem instanceof Refused) || problem.answer.code !== "token_not_valid") throw problem;
    await renew();
    return request<Answer>(method, path, { access: stored()?.access });
  }
}

function stored(): Tokens | null {
  return JSON.parse(localStorage.getItem(KEY) ?? "null") as Tokens | null;
}

function store(tokens: Tokens): void {
  ended = false;
  localStorage.setItem(KEY, JSON.stringify(tokens));
  listeners.forEach((listener) => listener());
}

function forget(unasked: boolean): void {
  ended = unasked;
  localStorage.removeItem(KEY);
  listeners.forEach((listener) => listener());
}
