/** Asking again where a server is away. Only for what it takes once, however often it is sent. */
import { RefusedError } from "./errors";

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 16_000;
/** In a row, while the server answers other questions: then it is this one that does not get through. */
const MOST_LOST = 3;
const MOST_TRIES = 60;
/** Said by a proxy before a server that starts, or by one that has too much to do. */
const PASSING: ReadonlySet<number> = new Set([408, 425, 429, 502, 503, 504]);

export interface Patience {
  /** Whether the server answers a small question. */
  readonly reachable: () => Promise<boolean>;
  readonly wait?: (milliseconds: number) => Promise<void>;
}

export async function patiently<T>(send: () => Promise<T>, { reachable, wait = sleep }: Patience): Promise<T> {
  let lost = 0;
  for (let tries = 1; ; tries++) {
    try {
      return await send();
    } catch (error) {
      if (error instanceof RefusedError && !PASSING.has(error.status)) throw error;
      lost = (await reachable()) ? lost + 1 : 0;
      if (lost === MOST_LOST || tries === MOST_TRIES) throw error;
    }
    await wait(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (tries - 1)));
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
