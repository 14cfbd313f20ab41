/** The figures that are promised, and which of them a run misses. */

/** A promise about a figure. */
interface Bar {
  readonly key: string;
  readonly title: string;
  readonly sense: 'at least' | 'at most';
  readonly must: number;
  readonly aim?: number;
}

const atLeast = (key: string, title: string, must: number, aim?: number): Bar => ({
  key,
  title,
  sense: 'at least',
  must,
  ...(aim === undefined ? {} : { aim }),
});
const atMost = (...[key, title, must, aim]: Parameters<typeof atLeast>): Bar => ({
  ...atLeast(key, title, must, aim),
  sense: 'at most',
});

/** In the order of the report. */
export const BARS: readonly Bar[] = [
  atLeast(
    'docsVsPdfParse',
    'documents per second, the whole extractor beside pdf-parse in its own process',
    2,
    3.5,
  ),
  atLeast('docsVsPdftotext', 'the same beside one pdftotext process per document', 1.2, 2),
  atLeast('nativeVsPdfParse', 'the extractor on the native engine beside pdf-parse', 3, 4),
  atLeast('nativeVsPdftotext', 'the same beside pdftotext', 1.8, 2.5),
  atMost('isolationCost', 'time added by the sandbox, as a share of the bare engine’s', 0.12, 0.05),
  atLeast('twoVsOne', 'two sandboxed children beside one', 1.6, 1.9),
  atMost('bookVsPdfParse', 'time for a book of more than 2,000 pages, as a share of pdf-parse’s', 0.5, 0.25),
  atMost('bookPeakMB', 'peak memory of the sandboxed child that reads it', 150, 120),
  atMost('bookFirstPageMs', 'until its first page is there', 100, 50),
  atLeast('f1', 'agreement with pdftotext (token F1), all sound documents', 0.97, 0.985),
  atLeast('f1Cjk', 'of these, Chinese, Japanese and Korean', 0.99, 0.995),
  atLeast('f1French', 'French', 0.99, 0.995),
  atLeast('f1Rtl', 'right-to-left', 0.8, 0.9),
  atMost('workerDeaths', 'workers that hostile documents ended', 0),
  atMost('overBudget', 'hostile documents beyond their time, children beyond their memory by a tenth', 0),
  atMost('neighboursFailed', 'sound documents that failed beside hostile ones', 0),
];

/** Figures by name; `null` where there was nothing to measure it with. */
export type Figures = Readonly<Record<string, number | null>>;

/** Names of the figures that are worse than promised, or that promise completeness and lack something. */
export function missedOf(figures: Figures): string[] {
  const missed = BARS.filter((bar) => !holds(bar, figures[bar.key], bar.must)).map(({ key }) => key);
  if (!isComplete(figures, 'sound', 'soundExtracted')) missed.push('soundExtracted');
  if (!isComplete(figures, 'hostile', 'hostileTyped')) missed.push('hostileTyped');
  return missed;
}

/** A table for people. */
export function tableOf(figures: Figures): string {
  const rows = BARS.filter(({ key }) => key in figures).map((bar) => {
    const value = figures[bar.key];
    const sign = bar.sense === 'at least' ? '≥' : '≤';
    const isAimed = bar.aim !== undefined && holds(bar, value, bar.aim);
    const verdict = !holds(bar, value, bar.must) ? 'MISSED' : isAimed ? 'aim reached' : 'held';
    return [
      bar.key,
      value === null || value === undefined ? '–' : String(value),
      `${sign} ${bar.must}`,
      bar.aim === undefined ? '' : `${sign} ${bar.aim}`,
      value === null || value === undefined ? 'not measured' : verdict,
      bar.title,
    ];
  });
  const lines = [['figure', 'value', 'must', 'aim', '', ''], ...rows];
  const widths =
    lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? [];
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** What was not measured is not missed. */
function holds({ sense }: Bar, value: number | null | undefined, bound: number): boolean {
  if (value === null || value === undefined) return true;
  return sense === 'at least' ? value >= bound : value <= bound;
}

function isComplete(figures: Figures, whole: string, part: string): boolean {
  return (figures[whole] ?? 0) === (figures[part] ?? 0);
}
