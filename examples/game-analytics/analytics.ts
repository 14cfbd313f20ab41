/**
 * Game analytics: events are written in batches, one transaction for hundreds of jobs, and a day is summed up into an object
 * that a dashboard reads.
 */
import { bury, defineJob } from '@longshore/job';
import { writeJson } from '@longshore/objects';
import { handle, handleBatch, type HandlerBinding } from '@longshore/worker';
import { z } from 'zod';
import { dayFigures } from './day-figures.ts';
import type { EventStore } from './event-store.ts';

const DAY_MS = 86_400_000;
/** A game's clock may be off by this much; beyond it, an event would count for a day that it is not of. */
const MAX_AHEAD_MS = 3_600_000;

export const recordEvent = defineJob({
  name: 'record-event',
  schema: z.object({
    id: z.string().min(1).max(64),
    player: z.string().min(1).max(64),
    kind: z.enum(['start', 'level', 'purchase', 'end']),
    atMs: z.int().min(0),
    cents: z.int().min(0).default(0),
  }),
  // The same event is the same job, from whichever server it comes.
  idempotencyKey: ({ id }) => id,
});

export const summariseDay = defineJob({
  name: 'summarise-day',
  schema: z.object({ day: z.iso.date() }),
  idempotencyKey: ({ day }) => day,
});

/** Options of {@link analyticsHandlers}. */
export interface AnalyticsOptions {
  readonly store: EventStore;
  readonly nowMs: () => number;
}

/** The handlers. Give the worker as many slots as a batch shall have events, or more. */
export function analyticsHandlers({ store, nowMs }: AnalyticsOptions): HandlerBinding[] {
  return [
    handleBatch(recordEvent, {
      maxItems: 500,
      write(jobs) {
        const latestMs = nowMs() + MAX_AHEAD_MS;
        // Throws when the store does, and then all of these jobs come again: not one was acknowledged.
        store.add(jobs.map(({ payload }) => payload).filter(({ atMs }) => atMs <= latestMs));
        const outcomes = jobs.map(({ payload: { id, atMs } }) => ({
          ok: true as const,
          value: atMs <= latestMs ? undefined : bury('clock_wrong', `Event "${id}" is of a time to come`),
        }));
        return Promise.resolve(outcomes);
      },
    }),
    handle(summariseDay, async ({ payload: { day }, objects, signal }) => {
      const fromMs = Date.parse(`${day}T00:00:00Z`);
      const newcomers = (daysAgo: number): ReadonlySet<string> =>
        store.playersSince(fromMs - daysAgo * DAY_MS, fromMs - (daysAgo - 1) * DAY_MS);
      const figures = dayFigures({
        day,
        events: store.between(fromMs, fromMs + DAY_MS),
        newcomers: newcomers(0),
        newcomersDay1: newcomers(1),
        newcomersDay7: newcomers(7),
      });
      await writeJson(objects, `analytics/${day}.json`, figures, { signal });
    }),
  ];
}
