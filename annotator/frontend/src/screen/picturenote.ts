/** The note of the open picture: a button that says whether there is one, and a small panel to write it. */
import { MAX_NOTE } from "../editing/flags";
import type { Session } from "../session/session";
import { t } from "../strings";
import { button, h } from "../widgets/dom";
import { openPopover } from "../widgets/popover";

export function createPictureNote(root: HTMLElement, session: Session): HTMLElement {
  const open = button({ icon: "pencil", title: t("pictureNote"), class: "an-tool an-picture-note", onClick: () => show(root, session, open) });
  const render = (): void => {
    const { scene } = session.view.get();
    open.disabled = scene === null;
    open.setAttribute("aria-pressed", String((scene?.note ?? "") !== ""));
    open.title = scene?.note ? scene.note : t("pictureNote");
  };
  session.view.subscribe((now, before) => {
    if (now.scene !== before.scene) render();
  });
  render();
  return open;
}

function show(root: HTMLElement, session: Session, anchor: Element): void {
  const { scene } = session.view.get();
  if (scene === null) return;
  const text = h("textarea", { class: "an-input", rows: 4, maxlength: MAX_NOTE, placeholder: t("note"), "aria-label": t("pictureNote") });
  text.value = scene.note;
  const take = (): void => {
    // Another picture may have come meanwhile: the note is of this one.
    if (session.view.get().scene?.imageId === scene.imageId) session.writeNote(text.value.trim());
  };
  openPopover(root, anchor, { class: "an-flags", label: t("pictureNote"), onClose: take }, h("strong", {}, t("pictureNote")), text);
  text.focus({ preventScroll: true });
}
