/** What one seed is about: jobs, workers, and what befalls them. Data, drawn from chance. */
import { drawFaults, type FaultMix } from './faults.ts';
import type { Random } from './random.ts';

/** What a job does. */
export type JobKind =
  /** Succeeds. */
  | 'good'
  /** Fails its first `times` attempts. */
  | 'failing'
  /** Gives itself back `times` times, because something is not ready. */
  | 'releasing'
  /** Succeeds, and does not look at its signal. */
  | 'deaf'
  /** Sends a follow-up job, which is good. */
  | 'parent'
  /** Known to new workers only. */
  | 'late'
  /** Always throws. */
  | 'poison'
  /** Says itself that it belongs into the dead-letter queue. */
  | 'unwanted'
  /** Kills its process. */
  | 'killer';

/** One job to enqueue. */
export interface PlannedJob {
  readonly index: number;
  readonly kind: JobKind;
  readonly durationMs: number;
  readonly times: number;
  /** After the start. */
  readonly enqueueAtMs: number;
  readonly delayMs: number;
  /** Its payload is over the queue's limit and goes through the object store. */
  readonly isLarge: boolean;
}

/** Something that befalls a worker. */
export interface Incident {
  readonly kind: 'crash' | 'freeze' | 'terminate' | 'deploy' | 'pause';
  /** After the start. */
  readonly atMs: number;
  /** Which worker; of a deploy the first. */
  readonly worker: number;
  /** Crashes and freezes strike this many steps of the process later: at any await. */
  readonly afterSteps: number;
  /** Of a freeze or a pause: its length. Of a crash: until the restart. Of a stop: its deadline. */
  readonly forMs: number;
}

/** One seed's world. */
export interface Scenario {
  readonly workers: number;
  readonly slots: number;
  readonly prefetch: number;
  readonly leaseMs: number;
  readonly waitMs: number;
  readonly completeLingerMs: number;
  readonly jobs: readonly PlannedJob[];
  /** Workers start in an old version; a deploy brings the new one everywhere. */
  readonly startsOld: boolean;
  readonly incidents: readonly Incident[];
  readonly faults: FaultMix;
}

/** Attempts of a job. */
export const MAX_ATTEMPTS = 4;
/** Delay before the second attempt. */
export const BASE_DELAY_MS = 400;

/** Seeds in which one job, or two, kill their process: such seeds last long. */
const KILLERS = 0.04;

/** Draws a scenario whose clock starts at `startMs`. */
export function drawScenario(random: Random, startMs: number): Scenario {
  const leaseMs = 1_000 * random.between(3, 10);
  const lengthMs = 1_000 * random.between(6, 18);
  const waitMs = random.pick([5_000, 20_000, 20_000]);
  const faults = drawFaults(random, startMs, lengthMs);
  const startsOld = random.chance(0.5);
  const killers = random.chance(KILLERS) ? random.between(1, 2) : 0;
  const jobs = Array.from({ length: random.between(5, 7) }, (_, index) =>
    drawJob(random, index, lengthMs, leaseMs, index < killers),
  );
  return {
    workers: random.between(2, 4),
    slots: random.between(1, 4),
    prefetch: random.chance(0.3) ? 0 : random.between(2, 8),
    leaseMs,
    waitMs,
    completeLingerMs: random.pick([0, 100, 100, 1_000]),
    jobs,
    startsOld,
    incidents: drawIncidents(random, lengthMs, leaseMs, startsOld),
    faults,
  };
}

function drawJob(
  random: Random,
  index: number,
  lengthMs: number,
  leaseMs: number,
  isKiller: boolean,
): PlannedJob {
  const kind = isKiller ? 'killer' : drawKind(random);
  const duration = random.next();
  const longMs = kind === 'failing' || kind === 'poison' || kind === 'releasing' ? 2_000 : 2 * leaseMs;
  return {
    index,
    kind,
    durationMs: Math.round(duration < 0.7 ? 5 + 700 * duration : longMs * (duration - 0.7) * 3.3),
    times: kind === 'failing' ? random.between(1, MAX_ATTEMPTS - 1) : random.between(1, 11),
    enqueueAtMs: random.between(0, Math.round(lengthMs * 0.6)),
    delayMs: random.chance(0.1) ? random.between(1, 5) * 1_000 : 0,
    isLarge: false,
  };
}

function drawKind(random: Random): JobKind {
  const share = random.next();
  if (share < 0.5) return 'good';
  if (share < 0.68) return 'failing';
  if (share < 0.72) return 'releasing';
  if (share < 0.78) return 'deaf';
  if (share < 0.86) return 'parent';
  if (share < 0.9) return 'late';
  return share < 0.96 ? 'poison' : 'unwanted';
}

function drawIncidents(random: Random, lengthMs: number, leaseMs: number, hasDeploy: boolean): Incident[] {
  const most = random.pick([0, 1, 3, 5]);
  const incidents = Array.from({ length: most }, (): Incident => {
    const kind = random.pick<Incident['kind']>(['crash', 'crash', 'freeze', 'terminate', 'terminate']);
    const lengths = {
      crash: () => random.between(100, 5_000),
      freeze: () => random.between(500, 3 * leaseMs),
      terminate: () => random.pick([0, 500, 5_000, 20_000]),
      deploy: () => 0,
      pause: () => 0,
    };
    const atMs = random.between(0, lengthMs);
    return {
      kind,
      atMs,
      worker: random.between(0, 3),
      afterSteps: random.between(1, 30),
      forMs: lengths[kind](),
    };
  });
  const atMs = random.between(0, lengthMs);
  if (hasDeploy)
    incidents.push({
      kind: 'deploy',
      atMs,
      worker: 0,
      afterSteps: 0,
      forMs: random.pick([500, 5_000, 20_000]),
    });
  // Short ones too, which end before the receive that was under way.
  for (let count = random.pick([0, 0, 1, 3]); count > 0; count -= 1)
    incidents.push({
      kind: 'pause',
      atMs: random.between(0, lengthMs),
      worker: random.between(0, 3),
      afterSteps: 0,
      forMs: random.pick([100, 1_000, 5_000, 20_000]),
    });
  return incidents.sort((left, right) => left.atMs - right.atMs);
}
