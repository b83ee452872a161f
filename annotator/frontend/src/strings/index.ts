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
let language = "en";
let decimals = new Map<number, Intl.NumberFormat>();

/** Picks the table for the first language that has one, English otherwise, and says which. */
export function setLanguage(languages: readonly string[]): string {
  const found = languages.map((language) => language.toLowerCase().split("-")[0]).find((short) => short in TABLES);
  language = found ?? "en";
  table = TABLES[language];
  plurals = new Intl.PluralRules(language);
  decimals = new Map();
  return language;
}

/** With the decimal comma of a language that has one. */
export function decimal(value: number, digits: number): string {
  let format = decimals.get(digits);
  if (format === undefined) {
    format = new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: false });
    decimals.set(digits, format);
  }
  return format.format(value);
}

export function t(key: StringKey, values: Readonly<Record<string, string | number>> = {}): string {
  return textFor(table[key], values["n"]).replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

function textFor(text: Text, n: string | number | undefined): string {
  if (typeof text === "string") return text;
  if (n === 0 && text.zero !== undefined) return text.zero;
  return (plurals.select(Number(n)) === "one" ? text.one : undefined) ?? text.other;
}
