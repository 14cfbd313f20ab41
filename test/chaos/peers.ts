/** The same jobs and kills, and where they use HTTP the same faults, for other libraries: one table. */
import { bullmqSystem } from './bullmq-system.ts';
import { textTable } from './fault-figures.ts';
import { longshoreSystem } from './longshore-system.ts';
import { soak } from './soak.ts';
import { sqsConsumerSystem } from './sqs-consumer-system.ts';
import type { System } from './system.ts';

/** Jobs that are long beside the lease, so that many a kill meets the same job again: 500 jobs, 25 kills. */
const WAVE = { jobs: 20, everyMs: 1_200 };
const WAVES = 25;
const WORK_MS = { low: 300, high: 1_800 };
const SLOTS = 10;

/** What one system came to. */
export interface PeerFigures {
  readonly system: string;
  readonly jobs: number;
  readonly kills: number;
  readonly lost: number;
  readonly goodInDlq: number;
  readonly keyedDuplicates: number;
  readonly unkeyedRepeats: number;
  readonly isDrained: boolean;
}

/** Runs every system, one after the other. */
export async function runPeers(seed: number, say: (line: string) => void): Promise<readonly PeerFigures[]> {
  const systems: readonly System[] = [
    longshoreSystem({ slots: SLOTS }),
    sqsConsumerSystem({ maxReceives: 3 }),
    sqsConsumerSystem({ maxReceives: 20 }),
    bullmqSystem(),
    bullmqSystem({ lockMs: 3_000 }),
  ];
  const all: PeerFigures[] = [];
  for (const system of systems) {
    say(`\n${system.name}`);
    const found = await soak({
      system,
      seed,
      wave: WAVE,
      workMs: WORK_MS,
      workers: 3,
      killers: 1,
      isOver: ({ waves }) => waves >= WAVES,
      say,
    });
    all.push({
      system: system.name,
      jobs: found.jobs,
      kills: found.kills,
      lost: found.lost.length,
      goodInDlq: found.goodInDlq.length,
      keyedDuplicates: found.keyedDuplicates.length,
      unkeyedRepeats: found.unkeyedRepeats,
      isDrained: found.isDrained,
    });
  }
  say(`\n${peerTable(all)}\n`);
  for (const { name, settings } of systems) say(`${name}: ${settings}`);
  say(
    'Lost or abandoned: good jobs without their effect at the end. All: 3 processes of 10 jobs at a time, 1 job kills',
  );
  say(
    'its process. sqs-consumer and longshore meet the same faulty network; BullMQ keeps its own connections to Redis.',
  );
  return all;
}

function peerTable(all: readonly PeerFigures[]): string {
  return textTable(
    [
      'system',
      'jobs',
      'kills',
      'lost or abandoned',
      'good in DLQ/failed',
      'keyed duplicates',
      'unkeyed repeats',
      'drained',
    ],
    all.map((figures) => [
      figures.system,
      ...[figures.jobs, figures.kills, figures.lost, figures.goodInDlq].map(String),
      ...[figures.keyedDuplicates, figures.unkeyedRepeats].map(String),
      figures.isDrained ? 'yes' : 'no',
    ]),
  );
}
