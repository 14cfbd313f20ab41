/**
 * One run of the demo: store and enqueue the documents, let the fleet work, follow every document to its outcome.
 *
 * What an earlier run left in the queues is finished first, so that nothing is enqueued twice; what it already brought
 * to an outcome is not enqueued at all.
 */
import { createReadStream } from 'node:fs';
import { sleep } from '@longshore/job';
import { sqliteSearchIndex } from '@longshore/search/sqlite';
import type { SearchIndex } from '@longshore/search';
import type { LocalFleet } from '../local/local-fleet.ts';
import type { DocumentService } from './document-service.ts';
import type { DocumentFile } from './find-documents.ts';
import { trackOutcomes, type Outcomes } from './outcomes.ts';
import type { ProgressDisplay, QueueProgress } from './progress.ts';
import { demoResult, type DemoResult } from './summary.ts';

/** Options of {@link runDemo}. */
export interface DemoRunOptions {
  readonly running: LocalFleet;
  readonly service: DocumentService;
  readonly files: readonly DocumentFile[];
  readonly searchIndexPath: string;
  readonly display: ProgressDisplay;
  /** Aborts on Ctrl-C; the run then ends early. */
  readonly signal: AbortSignal;
}

/** A finished (or interrupted) run. */
export interface DemoRun {
  readonly result: DemoResult;
  readonly words: number;
  readonly scanned: readonly string[];
  readonly known: number;
  readonly pagesNow: number;
}

const LOOK_EVERY_MS = 250;
/** The queues must read empty this often in a row before a document without an outcome counts as lost. */
const IDLE_READINGS = 12;
const STORE_CONCURRENCY = 4;

/** Runs it. */
export async function runDemo(options: DemoRunOptions): Promise<DemoRun> {
  const index = await sqliteSearchIndex({ path: options.searchIndexPath });
  try {
    return await new Run(options, index).run();
  } finally {
    await index.close();
  }
}

class Run {
  readonly #options: DemoRunOptions;
  readonly #outcomes: Outcomes;
  readonly #startedAtMs = performance.now();
  /** Documents that had their outcome before this run. */
  #known = new Set<string>();
  #enqueued = new Set<string>();
  #completedBefore = 0;
  /** When the last document reached its outcome: what comes after is the fleet going home. */
  #endedAtMs: number | undefined;

