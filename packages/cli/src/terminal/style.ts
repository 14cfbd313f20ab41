/**
 * The few ways in which the CLI paints text. Colour only repeats what the words already say, so that nothing is lost
 * without it.
 */
import { styleText } from 'node:util';

/** Paints a text, or leaves it as it is. */
export type Paint = (text: string) => string;

/** The palette of one stream. */
export interface Style {
  /** Whether the paints do anything. */
  readonly isColoured: boolean;
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
  readonly cyan: Paint;
}

/** A palette that paints with ANSI escape codes, or one that leaves text alone. */
export function createStyle(isColoured: boolean): Style {
  const paint = (format: 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'): Paint =>
    // Whether to colour is decided here, by stream and environment; styleText's own look at process.stdout would be wrong for stderr.
    isColoured ? (text) => styleText(format, text, { validateStream: false }) : (text) => text;
  return {
    isColoured,
    bold: paint('bold'),
    dim: paint('dim'),
    red: paint('red'),
    green: paint('green'),
    yellow: paint('yellow'),
    cyan: paint('cyan'),
  };
}

/** Environment variables that decide about colour. */
export type ColourEnvironment = Readonly<Record<string, string | undefined>>;

/**
 * Whether a stream gets colour: `FORCE_COLOR` decides first (`0` and `false` turn it off), then `NO_COLOR`
 * (https://no-color.org: any text but the empty one turns it off), then `TERM=dumb`, then whether it is a terminal.
 */
export function wantsColour(isTerminal: boolean, env: ColourEnvironment): boolean {
  const forced = env['FORCE_COLOR'];
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  if ((env['NO_COLOR'] ?? '') !== '') return false;
  return isTerminal && env['TERM'] !== 'dumb';
}
