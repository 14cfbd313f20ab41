/**
 * The looks of the charts, light and dark by the reader's setting. Each line has a pattern besides its colour, so that
 * nothing depends on telling colours apart.
 */
import { GUTTER_PX, RIGHT_PX } from './panel.ts';

/** Line patterns for policies that share a plot; from the seventh on they repeat with other colours. */
const LINE_STYLES = 30;

const LIGHT = {
  page: '#ffffff',
  text: '#1c2430',
  muted: '#5a6675',
  rule: '#d9dee5',
  bound: '#c3ccd7',
  running: '#0b5cad',
  desired: '#b04a00',
  age: '#6b7f96',
  late: '#c4161c',
  colours: ['#0b5cad', '#b04a00', '#00796b', '#8e24aa', '#a3195b', '#5d6b00'],
};
const DARK = {
  page: '#12171e',
  text: '#e6ebf2',
  muted: '#9aa7b8',
  rule: '#2c3643',
  bound: '#4a5b70',
  running: '#6cb4ff',
  desired: '#ffa45c',
  age: '#8496ab',
  late: '#ff6b6b',
  colours: ['#6cb4ff', '#ffa45c', '#4fd1b5', '#d49bff', '#ff8fc0', '#c9d94f'],
};
/** Lengths of strokes and gaps; the first is solid. */
const PATTERNS = ['none', '8 4', '2 3', '10 3 2 3', '16 5'];

/** Class of the line of the nth policy in a shared plot: colours and patterns go round at different lengths. */
export function lineClass(index: number): string {
  return `line-${index % LINE_STYLES}`;
}

/** Rules for everything inside plots; a page and a file alone need them alike. */
export function plotStyle(): string {
  const lines = Array.from({ length: LINE_STYLES }, (_, index) => {
    const pattern = PATTERNS[index % PATTERNS.length] ?? 'none';
    return `.line-${index}{stroke:var(--line-${index % LIGHT.colours.length});stroke-dasharray:${pattern}}`;
  });
  return `:root{color-scheme:light dark;${variables(LIGHT)}}
@media (prefers-color-scheme:dark){:root{${variables(DARK)}}}
figure>.panel{display:block;width:calc(100% - ${GUTTER_PX + RIGHT_PX}px);margin:0 ${RIGHT_PX}px 0 ${GUTTER_PX}px}
text{font:12px system-ui,sans-serif;fill:var(--muted)}
.value{text-anchor:end}.time{text-anchor:middle}.last{text-anchor:end}
.grid,.mark{stroke:var(--rule);stroke-width:1}.base{stroke:var(--muted);stroke-width:1}
.mark{stroke-dasharray:1 3}
path,use,line{vector-effect:non-scaling-stroke}
path{stroke-linejoin:round}
.arrivals{fill:var(--bound);fill-opacity:.45;stroke:var(--age);stroke-width:1}
.bound{fill:var(--bound);fill-opacity:.75;stroke:none}
.running{fill:none;stroke:var(--running);stroke-width:1.75}
.desired{fill:none;stroke:var(--desired);stroke-width:1.25;stroke-dasharray:3 3}
.age{fill:var(--age);fill-opacity:.3;stroke:var(--age);stroke-width:1}
.late{fill:var(--late);fill-opacity:.35;stroke:var(--late);stroke-width:1.5}
.objective{fill:none;stroke:var(--text);stroke-width:1.25;stroke-dasharray:7 4}
.cost{fill:none;stroke-width:2}
${lines.join('\n')}
@media (max-width:600px){.alternate{display:none}}`;
}

/** Rules for the page around the plots. */
export function pageStyle(): string {
  return `*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);font:16px/1.5 system-ui,sans-serif}
main{max-width:1120px;margin:0 auto;padding:24px 16px 48px}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 4px}
h2{font-size:1.15rem;margin:40px 0 4px}
h2+figure{margin-top:0}
.shared{position:absolute}
h3{font-size:1rem;margin:0;overflow-wrap:anywhere}
p{margin:0 0 8px;max-width:75ch}
.muted,figcaption p,details{color:var(--muted);font-size:.875rem}
.advice{border-left:4px solid var(--running);padding:4px 0 4px 12px;margin:16px 0;overflow-wrap:anywhere}
figure{margin:20px 0 0}
figcaption{margin-bottom:4px}
figcaption p{margin:0}
.over{overflow-x:auto;margin:12px 0}
table{border-collapse:collapse;width:100%;font-size:.875rem;font-variant-numeric:tabular-nums}
th,td{padding:6px 10px;text-align:right;white-space:nowrap;border-bottom:1px solid var(--rule)}
th:first-child{text-align:left;position:sticky;left:0;background:var(--page)}
thead th{color:var(--muted);font-weight:600}
tbody th{font-weight:600}
.is-late{color:var(--late);font-weight:600}
dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 16px;margin:8px 0}
dt{font-weight:600}dd{margin:0}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:4px 20px;margin:8px 0;padding:0;font-size:.875rem}
.legend li{display:flex;align-items:center;gap:8px}
.legend svg{flex:none}
@media (max-width:600px){main{padding:16px 12px 32px}th,td{padding:6px}th:first-child{white-space:normal;max-width:8.5rem}}`;
}

function variables({ colours, ...named }: typeof LIGHT): string {
  const all = [
    ...Object.entries(named).map(([name, colour]) => `--${name}:${colour}`),
    ...colours.map((colour, index) => `--line-${index}:${colour}`),
  ];
  return all.join(';');
}
