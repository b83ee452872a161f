/** Asking again where a server is away for a moment. Only for what it takes once, however often it is sent. */
import { RefusedError } from "./api";

/** A minute in all: a server that is started again answers by then, also on a busy machine. */
const PAUSES_MS = [1000, 2000, 4000, 8000, 16_000, 16_000, 16_000];
/** Said by a proxy before a server that starts, or by one that has too much to do. */
const PASSING: ReadonlySet<number> = new Set([408, 425, 429, 502, 503, 504]);

export async function patiently<T>(send: () => Promise<T>, wait: (milliseconds: number) => Promise<void> = sleep): Promise<T> {
  for (const pause of PAUSES_MS) {
    try {
      return await send();
    } catch (error) {
      if (error instanceof RefusedError && !PASSING.has(error.status)) throw error;
    }
    await wait(pause);
  }
  return send();
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
