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

/** Whether the server says that there is no such thing in the project, or no longer. */
export function isGone(error: unknown): boolean {
  return error instanceof RefusedError && error.status === 404 && !isWithoutProject(error);
}

/** Whether the whole project is not there: deleted, or on a disk that is away and may come again. */
export function isWithoutProject(error: unknown): boolean {
  return error instanceof RefusedError && error.answer["gone"] === "project";
}

/** Whether a picture is another person's to annotate: only it is refused, and nothing else. */
export function isClosed(error: unknown): boolean {
  return error instanceof RefusedError && error.status === 403 && error.answer["closed"] === "picture";
}

export function lineOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
