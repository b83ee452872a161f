/**
 * What somebody's role in the project does not allow is not offered to them: the page says its role on its own element, and
 * css/rights.css hides what it names there. The server asks for the role all the same (annotator/web/routes/roles.py).
 */
import type { Role } from "../document/people";
import { PeopleApi } from "../saving/people";
import { t } from "../strings";
import { h } from "../widgets/dom";

/** The project's role for whoever looks at it; until it is known, and where nobody signs in, everything is offered. */
export async function followRole(project: string): Promise<void> {
  const page = document.documentElement.dataset;
  delete page["role"];
  const role = (await new PeopleApi(project).list().catch(() => null))?.role;
  if (role !== undefined) page["role"] = role;
}

export function mayManage(): boolean {
  const role = document.documentElement.dataset["role"] as Role | undefined;
  return role === undefined || role === "manage";
}

/** Why something is missing; seen by those alone who do not manage the project. */
export function whyNot(): HTMLElement {
  return h("p", { class: "an-rights" }, t("peopleOnlyManage"));
}
