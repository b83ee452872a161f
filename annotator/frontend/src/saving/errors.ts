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
