/** docs/reference/keys.md is what the key sheet shows. */
import { expect, it } from "vitest";
import type { CommandGroup } from "../../src/commands/keys";
import { COMMANDS, keycaps } from "../../src/commands/keys";
import { t } from "../../src/strings";

const GROUPS: Record<CommandGroup, string> = { review: "Review", pictures: "Pictures", tools: "Tools", edit: "Edit", view: "View" };

const chord = (keys: string): string => keycaps(keys).map((cap) => `<kbd>${cap.replace("<", "&lt;")}</kbd>`).join(" ");

function section(group: CommandGroup): string {
  const rows = COMMANDS.filter((one) => one.group === group).map(({ keys, label }) => `| ${t(label)} | ${keys.map(chord).join(" or ")} |`);
  return [`## ${GROUPS[group]}`, "", "| command | key |", "|---|---|", ...rows].join("\n");
}

it("lists every command and tool with its default keys", async () => {
  const head = "# Keys\n\nThe defaults. **?** shows them on the page, where each can be changed. On a Mac, <kbd>Ctrl</kbd> is <kbd>⌘</kbd> too.";
  const page = [head, ...(Object.keys(GROUPS) as CommandGroup[]).map(section)].join("\n\n");
  const how = "`npx vitest run tests/commands/documentation.test.ts -u` writes docs/reference/keys.md anew";
  await expect(`${page}\n`, how).toMatchFileSnapshot("../../../../docs/reference/keys.md");
});
