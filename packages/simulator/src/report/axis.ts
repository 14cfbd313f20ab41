/** Where an axis has its marks and what they say. */
import { countText } from './number-text.ts';

/** A mark. */
export interface Tick {
  readonly value: number;
  readonly label: string;
}

/** An axis from 0 to `top`, with a mark at both ends and between. */
export interface ValueAxis {
  readonly top: number;
  readonly ticks: readonly Tick[];
}

const STEPS = [1, 2, 2.5, 5, 10];
const MOST_STEPS = 5;

/** An axis that reaches to `highest` or a little further, in at most five round steps. */
export function valueAxis(highest: number, label: (value: number) => string = countText): ValueAxis {
  const span = highest > 0 ? highest : 1;
  const power = 10 ** Math.floor(Math.log10(span / MOST_STEPS));
  const step = (STEPS.find((each) => each * power >= span / MOST_STEPS - span * 1e-9) ?? 10) * power;
  const count = Math.max(1, Math.ceil(span / step - 1e-9));
  const ticks = Array.from({ length: count + 1 }, (_, index) => {
    const value = Number((index * step).toPrecision(12));
    return { value, label: label(value) };
  });
  return { top: Number((count * step).toPrecision(12)), ticks };
}

const TIME_STEPS_S = [
  1, 5, 10, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800,
];
const MOST_TIME_STEPS = 8;

/** Marks of the time since the start, at most nine: `6 h`, `90 min`, `30 s`. */
export function elapsedTicks(spanSeconds: number): readonly Tick[] {
  const step = timeStep(spanSeconds);
  const [unit, seconds] = step >= 3_600 ? ['h', 3_600] : step >= 60 ? ['min', 60] : ['s', 1];
  return Array.from({ length: Math.floor(spanSeconds / step) + 1 }, (_, index) => ({
    value: index * step,
    label: `${countText((index * step) / seconds)} ${unit}`,
  }));
}

/** Marks at round times of day in UTC, in seconds since `startMs`: `14:30`, and the date where a day starts. */
export function clockTicks(startMs: number, spanSeconds: number): readonly Tick[] {
  const step = timeStep(spanSeconds);
  const start = startMs / 1000;
  const first = Math.ceil(start / step) * step;
  const count = Math.floor((start + spanSeconds - first) / step) + 1;
  return Array.from({ length: Math.max(0, count) }, (_, index) => {
    const at = first + index * step;
    return { value: at - start, label: clockLabel(at * 1000, step) };
  });
}

function clockLabel(atMs: number, stepSeconds: number): string {
  const text = new Date(atMs).toISOString();
  if (atMs % 86_400_000 === 0) return text.slice(5, 10);
  return stepSeconds < 60 ? text.slice(11, 19) : text.slice(11, 16);
}

function timeStep(spanSeconds: number): number {
  const fitting = TIME_STEPS_S.find((step) => spanSeconds / step <= MOST_TIME_STEPS);
  return fitting ?? Math.ceil(spanSeconds / MOST_TIME_STEPS / 604_800) * 604_800;
}
