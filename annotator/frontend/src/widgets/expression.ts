/** A field for a search expression: one line to read, in as many lines as it takes; Enter is left to its owner. */
import { h } from "./dom";

/** In a browser that does not fit fields to their content: characters in a line of the narrowest field, and the most lines. */
const LINE = 22;
const MOST_LINES = 6;

export type ExpressionField = HTMLTextAreaElement;

export function expressionField(attributes: Readonly<Record<string, string>>): ExpressionField {
  const field = h("textarea", { rows: 1, class: "an-search-field", spellcheck: "false", autocomplete: "off", maxlength: 30_000, ...attributes });
  field.addEventListener("input", () => {
    // Pasted lines are one expression.
    if (field.value.includes("\n")) field.value = field.value.replace(/\s*\n\s*/g, " ");
    fit(field);
  });
  return field;
}

export function setExpression(field: ExpressionField, value: string): void {
  if (field.value === value) return;
  field.value = value;
  fit(field);
}

function fit(field: ExpressionField): void {
  field.rows = Math.min(MOST_LINES, Math.max(1, Math.ceil(field.value.length / LINE)));
}
