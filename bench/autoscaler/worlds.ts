/** Worlds that are harder than the everyday one; each says what it changes. */
import type { Scenario } from '@longshore/simulator';

/** A world. */
export interface World {
  readonly name: string;
  readonly change: (scenario: Scenario) => Partial<Scenario>;
}

/** An objective that a start-up time and a lag leave possible: about 1.2 start-ups at their 90th percentile and the lags. */
const feasible = (startupSeconds: number, lagSeconds: number): number =>
  Math.ceil(1.2 * 1.3 * startupSeconds + 5 + 2 * lagSeconds);

/** All worlds. */
export const WORLDS: readonly World[] = [
  { name: 'as given', change: () => ({}) },
  ...[20, 60].flatMap((lag) => [
    { name: `signal lag ${lag} s`, change: () => ({ queueLagSeconds: lag }) },
    {
      name: `signal lag ${lag} s, feasible objective`,
      change: ({ startupSeconds, objectiveSeconds }: Scenario) => ({
        queueLagSeconds: lag,
        objectiveSeconds: Math.max(objectiveSeconds, feasible(startupSeconds, lag)),
      }),
    },
  ]),
  ...[10, 30, 90, 150].map((startupSeconds) => ({
    name: `start-up ${startupSeconds} s, feasible objective`,
    change: ({ objectiveSeconds, queueLagSeconds }: Scenario) => ({
      startupSeconds,
      objectiveSeconds: Math.max(objectiveSeconds, feasible(startupSeconds, queueLagSeconds)),
    }),
  })),
  {
    name: 'one start-up in twenty takes four times as long',
    change: () => ({ slowStarts: { share: 0.05, factor: 4 } }),
  },
  { name: 'counts 20 % off', change: () => ({ countNoise: 0.2 }) },
  { name: '5 % of the readings lost', change: () => ({ lostReadings: 0.05 }) },
  { name: '1 % poison messages', change: () => ({ poison: { share: 0.01, retrySeconds: 30 } }) },
  {
    name: 'service times drift by 60 % up and down',
    change: () => ({ drift: (seconds: number) => 1 + 0.6 * Math.sin(seconds / 5_400) }),
  },
  {
    name: 'one job in ten takes thirty times as long',
    change: ({ jobTypes }) => {
      const mean = jobTypes[0]?.meanSeconds ?? 4;
      return {
        jobTypes: [
          { share: 0.9, meanSeconds: mean / 4, sigma: 0.5 },
          { share: 0.1, meanSeconds: mean * 7.75, sigma: 0.8 },
        ],
      };
    },
  },
  {
    name: 'instances that take 90 s to come, feasible objective',
    change: () => ({
      pool: { tasksPerInstance: 4, minInstances: 1, maxInstances: 250, instanceStartupSeconds: 90 },
      objectiveSeconds: 300,
    }),
  },
  {
    name: 'a full pool of 12 tasks',
    change: () => ({
      pool: { tasksPerInstance: 4, minInstances: 3, maxInstances: 3, instanceStartupSeconds: 90 },
    }),
  },
  { name: 'a Spot loss per task in 20 hours', change: () => ({ spotLossesPerTaskHour: 0.05 }) },
  { name: 'service time hinted at half', change: ({ jobTypes }) => hinted(jobTypes, 0.5) },
  { name: 'service time hinted at double', change: ({ jobTypes }) => hinted(jobTypes, 2) },
];

function hinted(jobTypes: Scenario['jobTypes'], factor: number): Partial<Scenario> {
  return { serviceHintSeconds: factor * (jobTypes[0]?.meanSeconds ?? 1) };
}
