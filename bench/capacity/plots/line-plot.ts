/** A plot of lines as SVG, which a page shows by itself: light or dark, as its reader has it. */

export interface LinePlot {
  readonly title: string;
  /** What the marks below stand for; they are set at even distances. */
  readonly across: string;
  readonly marks: readonly string[];
  readonly up: string;
  /** Each with a value for each mark; NaN: none. */
  readonly lines: readonly { readonly name: string; readonly values: readonly number[] }[];
  /** A level that is not to be passed. */
  readonly target?: number;
}

const [WIDTH, HEIGHT] = [640, 320];
const [LEFT, RIGHT, TOP, BOTTOM] = [64, 150, 40, 52];
const STEPS = 4;
const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #24292f } .title { font-weight: 600 }
  .grid { stroke: #d0d7de } .target { stroke: #24292f; stroke-dasharray: 4 4 }
  path, circle { fill: none; stroke-width: 2 } .c0 { stroke: #0969da } .c1 { stroke: #bc4c00 } .c2 { stroke: #1a7f37 } .c3 { stroke: #8250df }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .grid { stroke: #3d444d } .target { stroke: #e6edf3 }
    .c0 { stroke: #58a6ff } .c1 { stroke: #f0883e } .c2 { stroke: #3fb950 } .c3 { stroke: #bc8cff }
  }`;

/** @returns the text of an SVG; the scale begins at zero */
export function linePlot({ title, across, marks, up, lines, target }: LinePlot): string {
  const all = lines.flatMap(({ values }) => values.filter((value) => !Number.isNaN(value)));
  const most = roundUp(Math.max(...all, target ?? 0));
  const x = (at: number): number => LEFT + ((at + 0.5) / marks.length) * (WIDTH - LEFT - RIGHT);
  const y = (value: number): number => HEIGHT - BOTTOM - (value / most) * (HEIGHT - TOP - BOTTOM);
  const level = (value: number, name: string): string =>
    `<line class="${name}" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at(y(value))}" y2="${at(y(value))}"/>`;
  const levels = Array.from({ length: STEPS + 1 }, (_, step) => (most / STEPS) * step);
  const drawn = lines.map(({ name, values }, number) => {
    const points = values.flatMap((value, place) =>
      Number.isNaN(value) ? [] : [{ left: at(x(place)), top: at(y(value)) }],
    );
    const path = points.map(({ left, top }) => `${left} ${top}`).join('L');
    const key = TOP + 14 + number * 20;
    return `<path class="c${number % 4}" d="M${path}"/>
  <path class="c${number % 4}" d="M${WIDTH - RIGHT + 12} ${key - 4}h16"/>${text(WIDTH - RIGHT + 34, key, name)}
  ${points.map(({ left, top }) => `<circle class="c${number % 4}" cx="${left}" cy="${top}" r="2"/>`).join('')}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" role="img" aria-label="${escaped(title)}">
  <style>${STYLE}</style>
  ${text(LEFT, 20, title, 'class="title"')}
  ${levels.map((value) => level(value, 'grid') + text(LEFT - 8, y(value) + 4, shown(value), 'text-anchor="end"')).join('\n  ')}
  ${target === undefined ? '' : level(target, 'target')}
  ${marks.map((mark, place) => text(x(place), HEIGHT - BOTTOM + 18, mark, 'text-anchor="middle"')).join('\n  ')}
  ${text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, across, 'text-anchor="middle"')}
  ${text(14, (TOP + HEIGHT - BOTTOM) / 2, up, `text-anchor="middle" transform="rotate(-90 14 ${(TOP + HEIGHT - BOTTOM) / 2})"`)}
  ${drawn.join('\n  ')}
</svg>
`;
}

const at = (value: number): string => value.toFixed(1);
const shown = (value: number): string => String(Number(value.toPrecision(3)));
const text = (x: number, y: number, words: string, more = ''): string =>
  `<text x="${at(x)}" y="${at(y)}" ${more}>${escaped(words)}</text>`;
const escaped = (words: string): string =>
  words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

/** To one, two, four or eight, and zeros. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value || 1));
  return ([1, 2, 4, 8].find((times) => times * power >= value) ?? 10) * power;
}
