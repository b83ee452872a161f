/** How the files of src may import one another, and how long they and their functions may be. */
import ts from "typescript";
import { describe, expect, it } from "vitest";

/** A file imports from its own folder and from those before it. */
const FOLDERS = ["strings", "document", "widgets", "canvas", "saving", "session", "editing", "tools", "stage", "commands", "screen"];
/** The entry, which may import everything. */
const ENTRY = "main.ts";

const sources = (import.meta as unknown as { glob(pattern: string, options: object): Record<string, string> }).glob("../src/**/*.ts", {
  query: "?raw",
  import: "default",
  eager: true,
});
const files = new Map(Object.entries(sources).map(([path, text]) => [path.replace("../src/", ""), text]));

/** File -> the files that it imports, also those of which it only takes types. */
const imports = new Map([...files].map(([file, text]) => [file, importsOf(file, text)]));

function importsOf(file: string, text: string): string[] {
  const named = [...text.matchAll(/^(?:import|export|\}) .*from "(\.[^"]*)";$/gm)].map(([, path]) => path);
  return named.map((path) => {
    const target = new URL(path, `file:///${file}`).pathname.slice(1).replace(/\/$/, "");
    const found = [`${target}.ts`, `${target}/index.ts`].find((one) => files.has(one));
    if (found === undefined) throw new Error(`${file}: ${path} is no file of src`);
    return found;
  });
}

const folderOf = (file: string): string => file.split("/")[0];

/** The files along a circle of imports, or none. */
function circle(): string[] {
  const done = new Set<string>();
  const walk = (file: string, path: readonly string[]): string[] => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return [];
    const found = imports.get(file)!.map((next) => walk(next, [...path, file])).find((one) => one.length > 0) ?? [];
    done.add(file);
    return found;
  };
  return [...files.keys()].map((file) => walk(file, [])).find((one) => one.length > 0) ?? [];
}

/** Functions of more lines than this, with their files. */
function functionsOver(lines: number): string[] {
  return [...files].flatMap(([file, text]) => {
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
    const found: string[] = [];
    const visit = (node: ts.Node): void => {
      const [first, last] = [node.getStart(), node.end].map((at) => source.getLineAndCharacterOfPosition(at).line);
      if (ts.isFunctionLike(node) && last - first >= lines) found.push(`${file}:${first + 1}`);
      ts.forEachChild(node, visit);
    };
    visit(source);
    return found;
  });
}

describe("the editor's files", () => {
  it("are found by this test, with their imports", () => {
    expect([...new Set([...files.keys()].map(folderOf))].sort()).toEqual([...FOLDERS, ENTRY].sort());
    expect(imports.get("tools/box.ts")).toContain("tools/tool.ts");
    expect(imports.get("screen/editor.ts")).toContain("strings/index.ts");
  });

  it("import downwards only", () => {
    const upward = [...imports].filter(([file]) => file !== ENTRY).flatMap(([file, targets]) =>
      targets.filter((target) => FOLDERS.indexOf(folderOf(target)) > FOLDERS.indexOf(folderOf(file))).map((target) => `${file} imports ${target}`),
    );
    expect(upward).toEqual([]);
  });

  it("import in no circle", () => {
    expect(circle()).toEqual([]);
  });

  it("have at most 400 lines, the tables of texts apart, and functions of at most 60", () => {
    const long = [...files].filter(([file, text]) => !file.startsWith("strings/") && text.split("\n").length > 401);
    expect(long.map(([file]) => file), "files of more than one noun: give one of them a file of its own").toEqual([]);
    expect(functionsOver(60), "functions that do several things: name each").toEqual([]);
  });
});
