/** What was removed from the project: it can be taken back until the bin is emptied. */
import type { Api } from "../saving/api";
import type { Session } from "../session/session";
import { t } from "../strings";
import { whileBusy } from "../widgets/busy";
import { confirmRemoval, dialog, openDialog } from "../widgets/dialogs";
import { button, h, setText } from "../widgets/dom";

export interface BinOptions {
  readonly root: HTMLElement;
  readonly api: Pick<Api, "bin" | "restore" | "restoreAll" | "emptyBin" | "removeAll">;
  readonly session: Session;
  /** Pictures have come back, or have gone. */
  readonly onChanged: () => Promise<void>;
  readonly onFailed: (line: string) => void;
}

/** The button that opens it, below the list of pictures. */
export function createBin(options: BinOptions): HTMLElement {
  const { session } = options;
  const open = button({ icon: "trash", text: "", class: "an-button is-quiet an-bin", onClick: () => void show(options) });
  const label = open.lastElementChild!;
  const render = (): void => {
    const { bin, all } = session.queue.get();
    open.hidden = bin === 0 && all === 0;
    setText(label, bin === 0 ? t("bin") : t("binCount", { n: bin }));
  };
  session.queue.subscribe(render);
  render();
  return open;
}

async function show(options: BinOptions): Promise<void> {
  const { root, api, session } = options;
  const sheet = dialog("an-question an-bin-sheet", t("bin"));
  const list = h("ul", { class: "an-bin-list" });
  const empty = h("p", {}, t("binNothing"));

  const attempt = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      await whileBusy(sheet, async () => {
        await work();
        await options.onChanged();
        await fill();
      });
    } catch (error) {
      sheet.close();
      options.onFailed(error instanceof Error ? error.message : String(error));
    }
  };
  const restoreAll = button({ text: t("restoreAll"), class: "an-button", onClick: () => void attempt(() => api.restoreAll()) });
  const clear = button({
    text: t("emptyBin"),
    class: "an-button is-danger",
    onClick: () => void ask("emptyBinTitle", "emptyBinBody", "emptyBin", () => api.emptyBin()),
  });
  const removeAll = button({
    text: t("removeAll"),
    class: "an-button",
    onClick: () => void ask("removeAllTitle", "removeAllBody", "removeAll", () => api.removeAll()),
  });

  async function ask(title: "emptyBinTitle" | "removeAllTitle", body: "emptyBinBody" | "removeAllBody", agree: "emptyBin" | "removeAll", work: () => Promise<unknown>): Promise<void> {
    const { bin, all } = session.queue.get();
    const n = title === "emptyBinTitle" ? bin : all;
    if (await confirmRemoval(root, t(title), t(body, { n }), t(agree))) await attempt(work);
  }
  async function fill(): Promise<void> {
    const { images } = await api.bin();
    list.replaceChildren(
      ...images.map(({ id, name }) =>
        h("li", {}, h("span", {}, name), button({ text: t("restore"), class: "an-button", onClick: () => void attempt(() => api.restore(id)) })),
      ),
    );
    empty.hidden = images.length > 0;
    restoreAll.disabled = clear.disabled = images.length === 0;
    removeAll.disabled = session.queue.get().all === 0;
  }
  const close = button({ text: t("close"), class: "an-button is-primary", onClick: () => sheet.close() });
  close.dataset.always = "";
  sheet.append(h("h2", {}, t("bin")), h("p", {}, t("binBody")), empty, list, h("div", { class: "an-pair an-bin-actions" }, removeAll, restoreAll, clear, close));
  openDialog(root, sheet);
  close.focus();
  await fill().catch((error: unknown) => {
    sheet.close();
    options.onFailed(error instanceof Error ? error.message : String(error));
  });
}
