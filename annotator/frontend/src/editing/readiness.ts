/**
 * The network that answers clicks looks at pictures before anybody clicks: at the open one, then at the next to do. That
 * takes the server up to a second, so it is done for those who use the tool: from the first time on that they took it up.
 */
import type { PromptsApi } from "../saving/prompts";
import type { Session } from "../session/session";

/** A picture that is open for so long is likely to be worked on. */
const STAYS_MS = 150;

/** The id of the tool that points (tools/registry.ts, which lies above). */
export const POINT_TOOL = "point" as const;

export interface ReadinessOptions {
  readonly session: Session;
  readonly api: Pick<PromptsApi, "prepare">;
  /** Tells the person where networks are fetched. */
  readonly offerModels: () => void;
}

export class Readiness {
  private isWanted = false;
  private looks = 0;
  private staying: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly options: ReadinessOptions) {
    const { view } = options.session;
    view.subscribe((now, before) => {
      if (now.scene?.imageId === before.scene?.imageId) return;
      this.rest();
      view.set({ prompts: "unknown" });
      if (now.scene !== null && this.isWanted) this.staying = setTimeout(() => this.lookNow(), STAYS_MS);
    });
  }

  get isWithoutNetwork(): boolean {
    return this.options.session.view.get().prompts === "none";
  }

  /** Another network answers from now on. */
  askAnother(): void {
    this.options.session.view.set({ prompts: "unknown" });
    this.begin();
  }

  /** The tool was taken up, or another picture has come while it is in hand. */
  begin(): void {
    this.isWanted = true;
    if (this.staying === undefined) this.lookNow();
  }

  private rest(): void {
    clearTimeout(this.staying);
    this.staying = undefined;
  }

  private lookNow(): void {
    this.rest();
    void this.look();
  }

  private async look(): Promise<void> {
    const { session, api, offerModels } = this.options;
    const { scene, prompts } = session.view.get();
    if (scene === null || prompts === "preparing" || prompts === "ready") return;
    const look = ++this.looks;
    session.view.set({ prompts: "preparing" });
    const found = await api.prepare(scene.imageId).then(({ by }) => (by === null ? "none" : "ready"), () => "unknown" as const);
    if (look !== this.looks || session.view.get().scene?.imageId !== scene.imageId) return;
    session.view.set({ prompts: found });
    if (found === "none" && session.view.get().tool === POINT_TOOL) offerModels();
    if (found === "ready") await this.lookAhead(scene.imageId).catch(() => {});
  }

  private async lookAhead(from: number): Promise<void> {
    const { session, api } = this.options;
    const next = await session.list.nextToDo();
    if (next !== null && next.id !== from && session.imageId() === from) await api.prepare(next.id);
  }
}
