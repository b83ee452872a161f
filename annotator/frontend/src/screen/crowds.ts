/** Asks of a crowd whose mask was changed whether it still is one: cut down to one person, it is none any more. */
import type { Mask } from "../document/scene";
import { find, isCrowd } from "../document/scene";
import { toggleCrowd } from "../editing/review";
import type { Session } from "../session/session";
import { t } from "../strings";
import type { Notices } from "./notices";

export function askAboutCrowds(session: Session, notices: Pick<Notices, "ask" | "withdraw">): void {
  /** What is asked about, with the mask that each had before. */
  const asked = new Map<string, Mask>();
  const withdraw = (key: string): void => {
    asked.delete(key);
    notices.withdraw(key);
  };
  const answer = (key: string): void => {
    const { scene } = session.view.get();
    const instance = scene === null ? null : find(scene, key);
    if (instance !== null && isCrowd(instance)) toggleCrowd(session, [instance]);
  };

  session.onEdits((_, edits) => {
    for (const { before, after } of edits) {
      const key = (before ?? after)!.key;
      const undone = after?.mask === asked.get(key);
      if (before === null || after === null || !isCrowd(after) || undone) withdraw(key);
      else if (isCrowd(before) && before.mask !== after.mask && !asked.has(key)) {
        asked.set(key, before.mask);
        notices.ask(key, t("crowdEdited"), [
          { text: t("stillCrowd"), run: () => asked.delete(key) },
          { text: t("singleObject"), run: () => (asked.delete(key), answer(key)) },
        ]);
      }
    }
  });
  session.view.subscribe((now, before) => {
    if (now.scene?.imageId !== before.scene?.imageId) [...asked.keys()].forEach(withdraw);
  });
}
