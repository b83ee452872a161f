/** Line icons on a 20 x 20 grid, drawn for this editor. */

const PATHS = {
  undo: "M7.5 4.5L4 8l3.5 3.5M4.5 8h7a4 4 0 010 8H8",
  redo: "M12.5 4.5L16 8l-3.5 3.5M15.5 8h-7a4 4 0 000 8H12",
  fit: "M3.5 7.5v-4h4M12.5 3.5h4v4M16.5 12.5v4h-4M7.5 16.5h-4v-4",
  labels: "M3.5 4.5h7l6 5.5-6 5.5h-7z M7 10h.01",
  eye: "M2.5 10S5.5 5 10 5s7.5 5 7.5 5-3 5-7.5 5-7.5-5-7.5-5z M10 12.2a2.2 2.2 0 100-4.4 2.2 2.2 0 000 4.4z",
  ghost: "M5 16.5V9a5 5 0 0110 0v7.5l-1.7-1.5-1.6 1.5-1.7-1.5-1.7 1.5-1.6-1.5z M8 9.5h.01M12 9.5h.01",
  check: "M4.5 10.5l3.7 3.7 7.3-8",
  checkAll: "M2.5 10.5l3.2 3.2 6-7M9.5 13.2l.7.6 7-8",
  cross: "M5.5 5.5l9 9M14.5 5.5l-9 9",
  trash: "M4 6h12M8 6V4h4v2M5.5 6l.7 10h7.6l.7-10M8.5 9v4.5M11.5 9v4.5",
  help: "M7.5 7.5a2.5 2.5 0 113.6 2.2c-.7.4-1.1.9-1.1 1.8M10 14.5h.01",
  keyboard: "M3 5.5h14v9H3z M6 8.5h.01M9 8.5h.01M12 8.5h.01M14.5 8.5h.01M6.5 11.7h7",
  dashed: "M10 3.5a6.5 6.5 0 012.7.6M15 5.9a6.5 6.5 0 011.4 3M16.2 12a6.5 6.5 0 01-1.9 2.9M11.6 16.3a6.5 6.5 0 01-3.2 0M5.7 14.9A6.5 6.5 0 013.8 12M3.6 8.9A6.5 6.5 0 015 5.9M7.3 4.1",
  plus: "M10 4v12M4 10h12",
  images: "M5.5 3.5h11v9h-11z M3.5 6.5v9.5h10.5 M6 11.5l3-3.5 2.5 2.5 1.8-1.5 3 3",
  flag: "M5 17V3.8M5 4h9.5l-2.2 3.3 2.2 3.3H5",
  folder: "M3 5.5h5l1.5 2H17v8H3z",
  cloud: "M6 15.5a3.5 3.5 0 01-.5-7 5 5 0 019.6 1 3 3 0 01-.6 6z",
  cloudOff: "M3.5 3.5l13 13M8.2 5.7a5 5 0 016.9 3.8 3 3 0 011.7 4.5M13 15.5H6a3.5 3.5 0 01-.5-7",
  warning: "M10 3.5l7 12.5H3z M10 8v4M10 14h.01",
  pencil: "M4 16l.8-3.5L13 4.3l2.7 2.7-8.2 8.2z",
  chevron: "M6 8l4 4 4-4",
  search: "M9 14.5a5.5 5.5 0 100-11 5.5 5.5 0 000 11z M13 13l3.5 3.5",
  clock: "M10 16.5a6.5 6.5 0 100-13 6.5 6.5 0 000 13z M10 6.5V10l2.5 1.5",
  more: "M5 10h.01M10 10h.01M15 10h.01",
  target: "M10 15a5 5 0 100-10 5 5 0 000 10z M10 2.5v3M10 14.5v3M2.5 10h3M14.5 10h3",
  grid: "M3.5 3.5h5.2v5.2H3.5z M11.3 3.5h5.2v5.2h-5.2z M3.5 11.3h5.2v5.2H3.5z M11.3 11.3h5.2v5.2h-5.2z",
  twoAgree: "M7.5 14.5a4.5 4.5 0 100-9 4.5 4.5 0 000 9z M12.5 14.5a4.5 4.5 0 100-9 4.5 4.5 0 000 9z",
  oneOfTwo: "M7.5 14.5a4.5 4.5 0 100-9 4.5 4.5 0 000 9z M13.6 5.6a4.5 4.5 0 012 1.1M17 9.2a4.5 4.5 0 01-.1 2M15.4 13.4a4.5 4.5 0 01-2 1",
  sun: "M10 13a3 3 0 100-6 3 3 0 000 6z M10 2.5v1.8M10 15.7v1.8M2.5 10h1.8M15.7 10h1.8M4.7 4.7L6 6M14 14l1.3 1.3M15.3 4.7L14 6M6 14l-1.3 1.3",
} as const;

export type IconName = keyof typeof PATHS;
/** One of those here, or a path of one's own. */
export type Icon = IconName | `M${string}`;

function pathOf(icon: Icon): string {
  return icon in PATHS ? PATHS[icon as IconName] : icon;
}

const SVG = "http://www.w3.org/2000/svg";

export function icon(icon: Icon): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("class", "an-icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", pathOf(icon));
  svg.append(path);
  return svg;
}

export function setIcon(svg: SVGSVGElement, name: IconName): void {
  const path = svg.firstElementChild!;
  if (path.getAttribute("d") !== PATHS[name]) path.setAttribute("d", PATHS[name]);
}
