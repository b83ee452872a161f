/** What is said of a decision about many instances while it is at work. */
import { expect, it, vi } from "vitest";
import type { BulkApi, BulkRun } from "../../src/saving/bulk";
import { t } from "../../src/strings";
import { follow } from "../../src/screen/bulkrun";

it("is said over the picture, with the way to stop it, from when nobody sees it elsewhere until it has ended", async () => {
  vi.useFakeTimers();
  const looks = [1, 2, 3].map((done) => ({ run: { running: done < 3, done, total: 3, emptied: 0, passed_over: 0, removed: 0, undoes: false, error: null } as BulkRun, last: null }));
  const said: string[] = [];
  let stop = (): void => {};
  const api = { status: async () => looks.shift()!, cancel: async () => void said.push("cancelled") } as unknown as BulkApi;
  const notices = { show: () => {}, offer: () => {}, work: (_subject: string, text: string, answer: { readonly run: () => void }) => ((stop = answer.run), void said.push(text)), withdraw: () => void said.push("withdrawn") };
  let isOpen = true;
  const ended = follow({ api, notices, changed: async () => {} }, () => said.push("in the dialog"), () => isOpen);
  await vi.advanceTimersByTimeAsync(0);
  expect(said).toEqual(["in the dialog"]);
  isOpen = false;
  await vi.advanceTimersByTimeAsync(300);
  stop();
  await vi.advanceTimersByTimeAsync(300);
  await ended;
  expect(said).toEqual(["in the dialog", "in the dialog", "2 of 3 done", t("bulkStopping"), "cancelled", "withdrawn"]);
});
