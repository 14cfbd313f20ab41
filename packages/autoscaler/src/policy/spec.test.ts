import { defineFleet } from '@longshore/fleet';
import { describe, expect, it } from 'vitest';
import { scalingSpec } from './spec.ts';

const service = defineFleet({
  name: 'post',
  queues: { mail: { jobs: ['send-mail'] } },
  services: {
    mail: {
      entry: './mail.ts',
      queue: 'mail',
      slots: 5,
      cpuUnits: 256,
      memoryMiB: 256,
      scale: { min: 1, max: 4 },
      objective: { timeInQueue: '90s' },
    },
  },
}).services[0];

describe('scalingSpec', () => {
  if (service === undefined) throw new Error('The fleet has no service');

  it('takes bounds and objective from the fleet, and defaults for the rest', () => {
    expect(scalingSpec(service, { idleMs: 5_000 })).toEqual({
      service: 'mail',
      min: 1,
      max: 4,
      slots: 5,
      timeInQueueMs: 90_000,
      percentile: 95,
      idleMs: 5_000,
      holdMs: 60_000,
      staleMs: 60_000,
      lagMs: 5_000,
      serviceHintMs: 1_000,
      startupHintMs: 30_000,
    });
  });

  it('refuses time constants that are none, all at once', () => {
    expect(() => scalingSpec(service, { idleMs: NaN, holdMs: -1, staleMs: 0, serviceHintMs: 0 })).toThrow(
      'Cannot scale service "mail": idleMs is NaN, expected milliseconds from 0; holdMs is -1, expected milliseconds from 0; ' +
        'staleMs is 0, expected milliseconds above 0; serviceHintMs is 0, expected milliseconds above 0',
    );
  });
});
