/** The name that a file's bytes have in a project. */

/** What a browser reads into memory at once for it. */
const LARGEST = 256 * 1024 * 1024;

/** In hexadecimal; null where the browser cannot tell it: a page without https has no SubtleCrypto, large files need memory. */
export async function sha256Of(file: Blob): Promise<string | null> {
  if (globalThis.crypto?.subtle === undefined || file.size > LARGEST) return null;
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
