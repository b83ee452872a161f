/** Requests about the people of a project. */
import type { Role, WireFigures, WirePeople, WirePerson } from "../document/people";
import { json, request } from "./api";

export class PeopleApi {
  private readonly root: string;

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

  async setRole({ id, revision }: WirePerson, role: Role): Promise<void> {
    await request(`${this.root}/${id}`, json("PATCH", { role, revision }));
  }

  async remove({ id, revision }: WirePerson): Promise<void> {
    await request(`${this.root}/${id}?revision=${revision}`, { method: "DELETE" });
  }
}
