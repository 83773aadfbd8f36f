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
  if (localStorage.getItem("refresh") !== null) return "in";
  return ended ? "ended" : "out";
}

/** Throws `Refused` when the name or the password is wrong or missing. */
export async function logIn(username: string, password: string): Promise<void> {
  store(await request<Tokens>("POST", "/auth/jwt/create/", { body: { username, password } }));
}

/** Forgets the tokens, and has the service refuse the refresh token from now on. */
export async function logOut(): Promise<void> {
  const refresh = localStorage.getItem("refresh");
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
  const refresh = localStorage.getItem("refresh");
  // Another tab may have been faster, or somebody has logged out: what is there then is not ours to change.
  const isStillThere = () => localStorage.getItem("refresh") === refresh;
  try {
    // The answer has a refresh token only where the service rotates them.
    const renewed = await request<Partial<Tokens>>("POST", "/auth/jwt/refresh/", { body: { refresh } });
    if (isStillThere()) store(renewed);
  } catch (problem) {
    if (!(problem instanceof Refused) || problem.status === 429) throw problem;
    if (isStillThere()) forget(true);
  }
}

/** A request with the access token. When that has expired it is renewed, and the request sent once more. */
async function authorized<Answer>(method: string, path: string): Promise<Answer> {
  const access = localStorage.getItem("access");
  try {
    return await request<Answer>(method, path, { access });
  } catch (problem) {
    if (!(problem instanceof Refused) || problem.status !== 401) throw problem;
    // Where the refusal comes late, the token has been replaced already.
    if (localStorage.getItem("access") === access) await renew();
    return request<Answer>(method, path, { access: localStorage.getItem("access") });
  }
}

function store(tokens: Partial<Tokens>): void {
  ended = false;
  for (const [name, token] of Object.entries(tokens)) localStorage.setItem(name, token);
  listeners.forEach((listener) => listener());
}

function forget(unasked: boolean): void {
  ended = unasked;
  localStorage.removeItem("access");
  localStorage.removeItem("refresh");
  listeners.forEach((listener) => listener());
}
