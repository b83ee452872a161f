/** At the end of a switch over a union: the compiler refuses a member that has no case. */

export function unreachable(value: never): never {
  throw new Error(`no case for ${JSON.stringify(value)}`);
}
