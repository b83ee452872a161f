/** The people of a project, where people sign in: who they are, what they may do, what they did. */

export const ROLES = ["annotate", "review", "manage"] as const;

/** Each may do what the ones before it may. */
export type Role = (typeof ROLES)[number];

export interface WirePerson {
  readonly id: number;
  readonly name: string;
  readonly role: Role;
  /** One more with each change: a change of an older state is refused. */
  readonly revision: number;
  readonly added_at: string;
  readonly added_by: string;
  /** Whether they have signed in since they were added. */
  readonly came: boolean;
  readonly me: boolean;
}

export interface WirePeople {
  readonly people: readonly WirePerson[];
  /** Of whoever asks. */
  readonly role: Role;
}

/** Shares are of all people's, 0 to 1; `last` is when somebody decided something last, ISO 8601. */
export interface WireFigures {
  readonly name: string;
  readonly role: Role | "";
  readonly pictures: number;
  readonly share_pictures: number;
  readonly instances: number;
  readonly share_instances: number;
  readonly accepted: number;
  readonly adjusted: number;
  readonly drawn: number;
  readonly rejected: number;
  readonly seconds: number;
  readonly seconds_each: number | null;
  readonly last: string | null;
}

/** How many and which share of all, as one cell. */
export function counted(count: number, share: number): string {
  return count === 0 ? "0" : `${count} (${Math.round(100 * share)} %)`;
}

/** Hours, minutes and seconds. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const [minutes, rest] = [Math.floor(whole / 60) % 60, whole % 60].map((one) => String(one).padStart(2, "0"));
  return `${Math.floor(whole / 3600)}:${minutes}:${rest}`;
}
