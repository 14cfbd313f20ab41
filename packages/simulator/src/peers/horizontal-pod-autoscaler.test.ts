import { describe, expect, it } from 'vitest';
import { horizontalPodAutoscaler, type PodAutoscalerOptions } from './horizontal-pod-autoscaler.ts';

/** Replicas after each sync of 15 seconds that reads the given metrics. */
function replicasAfter(
  metrics: readonly number[],
  replicas: number,
  options: Partial<PodAutoscalerOptions> = {},
): number[] {
  const sync = horizontalPodAutoscaler({ averageValue: 10, minReplicas: 1, maxReplicas: 300, ...options });
  let current = replicas;
  return metrics.map((metric, at) => {
    current = sync({ nowSeconds: at * 15, specReplicas: current, statusReplicas: current, metric });
    return current;
  });
}

const repeat = (times: number, value: number): number[] => Array.from({ length: times }, () => value);

describe('horizontalPodAutoscaler', () => {
  it.each([
    { metric: 100, replicas: 10, expected: 10, why: 'the ratio is 1' },
    { metric: 109, replicas: 10, expected: 10, why: 'a ratio of 1.09 is within the tolerance' },
    { metric: 111, replicas: 10, expected: 12, why: 'a ratio of 1.11 is not, and the count is rounded up' },
    { metric: 90, replicas: 10, expected: 10, why: 'a ratio of 0.9 is within the tolerance' },
    { metric: 89, replicas: 10, expected: 9, why: 'a ratio of 0.89 is not' },
    { metric: 151, replicas: 10, expected: 16, why: 'the metric over the average is rounded up' },
    { metric: 1e6, replicas: 200, expected: 300, why: 'there is a maximum' },
    { metric: 0, replicas: 10, expected: 1, why: 'it does not go below its minimum' },
    { metric: 500, replicas: 0, expected: 0, why: 'at 0 replicas it is disabled' },
    { metric: 0, replicas: 400, expected: 300, why: 'a count above the maximum comes down at once' },
  ])('goes from $replicas to $expected at $metric: $why', ({ metric, replicas, expected }) => {
    expect(replicasAfter([metric], replicas)).toEqual([expected]);
  });

  it('without a behavior goes up to twice the pods or to 4 in one sync', () => {
    expect(replicasAfter(repeat(6, 500), 1)).toEqual([4, 8, 16, 32, 50, 50]);
  });

  it('with a behavior goes up by 4 or by 100 % in one sync', () => {
    expect(replicasAfter(repeat(6, 500), 1, { behaviorDownWindowSeconds: 60 })).toEqual([
      5, 10, 20, 40, 50, 50,
    ]);
  });

  it('goes down to the highest recommendation of the last 300 seconds', () => {
    const after = replicasAfter([200, ...repeat(21, 50), 40], 20);
    // The recommendation of 20 is 300 seconds old at the 20th sync and still counts.
    expect(after.slice(0, 21)).toEqual(repeat(21, 20));
    expect(after.slice(21)).toEqual([5, 5]);
  });

  it('without a behavior lets a past recommendation pull the count up', () => {
    expect(replicasAfter([500, 50, 90], 1)).toEqual([4, 8, 16]);
    expect(replicasAfter([500, 50, 90], 1, { behaviorDownWindowSeconds: 300 })).toEqual([5, 5, 9]);
  });

  it('with a behavior goes up by the present recommendation alone, and down after its window', () => {
    const after = replicasAfter([300, 60, ...repeat(3, 20), 20], 20, { behaviorDownWindowSeconds: 60 });
    // 30 at second 0; at second 60 it is as old as the window and no longer counts, 6 of second 15 does.
    expect(after).toEqual([30, 30, 30, 30, 6, 2]);
  });
});
