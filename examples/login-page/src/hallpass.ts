/** Requests to hallpass, and what its refusals say. */

const SERVICE = import.meta.env.VITE_HALLPASS_URL || "http://127.0.0.1:8000";

/** Sentences by the name of their field; `detail` and `non_field_errors` are about none. */
type Answer = Record<string, unknown>;

/** When the service was asked and said no. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    private readonly answer: Answer,
  ) {
    super("hallpass refused the request");
  }

  /** What the answer says about this field. */
  about(field: string): string[] {
    return sentences(this.answer[field]);
  }

  /** What the answer says about the request as a whole. */
  get general(): string[] {
    return [...this.about("detail"), ...this.about("non_field_errors")];
  }
}

/** Throws `Refused` for 4xx, and `Error` when there is no service or none that works. */
export async function request<Body>(
  method: string,
  path: string,
  { body, access }: { body?: object; access?: string | null } = {},
): Promise<Body> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (body) headers["Content-Type"] = "application/json";
  if (access) headers["Authorization"] = `Bearer ${access}`;
  const response = await fetch(SERVICE + path, { method, headers, body: body ? JSON.stringify(body) : null });
  const text = await response.text();
  if (response.status >= 500) throw new Error(`hallpass answered ${response.status}`);
  // 204 has no body.
  const answer: unknown = text === "" ? {} : JSON.parse(text);
  if (!response.ok) throw new Refused(response.status, answer as Answer);
  return answer as Body;
}

/** What to show for any of these failures when there is no field to show it at. */
export function explain(problem: unknown): string[] {
  return problem instanceof Refused ? problem.general : ["The service cannot be reached. Please try again later."];
}

function sentences(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).filter((sentence) => typeof sentence === "string");
}
