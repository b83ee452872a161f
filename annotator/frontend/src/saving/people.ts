/** Requests about the people of a project. */
import type { Role, WireFigures, WirePeople, WirePerson } from "../document/people";
import { json, request } from "./api";

export class PeopleApi {
  private readonly root: string;
  /** Of each person, the revision that a change from here made: what follows it is no change of an older state. */
  private readonly made = new Map<number, number>();

  constructor(key: string) {
    this.root = `annotator/${encodeURIComponent(key)}/people`;
  }

  list(): Promise<WirePeople> {
    return request(this.root);
  }

  async figures(): Promise<readonly WireFigures[]> {
    const { figures } = await request<{ readonly figures: readonly WireFigures[] }>(`${this.root}/figures`);
    return figures;
  }

  csv(): string {
    return `${this.root}/figures.csv`;
  }

  async add(name: string, role: Role): Promise<void> {
    await request(this.root, json("POST", { name, role }));
  }

  async setRole(person: WirePerson, role: Role): Promise<void> {
    const { people } = await request<WirePeople>(`${this.root}/${person.id}`, json("PATCH", { role, revision: this.revisionOf(person) }));
    const changed = people.find((one) => one.id === person.id);
    if (changed !== undefined) this.made.set(person.id, changed.revision);
  }

  async remove(person: WirePerson): Promise<void> {
    await request(`${this.root}/${person.id}?revision=${this.revisionOf(person)}`, { method: "DELETE" });
  }

  private revisionOf({ id, revision }: WirePerson): number {
    return Math.max(revision, this.made.get(id) ?? 0);
  }
}
