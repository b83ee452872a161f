/** Requests about a project's categories. Each change answers with all of them as they are then. */
import type { WireCategories, WireCategory } from "../document/protocol";
import type { Api } from "./api";
import { json, request } from "./api";

/** One thing of a category; null gives what it has without a choice. */
export type CategoryPatch =
  | { readonly name: string }
  | { readonly supercategory: string }
  | { readonly color: string | null }
  | { readonly digit: number | null }
  | { readonly threshold: number | null };

export class CategoriesApi {
  private readonly root: string;

  constructor(api: Pick<Api, "root">) {
    this.root = `${api.root}/categories`;
  }

  list(): Promise<WireCategories> {
    return request(this.root);
  }

  change(id: number, patch: CategoryPatch): Promise<WireCategories> {
    return request(`${this.root}/${id}`, json("PATCH", patch));
  }

  reorder(ids: readonly number[]): Promise<WireCategories> {
    return request(`${this.root}/order`, json("POST", { ids }));
  }

  merge(id: number, into: number): Promise<WireCategories> {
    return request(`${this.root}/${id}/merge`, json("POST", { into }));
  }

  remove(id: number): Promise<WireCategories> {
    return request(`${this.root}/${id}`, { method: "DELETE" });
  }

  /** One category, with the id of the change. */
  add(name: string): Promise<WireCategory & { readonly change: number | null }> {
    return request(this.root, json("POST", { name }));
  }

  /** A pasted list, or a COCO file's categories. */
  addList(text: string): Promise<WireCategories> {
    return request(`${this.root}/list`, { method: "POST", headers: { "Content-Type": "text/plain" }, body: text });
  }

  undo(change: number): Promise<WireCategories> {
    return request(`${this.root}/undo`, json("POST", { change }));
  }

  redo(change: number): Promise<WireCategories> {
    return request(`${this.root}/redo`, json("POST", { change }));
  }
}
