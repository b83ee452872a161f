import { beforeEach, describe, expect, it, vi } from "vitest";
import type { PointerHost } from "../../src/stage/pointers";
import { Pointers } from "../../src/stage/pointers";
import type { Tool } from "../../src/tools/tool";

interface Fields {
  pointerId: number;
  pointerType: string;
  button: number;
  clientX: number;
  clientY: number;
}

class FakeEvent extends Event implements Fields {
  pointerId = 1;
  pointerType = "mouse";
  button = 0;
  clientX = 0;
  clientY = 0;
  shiftKey = false;
  altKey = false;
  ctrlKey = false;
  metaKey = false;
  constructor(type: string, fields: Partial<Fields> = {}) {
    super(type, { cancelable: true });
    Object.assign(this, fields);
  }
}

/** What the tool was told, in order, and the event target that stands for the page's element. */
function staged(more: Partial<Tool> = {}) {
  const told: string[] = [];
  const tell = (name: string) => () => void told.push(name);
  const tool = {
    edits: true,
    hover: tell("hover"),
    down: tell("down"),
    drag: tell("drag"),
    up: tell("up"),
    cancel: () => told.push("cancel") > 0,
    ...more,
  } as Tool;
  const element = Object.assign(new EventTarget(), {
    style: { cursor: "" },
    focus: () => {},
    setPointerCapture: () => {},
    getBoundingClientRect: () => ({ left: 0, top: 0 }),
  });
  const stage = {
    element,
    pointerAt: null,
    session: { view: { get: () => ({ scene: {} }) }, effort: { press: () => undefined } },
    keyPointer: { hide: () => {} },
    camera: () => ({ scale: 1, x: 0, y: 0 }),
    tool: () => tool,
    pan: tell("pan"),
    zoomBy: tell("zoom"),
    askAt: tell("ask"),
  };
  new Pointers(stage as unknown as PointerHost);
  const send = (type: string, fields: Partial<Fields> = {}) => element.dispatchEvent(new FakeEvent(type, fields));
  return { told, send };
}

const finger = (pointerId: number, clientX = 0): Partial<Fields> => ({ pointerId, pointerType: "touch", clientX });
const pen: Partial<Fields> = { pointerId: 9, pointerType: "pen" };

beforeEach(() => {
  vi.stubGlobal("PointerEvent", FakeEvent);
  vi.stubGlobal("window", { setTimeout: () => 0 });
});

describe("pointers", () => {
  it("let one hand work at a time: another mouse or pen beside it changes nothing", () => {
    const { told, send } = staged();
    send("pointerdown");
    send("pointerdown", { pointerId: 2 });
    send("pointermove", { pointerId: 2 });
    send("pointerup", { pointerId: 2 });
    send("pointermove");
    send("pointerup");
    expect(told).toEqual(["down", "drag", "up"]);
  });

  it("make a pinch of the second finger, and give up what the first began", () => {
    const { told, send } = staged();
    send("pointerdown", finger(1));
    send("pointermove", finger(1, 9));
    send("pointerdown", finger(2, 50));
    send("pointermove", finger(2, 90));
    send("pointerup", finger(2, 90));
    send("pointerup", finger(1, 9));
    expect(told).toEqual(["down", "drag", "cancel", "zoom", "pan"]);
  });

  it("keep a palm out of what a pen draws, before and after it", () => {
    const { told, send } = staged();
    send("pointerdown", finger(1));
    send("pointerdown", pen);
    send("pointerdown", finger(2, 30));
    send("pointermove", finger(2, 60));
    send("pointermove", pen);
    send("pointerup", finger(1));
    send("pointerup", pen);
    expect(told).toEqual(["down", "cancel", "down", "drag", "up"]);
  });

  it("begin anew where the release was lost", () => {
    const { told, send } = staged();
    send("pointerdown");
    send("pointermove");
    send("pointerdown");
    send("pointerup");
    expect(told).toEqual(["down", "drag", "cancel", "down", "up"]);
  });

  it("ask nothing while something is dragged", () => {
    const { told, send } = staged();
    send("contextmenu");
    send("pointerdown");
    send("contextmenu");
    send("pointerup");
    expect(told).toEqual(["ask", "down", "up"]);
  });

  it("take back only the press that was lost, where the tool knows more than that", () => {
    const told: string[] = [];
    const { send } = staged({ lose: () => void told.push("lose"), cancel: () => told.push("cancel") > 0 });
    send("pointerdown");
    send("pointercancel");
    send("lostpointercapture");
    expect(told).toEqual(["lose"]);
  });
});
