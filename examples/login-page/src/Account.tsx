import { useEffect, useState } from "react";
import { explain } from "./hallpass";
import { type User, logOut, me, renew } from "./session";

const RENEW_EVERY = 1000 * Number(import.meta.env.VITE_REFRESH_SECONDS || 300);

/** What the service knows of whoever is logged in. While it is shown, the tokens are renewed. */
export function Account() {
  const [user, setUser] = useState<User>();
  const [problem, setProblem] = useState<unknown>();

  useEffect(() => {
    let gone = false;
    me().then(
      (user) => gone || setUser(user),
      (problem: unknown) => gone || setProblem(problem),
    );
    return () => {
      gone = true;
    };
  }, []);

  useEffect(() => {
    // One that fails because the service cannot be reached is made up for by the next.
    const timer = setInterval(() => void renew().catch(() => undefined), RENEW_EVERY);
    return () => clearInterval(timer);
  }, []);

  return (
    <section>
      <h1 tabIndex={-1} ref={takeFocus}>Your account</h1>
      {problem !== undefined && explain(problem).map((sentence) => <p role="alert" key={sentence}>{sentence}</p>)}
      {user && (
        <dl>
          <dt>User name</dt>
          <dd>{user.username}</dd>
          <dt>Email address</dt>
          <dd>{user.email || "none"}</dd>
        </dl>
      )}
      <button onClick={() => void logOut()}>Log out</button>
    </section>
  );
}

/** The form that had the focus is gone: screen readers say what came in its place. */
function takeFocus(heading: HTMLElement | null) {
  heading?.focus();
}
