// The band of marks, as on bogolan cloth: a shape and a colour for every token.
//
// In: ids. Out: an SVG of one mark each. Colour is id mod 6, shape the next digit in base 6; the token strip takes the same colours.

/** How many colours and shapes there are. */
export const COLOURS = 6;

/** Shapes in a cell of 16 by 16; stroked ones are open. */
const SHAPES = [
  "M8 2 14 8 8 14 2 8Z", // lozenge
  "M2 13 8 3 14 13Z", // roof
  "M3 3H13V6H3ZM3 10H13V13H3Z", // two bars
  "M6 2H10V6H14V10H10V14H6V10H2V6H6Z", // cross
  "M2 2 8 8 2 14ZM14 2 8 8 14 14Z", // hourglass
  "M2 11 5 5 8 11 11 5 14 11V14L11 9 8 14 5 9 2 14Z", // water
];

const CELL = 16;
const ROWS = 2;
const COLUMNS = 160;
const SPACE = "http://www.w3.org/2000/svg";

/** The mark of an id, as a class for its colour. */
export const colour = (id: number): string => `c${id % COLOURS}`;

/** The mark of an id by itself. */
export function mark(id: number): SVGSVGElement {
  const svg = document.createElementNS(SPACE, "svg");
  svg.setAttribute("class", "mark");
  svg.setAttribute("viewBox", `0 0 ${CELL} ${CELL}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SPACE, "path");
  path.setAttribute("class", colour(id));
  path.setAttribute("d", SHAPES[Math.floor(id / COLOURS) % SHAPES.length] ?? "");
  svg.append(path);
  return svg;
}

/** An empty band; `weave` fills it. */
export function band(): SVGSVGElement {
  const svg = document.createElementNS(SPACE, "svg");
  svg.setAttribute("class", "band");
  svg.setAttribute("viewBox", `0 0 ${COLUMNS * CELL} ${ROWS * CELL}`);
  svg.setAttribute("preserveAspectRatio", "xMinYMid slice");
  svg.setAttribute("aria-hidden", "true");
  return svg;
}

/** Draws ids as marks, row after row, from the beginning again when they end. */
export function weave(svg: SVGSVGElement, ids: ArrayLike<number>): void {
  if (ids.length === 0) return;
  const paths = Array.from({ length: COLOURS }, () => "");
  for (let cell = 0; cell < ROWS * COLUMNS; cell++) {
    const id = ids[cell % ids.length] ?? 0;
    const x = (cell % COLUMNS) * CELL;
    const y = Math.floor(cell / COLUMNS) * CELL;
    const shape = SHAPES[Math.floor(id / COLOURS) % SHAPES.length] ?? "";
    paths[id % COLOURS] += moved(shape, x, y);
  }
  svg.replaceChildren(
    ...paths.map((d, index) => {
      const path = document.createElementNS(SPACE, "path");
      path.setAttribute("class", `c${index}`);
      path.setAttribute("d", d);
      return path;
    }),
  );
}

/** A path of absolute commands, elsewhere. */
function moved(path: string, x: number, y: number): string {
  return path.replace(/([MLHVZ]?)\s?([\d.]+)?(?:\s([\d.]+))?/g, (all, letter: string, first?: string, second?: string) => {
    if (first === undefined) return all;
    if (letter === "V") return `V${Number(first) + y}`;
    if (letter === "H") return `H${Number(first) + x}`;
    return `${letter}${letter === "" ? " " : ""}${Number(first) + x} ${Number(second) + y}`;
  });
}

/** What the band shows before anything is learned: a regular cloth. */
export const PATTERN: readonly number[] = Array.from({ length: 100 }, (_, i) => (Math.floor(i / 5) % 6) * 6 + ((i % 5 === 2 ? 1 : 0) + Math.floor(i / 5) * 2) % 6);
