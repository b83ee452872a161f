import { afterEach, describe, expect, it, vi } from "vitest";
import { sha256Of } from "../../src/saving/sha256";

describe("the name of a file's bytes", () => {
  afterEach(() => vi.unstubAllGlobals());

  it("is their SHA-256", async () => {
    expect(await sha256Of(new Blob(["abc"]))).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  });

  it("is nothing where the browser cannot tell it", async () => {
    vi.stubGlobal("crypto", {});
    expect(await sha256Of(new Blob(["abc"]))).toBeNull();
  });
});