  constructor(options: DemoRunOptions, index: SearchIndex) {
    const { running, service, files } = options;
    this.#options = options;
    this.#outcomes = trackOutcomes({
      documents: [...new Set(files.map((file) => file.sha256))],
      service,
      objects: running.opened.objects,
      index,
      deadLetters: running.fleet.queues.map((queue) => running.opened.deadLetters(queue.name)),
    });
  }

  async run(): Promise<DemoRun> {
    await this.#finishLeftovers();
    await this.#outcomes.refresh();
    this.#known = new Set(this.#ended());
    this.#completedBefore = this.#options.running.completedJobs('pdf-extraction');
    await this.#enqueue();
    await this.#follow();
    await this.#outcomes.readDeadLetters();
    await this.#show();
    return this.#end();
  }

  async #finishLeftovers(): Promise<void> {
    const { display, signal } = this.#options;
    let noted = false;
    while (!signal.aborted && !(await this.#queuesIdle())) {
      if (!noted) display.note('Finishing what an earlier run left in the queues');
      noted = true;
      await sleep(LOOK_EVERY_MS, { signal });
    }
  }

  async #enqueue(): Promise<void> {
    const { files, running, service, signal } = this.#options;
    const wanted = [
      ...new Map(
        files.filter((file) => !this.#known.has(file.sha256)).map((file) => [file.sha256, file]),
      ).values(),
    ];
    await Promise.all(
      Array.from({ length: STORE_CONCURRENCY }, async () => {
        for (let file = wanted.shift(); file !== undefined && !signal.aborted; file = wanted.shift()) {
          const key = `documents/${file.sha256}.pdf`;
          await running.opened.objects.create(key, createReadStream(file.path), {
            contentType: 'application/pdf',
          });
          await running.opened.producer.enqueue(service.extractPdf, { key, source: file.name });
          this.#enqueued.add(file.sha256);
        }
      }),
    );
  }

  async #follow(): Promise<void> {
    const { signal } = this.#options;
    let idle = 0;
    while (!signal.aborted && idle < IDLE_READINGS) {
      await this.#outcomes.refresh();
      await this.#show();
      const isIdle = await this.#queuesIdle();
      idle = isIdle ? idle + 1 : 0;
      if (this.#ended().length === this.#outcomes.all.size) {
        this.#endedAtMs ??= performance.now();
        if (isIdle) break;
      }
      // Buried without a rejection record: the reason lies in the dead-letter queue.
      if (idle === 2) await this.#outcomes.readDeadLetters();
      await sleep(LOOK_EVERY_MS, { signal });
    }
    // Back to zero: the fleet goes when the work is done.
    while (!signal.aborted && this.#options.running.tasks().length > 0) {
      await this.#show();
      await sleep(LOOK_EVERY_MS, { signal });
    }
  }

  async #queuesIdle(): Promise<boolean> {
    const { running } = this.#options;
    const { fleet } = running;
    const counts = await Promise.all(fleet.queues.map((queue) => running.opened.queue(queue.name).counts()));
    return counts.every(({ backlog, inFlight, delayed }) => backlog + inFlight + delayed === 0);
  }

  async #show(): Promise<void> {
    const { display, files } = this.#options;
    const all = [...this.#outcomes.all];
    const ended = new Set(this.#ended());
    const pages = all.reduce((sum, [, outcome]) => sum + outcome.pages, 0);
    display.show({
      queues: await this.#queueProgress(),
      documents: files.length,
      ended: files.filter((file) => ended.has(file.sha256)).length,
      pages,
      elapsedMs: (this.#endedAtMs ?? performance.now()) - this.#startedAtMs,
      toDo: all.length - this.#known.size,
      didNow: ended.size - this.#known.size,
      pagesNow: this.#pagesNow(),
    });
  }

  async #queueProgress(): Promise<QueueProgress[]> {
    const { running } = this.#options;
    const { fleet } = running;
    const states = [...this.#outcomes.all.values()].map((outcome) => outcome.state);
    const indexed = states.filter((state) => state === 'indexed').length;
    const extracted = indexed + states.filter((state) => state === 'extracted').length;
    const tasks = running.tasks();
    return Promise.all(
      fleet.queues.map(async ({ name }) => {
        const counts = await running.opened.queue(name).counts();
        const dead = await running.opened.deadLetters(name).counts();
        const services = fleet.services
          .filter((service) => service.queue === name)
          .map((service) => service.name);
        return {
          name,
          queued: counts.backlog + counts.delayed,
          inFlight: counts.inFlight,
          done: name === 'indexing' ? indexed : extracted,
          failed: dead.backlog + dead.inFlight,
          workers: tasks.filter((task) => services.includes(task.service)).length,
        };
      }),
    );
  }

  #ended(): string[] {
    return [...this.#outcomes.all]
      .filter(([, { state }]) => state === 'indexed' || state === 'failed')
      .map(([sha256]) => sha256);
  }

  #pagesNow(): number {
    return [...this.#outcomes.all].reduce(
      (sum, [sha256, { pages }]) => sum + (this.#known.has(sha256) ? 0 : pages),
      0,
    );
  }

  #end(): DemoRun {
    const { files, running, signal } = this.#options;
    const outcomes = this.#outcomes.all;
    const completed = running.completedJobs('pdf-extraction') - this.#completedBefore;
    const failed = [...this.#enqueued].filter((sha256) => outcomes.get(sha256)?.state === 'failed').length;
    const result = demoResult(files, outcomes, {
      elapsedMs: (this.#endedAtMs ?? performance.now()) - this.#startedAtMs,
      duplicates: Math.max(0, completed - (this.#enqueued.size - failed)),
      peakWorkers: running.peakTasks(),
      isInterrupted: signal.aborted,
    });
    return {
      result,
      words: files.reduce((sum, file) => sum + (outcomes.get(file.sha256)?.words ?? 0), 0),
      scanned: files.filter((file) => outcomes.get(file.sha256)?.scanned === true).map((file) => file.name),
      known: files.filter((file) => this.#known.has(file.sha256)).length,
      pagesNow: this.#pagesNow(),
    };
  }
}
