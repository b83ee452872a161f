/** A database of the browser, where it gives one. */

/** A browser that does not answer in this time is taken to have none; some private windows never do. */
const PATIENCE_MS = 1500;

export interface DatabaseOptions {
  readonly factory: IDBFactory | undefined;
  readonly name: string;
  /** Makes the stores of a database that is new. */
  readonly create: (database: IDBDatabase) => void;
  /** It is gone: somebody clears the page's data, or a newer version of the page opens in another tab. */
  readonly onLost?: () => void;
}

/** The browser's databases; a page in a frame that may keep nothing is refused the very word. */
export function browserDatabases(): IDBFactory | undefined {
  try {
    return globalThis.indexedDB;
  } catch {
    return undefined;
  }
}

/** Null where the browser has no databases, forbids them or does not answer. */
export function openDatabase({ factory, name, create, onLost }: DatabaseOptions): Promise<IDBDatabase | null> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(null), PATIENCE_MS);
    const answer = (database: IDBDatabase | null): void => {
      clearTimeout(timer);
      resolve(database);
    };
    try {
      if (factory === undefined) return answer(null);
      const request = factory.open(name, 1);
      request.onupgradeneeded = () => create(request.result);
      request.onerror = request.onblocked = () => answer(null);
      request.onsuccess = () => {
        const database = request.result;
        database.onclose = () => onLost?.();
        database.onversionchange = () => {
          database.close();
          onLost?.();
        };
        answer(database);
      };
    } catch {
      answer(null);
    }
  });
}
