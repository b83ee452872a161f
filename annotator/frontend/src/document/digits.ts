/** Which key, 1 to 9, gives which category. */
import type { WireCategory } from "./protocol";

/** The categories by their keys: those that somebody gave a key, and the first of the others in what is left. */
export function categoriesByDigit(categories: readonly WireCategory[]): ReadonlyMap<number, WireCategory> {
  const found = new Map<number, WireCategory>();
  for (const one of categories) if (typeof one.digit === "number" && !found.has(one.digit)) found.set(one.digit, one);
  const others = categories.filter((one) => found.get(one.digit ?? 0) !== one);
  for (let digit = 1; digit <= 9; digit++) {
    const next = found.has(digit) ? undefined : others.shift();
    if (next !== undefined) found.set(digit, next);
  }
  return found;
}

/** The key of each category that has one, by its id. */
export function digitsById(categories: readonly WireCategory[]): ReadonlyMap<number, number> {
  return new Map([...categoriesByDigit(categories)].map(([digit, { id }]) => [id, digit]));
}
