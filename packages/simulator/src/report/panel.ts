/**
 * One plot over time as an SVG element. The drawing stretches with the page while lines and letters keep their size, so
 * that the same file is readable on a phone and on a desktop without a script.
 */
import type { Tick, ValueAxis } from './axis.ts';
import { escapeMarkup } from './markup.ts';

/** Pixel columns that a series is reduced to: more would not show, fewer would be seen on a desktop. */
export const PLOT_COLUMNS = 720;
/** Drawing units per pixel of height. */
const UNITS_PER_PIXEL = 2;
const GUTTER_PX = 46;
const ABOVE_PX = 8;
const BELOW_PX = 8;
const TIME_AXIS_PX = 24;

/** A plot. */
export interface Panel {
  /** Unique in its page. */
  readonly id: string;
  /** What a screen reader says first. */
  readonly title: string;
  /** The figures of the plot in words. */
  readonly description: string;
  /** Height of the plot area. */
  readonly heightPx: number;
  readonly axis: ValueAxis;
  readonly time: TimeAxis;
  /** Whether times stand below. Default false: the marks alone. */
  readonly hasTimeLabels?: boolean;
  /** Elements in the plot area, {@link PLOT_COLUMNS} wide and `plotHeight(heightPx)` high. */
  readonly layers: readonly string[];
  /** Where the element stands in another SVG, pixels from its top. Default: in HTML. */
  readonly y?: number;
}

/** The time that all plots of a page share. */
export interface TimeAxis {
  readonly spanSeconds: number;
  /** Marks in seconds from the start. */
  readonly ticks: readonly Tick[];
}

/** Height of the drawing in its own units. */
export function plotHeight(heightPx: number): number {
  return heightPx * UNITS_PER_PIXEL;
}

/** Pixels that the whole element is high. */
export function panelHeight({ heightPx, hasTimeLabels = false }: Pick<Panel, 'heightPx' | 'hasTimeLabels'>): number {
  return ABOVE_PX + heightPx + (hasTimeLabels ? TIME_AXIS_PX : BELOW_PX);
}

/** The SVG element. */
export function panelSvg(panel: Panel): string {
  const { id, heightPx, axis, time, y } = panel;
  const height = panelHeight(panel);
  const place = y === undefined ? '' : ` y="${y}"`;
  const xml = y === undefined ? ' xmlns="http://www.w3.org/2000/svg"' : '';
  const percent = (value: number): string => `${Number(((value / time.spanSeconds) * 100).toFixed(2))}%`;
  const fromTop = (value: number): number => round(heightPx - (value / axis.top) * heightPx);
  const values = axis.ticks.map(({ value, label }) => {
    const at = fromTop(value);
    return `<line class="${value === 0 ? 'base' : 'grid'}" x1="${GUTTER_PX}" x2="100%" y1="${ABOVE_PX + at}" y2="${ABOVE_PX + at}"/><text class="value" x="${GUTTER_PX - 6}" y="${ABOVE_PX + at + 4}">${escapeMarkup(label)}</text>`;
  });
  const times = time.ticks.map(({ value, label }, index) => timeMark(percent(value), { label, index, panel }));
  return [
    `<svg${xml}${place} class="panel" width="100%" height="${height}" role="img" aria-labelledby="${id}-title ${id}-desc">`,
    `<title id="${id}-title">${escapeMarkup(panel.title)}</title><desc id="${id}-desc">${escapeMarkup(panel.description)}</desc>`,
    ...values,
    // Where CSS sets no width on an inner svg, the attribute leaves room for the gutter on all but the narrowest pages.
    `<svg class="plot" x="${GUTTER_PX}" y="${ABOVE_PX}" width="88%" height="${height - ABOVE_PX}" overflow="visible">`,
    ...times,
    `<svg width="100%" height="${heightPx}" viewBox="0 0 ${PLOT_COLUMNS} ${plotHeight(heightPx)}" preserveAspectRatio="none">`,
    ...panel.layers,
    '</svg></svg></svg>',
  ].join('\n');
}

function timeMark(
  x: string,
  { label, index, panel }: { readonly label: string; readonly index: number; readonly panel: Panel },
): string {
  const { heightPx, hasTimeLabels = false, time } = panel;
  const line = `<line class="mark" x1="${x}" x2="${x}" y1="0" y2="${heightPx + (hasTimeLabels ? 4 : 0)}"/>`;
  if (!hasTimeLabels) return line;
  const isLast = (time.ticks[index]?.value ?? 0) > time.spanSeconds * 0.97;
  const classes = ['time', index % 2 === 1 ? 'alternate' : '', isLast ? 'last' : ''].filter((each) => each !== '');
  return `${line}<text class="${classes.join(' ')}" x="${x}" y="${heightPx + 18}">${escapeMarkup(label)}</text>`;
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}
