/** As much of a page as the plotting library asks for: elements that remember what they were given. */

export class Node {
  readonly children: Node[] = [];
  readonly attributes = new Map<string, string>();
  readonly style = { setProperty: (): void => undefined };
  parentNode: Node | null = null;

  constructor(
    readonly nodeName: string,
    readonly ownerDocument: unknown,
    private text = "",
  ) {}

  get textContent(): string {
    return this.text + this.children.map((child) => child.textContent).join("");
  }

  set textContent(text: string) {
    this.children.length = 0;
    this.text = text;
  }

  get firstChild(): Node | null {
    return this.children[0] ?? null;
  }

  setAttribute(name: string, value: unknown): void {
    this.attributes.set(name, String(value));
  }

  getAttribute(name: string): string | null {
    return this.attributes.get(name) ?? null;
  }

  setAttributeNS(_space: string, name: string, value: unknown): void {
    this.setAttribute(name, value);
  }

  removeAttribute(name: string): void {
    this.attributes.delete(name);
  }

  append(...nodes: Node[]): void {
    for (const node of nodes) this.appendChild(node);
  }

  appendChild<T extends Node>(node: T): T {
    return this.insertBefore(node, null);
  }

  insertBefore<T extends Node>(node: T, before: Node | null): T {
    node.parentNode = this;
    this.children.splice(before === null ? this.children.length : this.children.indexOf(before), 0, node);
    return node;
  }

  addEventListener(): void {}

  /** Itself and all below it. */
  all(): Node[] {
    return [this, ...this.children.flatMap((child) => child.all())];
  }

  /** All below what has this class. */
  of(name: string): Node[] {
    return this.all().filter((node) => (node.getAttribute("class") ?? "").split(" ").includes(name)).flatMap((node) => node.all());
  }
}

export function page(): Document {
  const document: Record<string, unknown> = {
    createElement: (name: string) => new Node(name, document),
    createElementNS: (_space: string, name: string) => new Node(name, document),
    createTextNode: (text: string) => new Node("#text", document, text),
  };
  document.documentElement = Object.assign(new Node("html", document), { namespaceURI: "http://www.w3.org/1999/xhtml" });
  return document as unknown as Document;
}
