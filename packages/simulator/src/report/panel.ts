/**
 * One plot over time as an SVG element. On a page the drawing stretches with it while lines and letters keep their size,
 * so that the same file is readable on a phone and on a desktop without a script. In a file alone its width is given.
 */
import type { Tick, ValueAxis } from './axis.ts';
import { escapeMarkup } from './markup.ts';

/** Pixel columns that a series is reduced to: more would not show, fewer would be seen on a desktop. */
export const PLOT_COLUMNS = 600;
/** Room for the values left of a plot, and for half of the last time right of it. */
export const GUTTER_PX = 46;
export const RIGHT_PX = 8;
/** Drawing units per pixel of height. */
const UNITS_PER_PIXEL = 2;
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
  /** Where the plot area stands in an SVG around it. Default: in a page, as wide as its style says. */
  readonly place?: { readonly x: number; readonly y: number; readonly width: number };
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
export function panelHeight({
  heightPx,
  hasTimeLabels = false,
}: Pick<Panel, 'heightPx' | 'hasTimeLabels'>): number {
  return ABOVE_PX + heightPx + (hasTimeLabels ? TIME_AXIS_PX : BELOW_PX);
}

/** The SVG element. Values stand left of its plot area, outside of the element itself. */
export function panelSvg(panel: Panel): string {
  const { id, heightPx, place, layers } = panel;
  const where =
    place === undefined
      ? 'xmlns="http://www.w3.org/2000/svg" width="100%"'
      : `x="${place.x}" y="${place.y}" width="${place.width}"`;
  return [
    `<svg ${where} class="panel" height="${panelHeight(panel)}" overflow="visible" role="img" aria-labelledby="${id}-title ${id}-desc">`,
    `<title id="${id}-title">${escapeMarkup(panel.title)}</title><desc id="${id}-desc">${escapeMarkup(panel.description)}</desc>`,
    ...panel.axis.ticks.map((tick) => valueMark(tick, panel)),
    ...panel.time.ticks.map((tick, index) => timeMark(tick, index, panel)),
    `<svg y="${ABOVE_PX}" width="100%" height="${heightPx}" viewBox="0 0 ${PLOT_COLUMNS} ${plotHeight(heightPx)}" preserveAspectRatio="none">`,
    ...layers,
    '</svg></svg>',
  ].join('\n');
}

function valueMark({ value, label }: Tick, { axis, heightPx }: Panel): string {
  const y = ABOVE_PX + Math.round((heightPx - (value / axis.top) * heightPx) * 10) / 10;
  const line = `<line class="${value === 0 ? 'base' : 'grid'}" x2="100%" y1="${y}" y2="${y}"/>`;
  return `${line}<text class="value" x="-6" y="${y + 4}">${escapeMarkup(label)}</text>`;
}

function timeMark({ value, label }: Tick, index: number, panel: Panel): string {
  const { heightPx, hasTimeLabels = false, time } = panel;
  const share = value / time.spanSeconds;
  const x = `${Number((share * 100).toFixed(2))}%`;
  const line = `<line class="mark" x1="${x}" x2="${x}" y1="${ABOVE_PX}" y2="${ABOVE_PX + heightPx}"/>`;
  if (!hasTimeLabels) return line;
  const classes = ['time', ...(index % 2 === 1 ? ['alternate'] : []), ...(share > 0.96 ? ['last'] : [])];
  return `${line}<text class="${classes.join(' ')}" x="${x}" y="${ABOVE_PX + heightPx + 16}">${escapeMarkup(label)}</text>`;
}
