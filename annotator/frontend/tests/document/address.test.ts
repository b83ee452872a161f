import { describe, expect, it } from "vitest";
import { addressIn, addressOf, linkTo } from "../../src/document/address";

const PLACE = { project: "0123456789abcdef", image: 7, instance: "a+b&c" };

describe("an address", () => {
  it("is read as it was written, whatever stands beside it", () => {
    const text = addressOf(PLACE, "?__theme=dark&image=3", "#project=k1&project=k2&instance=old");
    const [search, hash] = [text.slice(0, text.indexOf("#")), text.slice(text.indexOf("#"))];
    expect(addressIn(search, hash)).toEqual(PLACE);
    expect(new URLSearchParams(search).get("__theme")).toBe("dark");
    expect(new URLSearchParams(hash.slice(1)).getAll("project")).toEqual(["k1", "k2"]);
  });

  it("leaves out what is not there", () => {
    expect(addressOf({ project: "x", image: null, instance: null }, "?image=3", "#instance=k")).toBe("?project=x");
    expect(addressOf({ project: "", image: null, instance: null }, "", "")).toBe("");
  });

  it.each(["", "?image=", "?image=x", "?image=-1", "?image=1.5", "?image=9e99", "?image=0"])("has no picture in %s", (search) => {
    expect(addressIn(search, "").image).toBeNull();
  });

  it("holds no key that a link brought, and a link holds one where it is needed", () => {
    expect(addressOf(PLACE, "", "#share=secret")).not.toContain("secret");
    expect(linkTo({ ...PLACE, instance: null }, "secret")).toBe("?project=0123456789abcdef&image=7#share=secret");
    expect(linkTo(PLACE, "secret")).toContain("&share=secret");
    expect(linkTo(PLACE, null)).not.toContain("share");
  });
});
