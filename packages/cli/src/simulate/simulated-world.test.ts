import { parseFleet } from '@longshore/fleet';
import { describe, expect, it } from 'vitest';
import { simulatedWorld, startupP90, type WorldOptions } from './simulated-world.ts';

const none: WorldOptions = {
  objective: undefined,
  max: undefined,
  min: undefined,
  slots: undefined,
  'service-mean': undefined,
  startup: undefined,
};
const parsed = parseFleet({
  name: 'post',
  queues: { mail: { jobs: ['send-mail'] } },
  services: {
    mail: {
      entry: './mail.ts',
      queue: 'mail',
      slots: 3,
      cpuUnits: 256,
      memoryMiB: 512,
      scale: { min: 2, max: 7 },
      objective: { timeInQueue: '90s', percentile: 97 },
      startup: '60s',
      serviceTime: '6s',
    },
  },
});
if (!parsed.ok) throw parsed.error;
const [mail] = parsed.value.services;

describe('the world of a simulation', () => {
  it('is an everyday one where nothing is said', () => {
    expect(simulatedWorld(none, undefined)).toMatchObject({
      percentile: 99,
      scenario: {
        objectiveSeconds: 60,
        maxTasks: 40,
        minTasks: 0,
        slots: 10,
        startupSeconds: 45,
        jobTypes: [{ share: 1, meanSeconds: 4 }],
      },
    });
  });

  it('is that of the service, and of the command line above it', () => {
    expect(simulatedWorld({ ...none, max: 20, objective: 30_000 }, mail)).toMatchObject({
      percentile: 97,
      scenario: { objectiveSeconds: 30, maxTasks: 20, minTasks: 2, slots: 3 },
    });
  });

  it('starts tasks as the fleet file says, which gives the 90th percentile', () => {
    expect(startupP90(simulatedWorld(none, mail).scenario)).toBeCloseTo(60);
    expect(simulatedWorld({ ...none, startup: 20_000 }, mail).scenario.startupSeconds).toBe(20);
  });

  it('has measured durations, unless a mean is given', () => {
    const measured = [{ share: 7, meanSeconds: 2.5, sigma: 0.4 }];
    expect(simulatedWorld(none, mail, measured).scenario.jobTypes).toEqual(measured);
    expect(simulatedWorld(none, mail, []).scenario.jobTypes).toMatchObject([{ meanSeconds: 6 }]);
    expect(simulatedWorld({ ...none, 'service-mean': 500 }, mail, measured).scenario.jobTypes).toMatchObject([
      { meanSeconds: 0.5 },
    ]);
  });

  it('that cannot be is refused with every fault', () => {
    expect(() => simulatedWorld({ ...none, max: 1, objective: 0, 'service-mean': 0 }, mail)).toThrow(
      '--min 2 is above --max 1; --objective is 0, expected a time above 0; --service-mean is 0',
    );
  });
});
