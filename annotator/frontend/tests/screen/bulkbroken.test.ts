/** What a page says when it opens after the server ended in the middle of a decision about many instances, or of its undo. */
import { expect, it } from "vitest";
import type { BulkApi, BulkRun, LastBulk } from "../../src/saving/bulk";
import { tellBroken } from "../../src/screen/bulkbroken";

const LAST: LastBulk = { verb: "accept", query: "score:0.8..", done: 50, ended: true, undone: 0, can_go_on: false };

async function opened(last: LastBulk | null, running = false) {
  const asked: { readonly text: string; readonly answers: readonly { readonly text: string; readonly run: () => void }[] }[] = [];
  const called: string[] = [];
  const run = running ? ({ running } as BulkRun) : null;
  const api = { status: async () => ({ run, last }), undo: async () => void called.push("undo"), goOn: async () => void called.push("goOn") } as unknown as BulkApi;
  const notices = { show: () => {}, offer: () => {}, work: () => {}, withdraw: () => {}, ask: (_subject: string, text: string, answers: (typeof asked)[number]["answers"]) => void asked.push({ text, answers }) };
  await tellBroken({ api, notices, changed: async () => {} });
  return { asked, called };
}

it("says nothing of what ended, was never begun, or is at work", async () => {
  expect((await opened(null)).asked).toEqual([]);
  expect((await opened(LAST)).asked).toEqual([]);
  expect((await opened({ ...LAST, undone: 12 }, true)).asked).toEqual([]);
});

it("says how many an undo that broke off has left, and takes those back", async () => {
  const { asked, called } = await opened({ ...LAST, undone: 12 });
  expect(asked.map(({ text }) => text)).toEqual(["The undo broke off (50 instances accepted, score:0.8..): 38 to go."]);
  expect(asked[0].answers.map(({ text }) => text)).toEqual(["Undo the other 38"]);
  asked[0].answers[0].run();
  expect(called).toEqual(["undo"]);
});

it("goes on with an order that broke off, or takes back what is done of it", async () => {
  const { asked, called } = await opened({ ...LAST, ended: false, can_go_on: true });
  expect(asked.map(({ text }) => text)).toEqual(["Interrupted last time: 50 instances accepted (score:0.8..)."]);
  expect(asked[0].answers.map(({ text }) => text)).toEqual(["Go on", "Undo"]);
  for (const { run } of asked[0].answers) run();
  expect(called).toEqual(["goOn", "undo"]);
  const old = await opened({ ...LAST, ended: false });
  expect(old.asked[0].answers.map(({ text }) => text)).toEqual(["Undo"]);
});
