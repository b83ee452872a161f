/** Categories as steps of undo among those of pictures, and as others change them. */
import { expect, it } from "vitest";
import { accept } from "../../src/editing/review";
import { settle, start } from "../harness";
import { FakeServer } from "../server";

async function opened() {
  const server = new FakeServer([2, 2]);
  const harness = start(server);
  await harness.session.refreshQueue();
  await harness.session.open(1);
  const names = (): string[] => harness.session.view.get().categories.map(({ name }) => name);
  return { server, names, ...harness };
}

it("undoes and redoes changes of categories among gestures, the last one first", async () => {
  const { server, session, names } = await opened();
  accept(session, [session.view.get().scene!.instances[0]]);
  await session.categories.make(server.categories.rename(3, "Auto"));
  await session.open(2);
  accept(session, [session.view.get().scene!.instances[0]]);
  await session.undo();
  expect(session.view.get().scene!.instances[0].state).toBe("suggested");
  await session.undo();
  expect(names()).toEqual(["person", "car", "helmet"]);
  expect(session.imageId()).toBe(2);
  await session.undo();
  expect(session.imageId()).toBe(1);
  expect(session.view.get().history.past).toEqual([]);
  await session.redo();
  expect(names()).toEqual(["person", "car", "helmet"]);
  await session.redo();
  expect(names()).toEqual(["person", "Auto", "helmet"]);
});

it("takes the step along when the sheet undoes the same change", async () => {
  const { server, session, names } = await opened();
  const { change } = await session.categories.make(server.categories.rename(3, "Auto"));
  await session.categories.retrace("undo", change!);
  expect(session.view.get().history.past).toEqual([]);
  await session.redo();
  expect(names()).toEqual(["person", "Auto", "helmet"]);
  await session.undo();
  expect(names()).toEqual(["person", "car", "helmet"]);
});

it("leaves later steps as they are when the sheet undoes a change before them", async () => {
  const { server, session, names } = await opened();
  const { change } = await session.categories.make(server.categories.rename(3, "Auto"));
  accept(session, [session.view.get().scene!.instances[0]]);
  await session.categories.retrace("undo", change!);
  expect(names()).toContain("car");
  await session.undo();
  expect(session.view.get().scene!.instances[0].state).toBe("suggested");
  expect(session.view.get().history).toMatchObject({ past: [], future: [{ imageId: 1 }] });
});

it("makes a step of a category that is added while one draws", async () => {
  const { session, names } = await opened();
  const { id } = await session.categories.add("vest");
  expect(names()).toEqual(["person", "car", "helmet", "vest"]);
  expect(session.view.get().categories.at(-1)).toEqual({ id, name: "vest", supercategory: "" });
  await session.undo();
  expect(names()).toEqual(["person", "car", "helmet"]);
});

it("forgets its steps about categories, and no others, once somebody else has changed them", async () => {
  const { server, session, names, notices } = await opened();
  accept(session, [session.view.get().scene!.instances[0]]);
  await session.categories.make(server.categories.rename(3, "Auto"));
  await server.categories.rename(91, "hat");
  await session.undo();
  expect(notices).toEqual(["categoriesNotUndone"]);
  await session.undo();
  expect(session.view.get().scene!.instances[0].state).toBe("suggested");
  expect(names()).toContain("Auto");
});

it("keeps a step that could not be sent", async () => {
  const { server, session, names } = await opened();
  await session.categories.make(server.categories.rename(3, "Auto"));
  const undo = server.categories.undo.bind(server.categories);
  server.categories.undo = () => Promise.reject(new TypeError("network"));
  await session.undo();
  server.categories.undo = undo;
  await session.undo();
  expect(names()).toContain("car");
});

it("waits with an undo until the gestures before it are saved", async () => {
  const { server, session } = await opened();
  await session.categories.add("vest");
  let away = true;
  server.before = () => {
    if (away) throw new TypeError("network");
  };
  accept(session, [session.view.get().scene!.instances[0]]);
  const change = session.view.get().history.past.find((one) => "change" in one)!;
  const asked: number[] = [];
  const undo = server.categories.undo.bind(server.categories);
  server.categories.undo = (id) => (asked.push(session.saver.unsaved()), undo(id));
  const work = session.categories.retrace("undo", change.change);
  await settle();
  expect(asked).toEqual([]);
  away = false;
  await work;
  expect(asked).toEqual([0]);
});

it("does not take its own change, which is still on its way, for somebody else's", async () => {
  const { server, session } = await opened();
  const whose: boolean[] = [];
  session.view.subscribe((now, before) => {
    if (now.categories.length !== before.categories.length) whose.push(session.categories.isOwn());
  });
  let answer = (): void => {};
  const work = server.categories.merge(3, 1).then((made) => new Promise<typeof made>((resolve) => (answer = () => resolve(made))));
  const made = session.categories.make(work);
  await settle();
  await session.categories.follow(server.categories.version());
  answer();
  await made;
  expect(whose).toEqual([true]);
  await server.categories.merge(91, 1);
  await session.categories.follow(server.categories.version());
  expect(whose).toEqual([true, false]);
});

it("waits with what others have changed while a shape is being drawn", async () => {
  const { server, session, names } = await opened();
  const [one] = session.view.get().scene!.instances;
  session.showDraft({ key: one.key, parts: [] });
  await server.categories.rename(3, "Auto");
  await session.categories.follow(server.categories.version());
  expect(names()).toContain("car");
  session.showDraft(null);
  await session.categories.follow(server.categories.version());
  expect(names()).toContain("Auto");
});

it("reads the categories again where the server has others, and only then", async () => {
  const { server, session, names } = await opened();
  let lists = 0;
  const list = server.categories.list.bind(server.categories);
  server.categories.list = () => (lists++, list());
  await session.categories.follow(server.categories.version());
  expect(lists).toBe(0);
  await server.categories.rename(3, "Auto");
  lists = 0;
  await session.categories.follow(server.categories.version());
  expect([lists, names()]).toEqual([1, ["person", "Auto", "helmet"]]);
  expect(session.categories.isOwn()).toBe(false);
});
