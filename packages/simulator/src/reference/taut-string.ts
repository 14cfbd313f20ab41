/**
 * The taut string: the shortest path through a corridor that only rises, which is also the one of the most even rate.
 *
 * Davies and Kovac (2001), "Local extremes, runs, strings and multiresolution": a funnel of the greatest convex minorant
 * of the upper wall and the least concave majorant of the lower one.
 */

/** A wall of a corridor by the step. */
type Wall = Float64Array;

/**
 * Slope of the string in each step between two walls, which begin at the same height and end at the same height.
 * `lower[i] <= upper[i]` must hold.
 */
export function tautString(lower: Wall, upper: Wall): Float64Array {
  const last = lower.length - 1;
  const slopes = new Float64Array(Math.max(0, last));
  let apex = 0;
  let height = lower[0] ?? 0;
  while (apex < last) {
    const next = nextTouch(lower, upper, apex, height, last);
    slopes.fill((next.height - height) / (next.at - apex), apex, next.at);
    apex = next.at;
    height = next.height;
  }
  return slopes;
}

interface Touch {
  readonly at: number;
  readonly height: number;
}

/** Where the string from this point first bends: the walls' tangents narrow until they cross. */
function nextTouch(lower: Wall, upper: Wall, apex: number, height: number, last: number): Touch {
  let steepest = Infinity;
  let flattest = -Infinity;
  let steepestAt = last;
  let flattestAt = last;
  for (let at = apex + 1; at <= last; at += 1) {
    const toUpper = ((upper[at] ?? 0) - height) / (at - apex);
    const toLower = ((lower[at] ?? 0) - height) / (at - apex);
    if (toLower > steepest) return { at: steepestAt, height: upper[steepestAt] ?? 0 };
    if (toUpper < flattest) return { at: flattestAt, height: lower[flattestAt] ?? 0 };
    if (toUpper <= steepest) {
      steepest = toUpper;
      steepestAt = at;
    }
    if (toLower >= flattest) {
      flattest = toLower;
      flattestAt = at;
    }
  }
  return { at: last, height: upper[last] ?? 0 };
}
