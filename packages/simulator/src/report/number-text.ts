/** Figures as people read them: few digits, and never a zero where something was. */
import { formatDuration } from '@longshore/job';

/** `1,049`; below 10 with one digit where it is no whole number: `2.5`. */
export function countText(value: number): string {
  const digits = value < 10 && !Number.isInteger(value) ? 1 : 0;
  return value.toLocaleString('en-US', { maximumFractionDigits: digits });
}

/** A share of 0 to 1: `0 %`, `0.16 %`, `22.3 %`; what rounds to nothing is `<0.01 %`. */
export function percentText(share: number): string {
  const percent = share * 100;
  if (percent === 0) return '0 %';
  if (percent < 0.01) return '<0.01 %';
  return `${percent.toFixed(percent < 10 ? 2 : 1)} %`;
}

/** `1.18x`; `–` where there is nothing to compare with. */
export function ratioText(ratio: number | undefined): string {
  return ratio === undefined ? '–' : `${ratio.toFixed(ratio < 100 ? 2 : 0)}x`;
}

/** `0s`, `850ms`, `42s`, `1h2m`. */
export function secondsText(seconds: number): string {
  return seconds === 0 ? '0s' : formatDuration(seconds * 1000);
}
