/** What the page's address says: which project, which picture of it, which instance; and how it is written. */

export interface Address {
  /** The project's id, "" where none is named. */
  readonly project: string;
  readonly image: number | null;
  readonly instance: string | null;
}

export function addressIn(search: string, hash: string): Address {
  const [query, fragment] = [new URLSearchParams(search), new URLSearchParams(hash.slice(1))];
  const image = Number(query.get("image") ?? NaN);
  return {
    project: query.get("project") ?? "",
    image: Number.isSafeInteger(image) && image > 0 ? image : null,
    instance: fragment.get("instance"),
  };
}

/** The address relative to the page; what else stands in the present one stays, but for a key that a link brought. */
export function addressOf({ project, image, instance }: Address, search: string, hash: string): string {
  const [query, fragment] = [new URLSearchParams(search), new URLSearchParams(hash.slice(1))];
  put(query, "project", project);
  put(query, "image", image === null ? "" : String(image));
  put(fragment, "instance", instance ?? "");
  fragment.delete("share");
  const [asked, tail] = [String(query), String(fragment)];
  return `${asked === "" ? "" : `?${asked}`}${tail === "" ? "" : `#${tail}`}`;
}

/** A link for somebody else, who needs the key where visitors have projects of their own. */
export function linkTo(address: Address, key: string | null): string {
  const link = addressOf(address, "", "");
  return key === null ? link : `${link}${link.includes("#") ? "&" : "#"}share=${key}`;
}

function put(parts: URLSearchParams, name: string, value: string): void {
  if (value === "") parts.delete(name);
  else parts.set(name, value);
}
