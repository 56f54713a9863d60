/** What the service says when it refuses: problem+json (RFC 9457), with what to do next in `hint`. */
export class Problem extends Error {
  readonly status: number;
  readonly title: string;
  readonly hint: string;
  readonly type: string;

  constructor(
    status: number,
    body: { title?: string; detail?: string; hint?: string | null; type?: string } = {},
  ) {
    super(body.detail || body.title || "");
    this.status = status;
    this.title = body.title ?? "";
    this.hint = body.hint ?? "";
    this.type = body.type ?? "";
  }
}

/** The service cannot be reached: it was stopped, or the machine sleeps. */
export class Unreachable extends Error {}

export async function problemOf(response: Response): Promise<Problem> {
  try {
    return new Problem(response.status, await response.json());
  } catch {
    return new Problem(response.status);
  }
}
