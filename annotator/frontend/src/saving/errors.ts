/** What the server refuses. */

/** The server answered, and said no. `message` is its one line. */
export class RefusedError extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly answer: Record<string, unknown> = {},
  ) {
    super(message);
  }
}

/** Whether the server says that there is no such thing, or no longer. */
export function isGone(error: unknown): boolean {
  return error instanceof RefusedError && error.status === 404;
}

export function lineOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
