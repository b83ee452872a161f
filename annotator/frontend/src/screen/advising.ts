/** What all that is said of the decisions needs, and what it does about it. */
import type { Api } from "../saving/api";
import { CategoriesApi } from "../saving/categories";
import { lineOf } from "../saving/errors";
import type { LeasesApi } from "../saving/leases";
import type { Advice } from "../session/advice";
import type { Session } from "../session/session";
import { decimal, t } from "../strings";
import type { BulkNews } from "./bulkrun";

export interface InsightOptions {
  readonly api: Api;
  readonly session: Session;
  readonly leases: LeasesApi;
  readonly advice: Advice;
  readonly news: BulkNews;
  readonly notice: (kind: "info" | "error", text: string, detail?: string) => void;
}

/** Gives a category a threshold of its own: a step of undo. */
export async function setThreshold({ api, session, notice }: Pick<InsightOptions, "session" | "notice"> & { readonly api: Pick<Api, "root"> }, category: number, threshold: number): Promise<void> {
  try {
    await session.categories.make(new CategoriesApi(api).change(category, { threshold }));
    notice("info", t("adviceApplied", { category: nameOf(session, category), threshold: decimal(threshold, 2) }));
  } catch (error) {
    notice("error", t("adviceFailed"), lineOf(error));
  }
}

export function nameOf(session: Session, category: number): string {
  return session.view.get().categories.find((one) => one.id === category)?.name ?? `#${category}`;
}

export function percent(share: number): string {
  // A share that is not all is not called so.
  const rounded = Math.round(share * 1000) / 10;
  const shown = share < 1 && rounded === 100 ? 99.9 : rounded;
  return t("percent", { n: decimal(shown, Number.isInteger(shown) ? 0 : 1) });
}
