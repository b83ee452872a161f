/** One value that changes as a whole, and those who want to know. */

export class Store<T extends object> {
  private listeners: ((now: T, before: T) => void)[] = [];

  constructor(private value: T) {}

  get(): T {
    return this.value;
  }

  set(patch: Partial<T>): void {
    const before = this.value;
    if (Object.entries(patch).every(([name, value]) => before[name as keyof T] === value)) return;
    this.value = { ...before, ...patch };
    for (const listener of this.listeners) listener(this.value, before);
  }

  /** What it returns ends it. */
  subscribe(listener: (now: T, before: T) => void): () => void {
    this.listeners.push(listener);
    return () => {
      this.listeners = this.listeners.filter((one) => one !== listener);
    };
  }
}
