import { expect, it } from "vitest";
import { ordered, sizeOf } from "../../src/editing/review";
import { start } from "../harness";
import { FakeServer } from "../server";

it("a size is counted as COCO does", () => {
  expect([0, 1023, 1024, 9215, 9216].map(sizeOf)).toEqual(["small", "small", "medium", "medium", "large"]);
});

it("what is most in doubt lies nearest to the threshold, above it or below", async () => {
  const { session } = start(new FakeServer([3])); // scores 0.9, 0.75, 0.6
  await session.open(1);
  session.view.set({ sort: "doubt", threshold: 0.6 });
  expect(ordered(session).map((one) => one.key)).toEqual(["i0k2", "i0k1", "i0k0"]);
  session.view.set({ threshold: 0.76 });
  session.visible = () => session.view.get().scene!.instances.slice();
  expect(ordered(session).map((one) => one.key)).toEqual(["i0k1", "i0k0", "i0k2"]);
});
