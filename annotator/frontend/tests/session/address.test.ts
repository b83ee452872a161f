import { describe, expect, it } from "vitest";
import { AddressBar } from "../../src/session/address";
import { settle, start } from "../harness";
import { FakeServer } from "../server";

/** A browser's history of addresses. */
class FakeWindow {
  readonly entries = [""];
  place = 0;
  reloads = 0;
  private listener: () => void = () => {};
  readonly history = {
    state: null,
    pushState: (_state: unknown, _title: string, url: string) => {
      this.entries.splice(this.place + 1, Infinity, url.slice(1));
      this.place++;
    },
    replaceState: (_state: unknown, _title: string, url: string) => void (this.entries[this.place] = url.slice(1)),
  };
  get location(): { pathname: string; search: string; hash: string; reload: () => void } {
    const [search, hash] = [this.entries[this.place].replace(/#.*/, ""), this.entries[this.place].replace(/^[^#]*/, "")];
    return { pathname: "/", search, hash, reload: () => void this.reloads++ };
  }
  addEventListener(_name: string, listener: () => void): void {
    this.listener = listener;
  }
  removeEventListener(): void {
    this.listener = () => {};
  }
  async go(by: number): Promise<void> {
    this.place += by;
    this.listener();
    await settle();
  }
}

async function opened(): Promise<{ window: FakeWindow; session: ReturnType<typeof start>["session"]; titles: (string | null)[]; bar: AddressBar }> {
  const { session } = start(new FakeServer([1, 1, 1]));
  const [window, titles] = [new FakeWindow(), [] as (string | null)[]];
  const bar = new AddressBar({
    session,
    id: "p",
    window: window as unknown as Window,
    openAt: async (imageId, key) => {
      await session.open(imageId);
      session.select([key]);
    },
    onTitle: (picture) => titles.push(picture),
  });
  await session.refreshQueue();
  return { window, session, titles, bar };
}

describe("the address bar", () => {
  it("names the picture, and Back and Forward go through those that were open", async () => {
    const { window, session, titles } = await opened();
    const ids = [1, 2, 3];
    for (const id of ids) await session.open(id);
    expect(window.entries).toEqual(ids.map((id) => `?project=p&image=${id}`));
    await window.go(-1);
    expect(session.imageId()).toBe(ids[1]);
    await window.go(-1);
    expect(session.imageId()).toBe(ids[0]);
    await window.go(2);
    expect(session.imageId()).toBe(ids[2]);
    expect(window.entries).toHaveLength(3);
    expect(titles).toEqual([null, "1.jpg", "2.jpg", "3.jpg", "2.jpg", "1.jpg", "3.jpg"]);
  });

  it("reads the page again for another project", async () => {
    const { window, session } = await opened();
    await session.open(1);
    window.entries.push("?project=other");
    await window.go(1);
    expect(window.reloads).toBe(1);
  });

  it("says what is shown where a picture cannot be gone back to", async () => {
    const { window, session } = await opened();
    const first = 1;
    await session.open(first);
    window.entries.push("?project=p&image=99");
    await window.go(1);
    expect(session.imageId()).toBe(first);
    expect(window.entries[window.place]).toBe(`?project=p&image=${first}`);
  });

  it("listens no more once it has stopped", async () => {
    const { window, session, bar } = await opened();
    await session.open(1);
    bar.stop();
    window.entries.push("?project=other");
    await window.go(1);
    expect(window.reloads).toBe(0);
  });
});
