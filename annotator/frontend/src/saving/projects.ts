/** Requests about projects as a whole, and the keys that this browser keeps of them. */
import type { WireDescription, WireProjects } from "../document/projects";
import { json, request } from "./api";
import { RefusedError } from "./errors";

/** The browser's keys (annotator/web/page/project_key.py); without that page there is none but the open one. */
export interface Keys {
  keys(): readonly string[];
  keep(key: string): void;
  forget(key: string): void;
}

declare global {
  interface Window {
    annotatorKey?: Keys;
  }
}

export interface NewProject {
  readonly key: string;
  readonly id: string;
}

export class ProjectsApi {
  /** The open project's key. */
  constructor(private readonly key: string) {}

  list(): Promise<WireProjects> {
    return request("annotator/projects", json("POST", { keys: this.keys() }));
  }

  describe(): Promise<WireDescription> {
    return request(`${rootOf(this.key)}/project`);
  }

  async make(name: string): Promise<NewProject> {
    return this.kept(await request("annotator/projects/new", json("POST", { name, keys: this.keys() })));
  }

  async duplicate(key: string, name: string): Promise<NewProject> {
    return this.kept(await request(`${rootOf(key)}/duplicate`, json("POST", { name, keys: this.keys() })));
  }

  rename(key: string, name: string): Promise<WireDescription> {
    return this.change(key, { name, keys: this.keys() });
  }

  putAway(key: string, away: boolean): Promise<WireDescription> {
    return this.change(key, { put_away: away });
  }

  throwAway(key: string): Promise<WireDescription> {
    return this.change(key, { binned: true });
  }

  takeBack(key: string): Promise<WireDescription> {
    return this.change(key, { binned: false, keys: this.keys() });
  }

  async remove(key: string): Promise<void> {
    await request(`${rootOf(key)}/project`, { method: "DELETE" });
    window.annotatorKey?.forget(key);
  }

  /** Opens a project's file as a new project; `progress` gets 0..1 while it is sent. */
  open(file: Blob, progress: (share: number) => void): Promise<NewProject> {
    return new Promise((resolve, reject) => {
      const call = new XMLHttpRequest();
      call.open("POST", `${rootOf(this.key)}/archive`);
      call.upload.onprogress = (event) => progress(event.loaded / event.total);
      call.onerror = () => reject(new TypeError("network"));
      call.onload = () => {
        const answer = parsed(call.responseText);
        if (call.status === 200 && typeof answer.key === "string" && typeof answer.id === "string") {
          resolve(this.kept({ key: answer.key, id: answer.id }));
        } else reject(new RefusedError(answer.error ?? `HTTP ${call.status}`, call.status));
      };
      call.send(file);
    });
  }

  archive(key: string): string {
    return `${rootOf(key)}/archive`;
  }

  private change(key: string, what: Record<string, unknown>): Promise<WireDescription> {
    return request(`${rootOf(key)}/project`, json("POST", what));
  }

  private keys(): readonly string[] {
    return [...new Set([this.key, ...(window.annotatorKey?.keys() ?? [])])].slice(0, 200);
  }

  /** A project that was made here is this browser's. */
  private kept(made: NewProject): NewProject {
    window.annotatorKey?.keep(made.key);
    return made;
  }
}

function rootOf(key: string): string {
  return `annotator/${encodeURIComponent(key)}`;
}

function parsed(text: string): { readonly key?: string; readonly id?: string; readonly error?: string } {
  try {
    return JSON.parse(text) as { key?: string };
  } catch {
    return {};
  }
}
