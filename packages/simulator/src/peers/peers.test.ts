import { describe, expect, it } from 'vitest';
import { seededRandom } from '../traces/seeded-random.ts';
import { drivePolicy } from './fixtures/drive-policy.ts';
import { peers } from './peers.ts';

const ARRIVALS = Uint32Array.from({ length: 120 }, () => 20);

describe('peers', () => {
  it('are these, each under its own name and with its sources', () => {
    const list = peers({ arrivals: ARRIVALS });
    expect(list.map(({ name }) => name)).toEqual([
      'keda-default',
      'keda-slots',
      'keda-slots-down-60',
      'target-tracking',
      'target-tracking-proportional',
      'copilot',
      'cdk-steps',
      'cdk-steps-cpu',
      'latency-steps',
      'fixed-mean',
      'fixed-peak',
    ]);
    for (const { sources, description } of list) {
      expect(sources.length).toBeGreaterThan(0);
      expect(description).not.toBe('');
    }
    expect(peers().map(({ name }) => name)).not.toContain('fixed-mean');
  });

  it('kill after 30 seconds, the Kubernetes ones after as long as asked for', () => {
    const graces = new Map(peers({ podGraceSeconds: 7200 }).map(({ name, removal }) => [name, removal]));
    expect(graces.get('keda-default')).toEqual({ graceSeconds: 7200 });
    expect(graces.get('copilot')).toEqual({ graceSeconds: 30 });
  });

  it.each(peers({ arrivals: ARRIVALS }))(
    '$name answers whole counts within the limits, whatever it sees',
    (policy) => {
      const random = seededRandom(policy.name);
      const setting = { minTasks: 2, maxTasks: 40 };
      const counts = drivePolicy(policy, {
        setting,
        tasks: 2,
        untilSeconds: 6 * 3600,
        view: (_now, tasks) => ({
          running: Math.floor(tasks * random.uniform()),
          visible: random.uniform() < 0.3 ? 0 : random.poisson(random.exponential(400)),
          inFlight: random.poisson(5 * tasks),
          oldestAgeSeconds: random.exponential(40),
          utilisation: random.uniform(),
        }),
      });
      for (const count of counts.values()) {
        expect(Number.isSafeInteger(count)).toBe(true);
        expect(count).toBeGreaterThanOrEqual(setting.minTasks);
        expect(count).toBeLessThanOrEqual(setting.maxTasks);
      }
    },
  );

  it.each(peers({ arrivals: ARRIVALS }))('$name starts afresh for each run', (policy) => {
    const drive = {
      tasks: 3,
      untilSeconds: 3600,
      view: (now: number) => ({
        visible: now < 900 ? 800 : 0,
        oldestAgeSeconds: now < 900 ? 90 : 0,
        utilisation: 0.2,
      }),
    };
    expect(drivePolicy(policy, drive)).toEqual(drivePolicy(policy, drive));
  });
});
