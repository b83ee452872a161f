/** A browser that keeps nothing: the page works, and says so once there is something to come back to. */
import type { Session } from "../session/session";
import { t } from "../strings";
import type { Notices } from "./notices";

export function sayThatNothingIsKept(session: Session, notices: Pick<Notices, "show">): void {
  let said = false;
  session.view.subscribe(({ scene }) => {
    if (said || scene === null) return;
    said = true;
    notices.show("info", t("keepsNothing"));
  });
}
