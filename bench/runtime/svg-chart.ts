/** The comparison as a bar chart: ours and the peer, each pair on its own scale. Text stays text; light and dark are the reader's. */
import type { Row } from './collect.ts';
import { readable } from './readable.ts';

const WIDTH = 920;
const LABEL_X = 16;
const BAR_X = 320;
const BAR_WIDTH = 280;
const TOP = 64;
const GROUP_HEIGHT = 62;
const BAR_HEIGHT = 16;

const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .title { font-size: 16px; font-weight: 600; }
  .soft { fill: #59636e; font-size: 12px; }
  .ours { fill: #0969da; }
  .peer { fill: #afb8c1; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .soft { fill: #9198a1; }
    .ours { fill: #4493f8; }
    .peer { fill: #59636e; }
  }`;

/** The chart of all rows that have a peer, of the default transport. */
export function svgChart(rows: readonly Row[]): string {
  const compared = rows.flatMap((row) =>
    row.transport === undefined && row.peer !== undefined ? [{ ...row, peer: row.peer }] : [],
  );
  const height = TOP + compared.length * GROUP_HEIGHT;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="title">
<title id="title">The worker runtime beside its peers</title>
<style>${STYLE}
</style>
<text class="title" x="${LABEL_X}" y="26">The worker runtime beside its peers</text>
<text class="soft" x="${LABEL_X}" y="46">Each pair on its own scale. Medians of one run on one machine: trust the ratios.</text>
${compared.map(group).join('\n')}
</svg>
`;
}

function group({ figure, ours, peer }: Row & { readonly peer: number }, index: number): string {
  const y = TOP + index * GROUP_HEIGHT;
  const largest = Math.max(ours, peer) || 1;
  const better = figure.bar.sense === 'at most' ? 'less is better' : 'more is better';
  return [
    `<text x="${LABEL_X}" y="${y + 15}">${escaped(figure.title)}</text>`,
    `<text class="soft" x="${LABEL_X}" y="${y + 33}">${escaped(figure.unit)}, ${better}</text>`,
    bar('ours', y, ours / largest, `${readable(ours)} · Longshore`),
    bar('peer', y + BAR_HEIGHT + 3, peer / largest, `${readable(peer)} · ${figure.peer ?? ''}`),
  ].join('\n');
}

/** Labels stand in the bar's row, over its end, so that a long name needs no room beside it. */
function bar(side: 'ours' | 'peer', y: number, share: number, label: string): string {
  const width = Math.max(2, share * BAR_WIDTH);
  return [
    `<rect class="${side}" x="${BAR_X}" y="${y + 3}" width="${width.toFixed(1)}" height="${BAR_HEIGHT}" rx="2"/>`,
    `<text class="soft" x="${(BAR_X + width + 6).toFixed(1)}" y="${y + 15}">${escaped(label)}</text>`,
  ].join('\n');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
