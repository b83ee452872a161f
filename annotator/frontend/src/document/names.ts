/** Names that nobody else gives. */

/** A random name, of a tab or of a new instance. crypto.randomUUID exists only on https and localhost. */
export function randomName(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
