/** A CloudWatch alarm on points of a minute: it is in alarm while its last points all breach the threshold. */

/**
 * Takes one point a minute and says whether the alarm is in alarm. While it is, CloudWatch invokes a scaling action once
 * a minute. A missing point (undefined) is neither breach nor calm: it is taken to end the run, so that a scaling
 * policy does nothing on insufficient data.
 */
export function consecutivePoints(
  points: number,
  isBreach: (value: number) => boolean,
): (value: number | undefined) => boolean {
  let breaches = 0;
  return (value) => {
    breaches = value !== undefined && isBreach(value) ? breaches + 1 : 0;
    return breaches >= points;
  };
}
