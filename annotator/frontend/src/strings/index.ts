/** Texts in the person's language. `{name}` in a text is filled in. */
import { de } from "./de";
import type { StringKey, Table, Text } from "./en";
import { en } from "./en";
import { es } from "./es";
import { zh } from "./zh";

export type { StringKey };

const TABLES: Readonly<Record<string, Table>> = { en, de, es, zh };

let table: Table = en;
let plurals = new Intl.PluralRules("en");

/** Picks the table for the first language that has one, English otherwise, and says which. */
export function setLanguage(languages: readonly string[]): string {
  const found = languages.map((language) => language.toLowerCase().split("-")[0]).find((short) => short in TABLES);
  table = TABLES[found ?? "en"];
  plurals = new Intl.PluralRules(found ?? "en");
  return found ?? "en";
}

export function t(key: StringKey, values: Readonly<Record<string, string | number>> = {}): string {
  return textFor(table[key], values["n"]).replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

function textFor(text: Text, n: string | number | undefined): string {
  if (typeof text === "string") return text;
  if (n === 0 && text.zero !== undefined) return text.zero;
  return (plurals.select(Number(n)) === "one" ? text.one : undefined) ?? text.other;
}
