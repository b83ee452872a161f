/** Asks for the name of a project, and says at once why one cannot be taken. */
import { MAX_PROJECT_NAME, nameProblem, tidyName } from "../document/projects";
import { t } from "../strings";
import { whileBusy } from "../widgets/busy";
import { dialog, openDialog } from "../widgets/dialogs";
import { button, h, isComposing, setText } from "../widgets/dom";

export interface NameQuestion {
  readonly title: string;
  /** What the button says that ends it. */
  readonly agree: string;
  readonly name: string;
  /** Names that other projects have. */
  readonly taken: readonly string[];
  /** What is done with the name; where it fails, the question stays with the reason. */
  readonly then: (name: string) => Promise<unknown>;
}

export function askName(root: Element, question: NameQuestion): void {
  const sheet = dialog("an-question an-name-question", question.title);
  const field = h("input", { class: "an-input", type: "text", "aria-label": t("projectName"), spellcheck: "false", autocomplete: "off" });
  const problem = h("p", { class: "an-picker-problem", role: "alert" });
  field.value = question.name;
  const judge = (): boolean => {
    const found = nameProblem(field.value, question.taken);
    const length = [...tidyName(field.value)].length;
    // Nobody is scolded for a field that is still empty.
    const told = found === null || length === 0 ? "" : t(found, { n: length, most: MAX_PROJECT_NAME });
    setText(problem, told);
    yes.disabled = found !== null;
    return found === null;
  };
  const agree = async (): Promise<void> => {
    if (!judge()) return;
    try {
      await question.then(tidyName(field.value));
      sheet.close();
    } catch (error) {
      setText(problem, error instanceof Error ? error.message : String(error));
    }
  };
  // What is copied may be large: a second Enter makes no second one.
  const agreeOnce = (): void => void whileBusy(sheet, agree);
  const yes = button({ text: question.agree, class: "an-button is-primary", onClick: agreeOnce });
  const no = button({ text: t("cancel"), class: "an-button", onClick: () => sheet.close() });
  no.dataset.always = "";
  field.addEventListener("input", judge);
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || isComposing(event)) return;
    event.preventDefault();
    agreeOnce();
  });
  sheet.append(h("h2", {}, question.title), field, problem, h("div", { class: "an-pair" }, no, yes));
  openDialog(root, sheet);
  judge();
  field.focus();
  field.select();
}
