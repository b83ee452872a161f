/** What the session tells the person in a line; the screen has the words. */

export type Notice = (kind: "info" | "error", text: NoticeText, detail?: string) => void;
export type NoticeText =
  | "openFailed"
  | "refused"
  | "pictureClosed"
  | "allReviewed"
  | "undoChanged"
  | "categoriesNotUndone"
  | "categoriesNotRedone"
  | "nothingToUndo"
  | "nothingToRedo"
  | "listEnd"
  | "leaseLost"
  | "heldElsewhere"
  | "verdictFailed"
  | "verdictStale"
  | "verdictUnsaid"
  | "queueFailed";
