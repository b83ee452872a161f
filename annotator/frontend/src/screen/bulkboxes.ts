/** Boxes of the open picture that an import brought without a mask: they are no instances yet, and the server makes them some. */
import type { BulkOrder } from "../saving/bulk";
import type { BulkNews } from "./bulkrun";
import { watch } from "./bulkrun";

/** False where the picture has none. Its other boxes get their masks too, so that one step takes all of it back. */
export async function fillCarried(news: BulkNews, imageId: number, { threshold, network }: { readonly threshold: number; readonly network: string | null }): Promise<boolean> {
  const order: BulkOrder = { verb: "masks", query: "", images: [imageId], threshold, ...(network === null ? {} : { network }) };
  const preview = await news.api.preview(order);
  if (preview.carried === 0) return false;
  await watch(news, (api) => api.start(order, preview));
  return true;
}
