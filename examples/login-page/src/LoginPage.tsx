import { type FormEvent, useState } from "react";
import { Refused, explain } from "./hallpass";
import { logIn } from "./session";

export function LoginPage({ ended }: { ended: boolean }) {
  const [problem, setProblem] = useState<unknown>();
  const [busy, setBusy] = useState(false);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setProblem(undefined);
    try {
      await logIn(String(form.get("username")), String(form.get("password")));
    } catch (refusal) {
      setProblem(refusal);
    } finally {
      setBusy(false);
    }
  }

  // What is missing is for the service to say, and so the browser does not (noValidate).
  return (
    <form onSubmit={submit} noValidate>
      <h1>Log in</h1>
      {ended && <p role="status">Your session has ended. Please log in again.</p>}
      {problem !== undefined && explain(problem).map((sentence) => <p role="alert" key={sentence}>{sentence}</p>)}
      <Field name="username" label="User name" autoComplete="username" problem={problem} />
      <Field name="password" label="Password" type="password" autoComplete="current-password" problem={problem} />
      <button disabled={busy}>Log in</button>
    </form>
  );
}

type FieldProps = { name: string; label: string; type?: string; autoComplete: string; problem: unknown };

function Field({ name, label, type = "text", autoComplete, problem }: FieldProps) {
  const sentences = problem instanceof Refused ? problem.about(name) : [];
  const wrong = sentences.length > 0;
  return (
    <div className="field">
      <label htmlFor={name}>{label}</label>
      <input
        id={name}
        name={name}
        type={type}
        autoComplete={autoComplete}
        autoCapitalize="none"
        spellCheck={false}
        required
        aria-invalid={wrong}
        aria-describedby={wrong ? `${name}-problem` : undefined}
      />
      {wrong && <p role="alert" id={`${name}-problem`}>{sentences.join(" ")}</p>}
    </div>
  );
}
