import { describe, expect, it } from 'vitest';
import { placementShortage, type PlacementEvent } from './placement-shortage.ts';

const START =
  '(service mail) was unable to place a task because no container instance met all of its requirements.';
const CLOSEST = `${START} The closest matching container-instance 0123abcd has`;
const FARGATE = '(service mail) was unable to place a task. Reason:';

const at = (minute: number, message: string): PlacementEvent => ({
  createdAt: new Date(Date.UTC(2026, 0, 1, 0, minute)),
  message,
});

describe('placementShortage', () => {
  it.each([
    [`${CLOSEST} insufficient memory available. For more information, see the Guide.`, 'RESOURCE:MEMORY'],
    [`${CLOSEST} insufficient CPU units available.`, 'RESOURCE:CPU'],
    [
      `${START} The closest matching container-instance is already using a port required by your task.`,
      'RESOURCE:PORTS',
    ],
    [`${START} Reason: encountered error "RESOURCE:ENI".`, 'RESOURCE:ENI'],
    [
      `${START} The closest matching container-instance 0123abcd encountered error "RESOURCE:MEMORY".`,
      'RESOURCE:MEMORY',
    ],
    [`${CLOSEST.replace(' has', '')} encountered error "AGENT".`, 'AGENT'],
    [`${START} The closest matching container-instance 0123abcd doesn't have the agent connected.`, 'AGENT'],
    [`${START} Reason: No Container Instances were found in your cluster.`, 'CONTAINER_INSTANCE'],
    [
      `${FARGATE} Capacity is unavailable at this time. Please try again later or in a different availability zone.`,
      'CAPACITY',
    ],
    [`${FARGATE} You've reached the limit on the number of vCPUs you can run concurrently`, 'QUOTA:VCPU'],
    [`${FARGATE} You've reached the limit on the number of tasks you can run concurrently`, 'QUOTA:TASKS'],
    [`${FARGATE} The requested MEMORY configuration is above your limit.`, 'QUOTA:MEMORY'],
    [`${FARGATE} Internal error.`, 'Internal error'],
  ])('reads %s as %s', (message, cause) => {
    expect(placementShortage([at(1, message)])).toBe(cause);
  });

  it('is over with a steady state or a start that is newer, in whatever order the events come', () => {
    const failed = at(1, `${CLOSEST} insufficient memory available.`);
    const steady = at(2, '(service mail) has reached a steady state.');
    const started = at(2, '(service mail) has started 1 tasks: (task 0123).');
    expect(placementShortage([steady, failed])).toBeUndefined();
    expect(placementShortage([failed, started])).toBeUndefined();
    expect(placementShortage([{ ...steady, createdAt: new Date(Date.UTC(2025, 0, 1)) }, failed])).toBe(
      'RESOURCE:MEMORY',
    );
  });

  it('sees none in other events, or in none', () => {
    expect(placementShortage([])).toBeUndefined();
    expect(
      placementShortage([at(1, '(service mail) has stopped 1 running tasks: (task 0123).'), {}]),
    ).toBeUndefined();
  });
});
