/** What a change of the project's categories makes of the page. */
import type { WireCategory } from "../document/protocol";
import type { Session } from "./session";

/** Shows the categories as they are now; what was merged or removed is read again where it is seen. */
export async function takeCategories(session: Session, categories: readonly WireCategory[]): Promise<void> {
  session.view.set({ categories });
  const imageId = session.imageId();
  await Promise.all([session.refreshQueue(), imageId === null ? null : session.revalidate(imageId)]);
}
