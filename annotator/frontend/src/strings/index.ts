/** Texts in the person's language. `{name}` in a text is filled in. */
import { de } from "./de";
import type { StringKey, Table } from "./en";
import { en } from "./en";
import { es } from "./es";
import { zh } from "./zh";

export type { StringKey };

const TABLES: Readonly<Record<string, Table>> = { en, de, es, zh };

let table: Table = en;

/** Picks the table for the first language that has one, English otherwise, and says which. */
export function setLanguage(languages: readonly string[]): string {
  const found = languages.map((language) => language.toLowerCase().split("-")[0]).find((short) => short in TABLES);
  table = TABLES[found ?? "en"];
  return found ?? "en";
}

export function t(key: StringKey, values: Readonly<Record<string, string | number>> = {}): string {
  return table[key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
