/** What dropped files are: by their names, and of a folder's JSON by a look into it. */

export interface NamedFile {
  /** With its folders, such as "street/001.jpg". */
  readonly name: string;
  readonly file: File;
}

/** As annotator/vision/pictures/kinds.py has them. */
const PICTURE_SUFFIXES = [
  "jpg", "jpeg", "jpe", "jfif", "png", "webp", "bmp", "tif", "tiff", "gif", "avif", "ppm", "pgm", "pbm", "pnm", "heic",
  "heif",
];
const PICTURE = new RegExp(`\\.(${PICTURE_SUFFIXES.join("|")})$`, "i");
/** Folders that archives of macOS and network drives lay beside a person's files. */
const LAID = ["__MACOSX", "@eaDir"];
const LOOKED_AT = 1 << 16;

/**
 * What macOS lays beside each file of a foreign disk; and of a folder what is hidden in it: older copies that editors keep,
 * thumbnails of network drives. The folder's own name is not asked.
 */
export function isHidden({ name }: NamedFile): boolean {
  const below = name.split("/").slice(1);
  return below.some((part) => part.startsWith(".") || LAID.includes(part)) || name.startsWith("._");
}

/** A file without an extension may be one: the server looks into it. */
export function looksLikePicture({ name, file }: NamedFile): boolean {
  return PICTURE.test(name) || file.type.startsWith("image/") || (!name.includes("/") && !name.includes("."));
}

export function isJson({ name }: NamedFile): boolean {
  return /\.json$/i.test(name);
}

/** A COCO file or a list of results, whatever its name: its keys stand at its beginning or its end. */
export async function looksLikeCoco(file: Blob): Promise<boolean> {
  const head = await file.slice(0, LOOKED_AT).text();
  const tail = await file.slice(Math.max(0, file.size - LOOKED_AT)).text();
  if (/^\s*\[/.test(head)) return /"category_id"/.test(head);
  return /^\uFEFF?\s*\{/.test(head) && /"(images|annotations|categories)"\s*:\s*\[/.test(head + tail);
}
