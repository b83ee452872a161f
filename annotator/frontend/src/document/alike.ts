/** Names of categories that a person takes for one: they differ in capitals alone, or in how an accent is written. */

export function isAlike(one: string, other: string): boolean {
  return folded(one) === folded(other);
}

/** Those that are new, each with another that is like it. */
export function newAlike(before: readonly string[], now: readonly string[]): (readonly [name: string, other: string])[] {
  const known = new Set(before);
  const byFold = new Map<string, string>();
  for (const name of [...now.filter((one) => known.has(one)), ...now]) if (!byFold.has(folded(name))) byFold.set(folded(name), name);
  const fresh = now.filter((name) => !known.has(name));
  return fresh.flatMap((name) => (byFold.get(folded(name)) === name ? [] : [[name, byFold.get(folded(name))!] as const]));
}

function folded(name: string): string {
  return name.normalize("NFC").toLowerCase();
}
