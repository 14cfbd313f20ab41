/**
 * The simulated fleet: real workers in simulated processes, what befalls them, and a supervisor that starts them again,
 * as ECS does.
 */
import type { ObjectStore } from '@longshore/objects';
import { createProducer, type Producer, type Queue } from '@longshore/queue';
import { createWorker, type Logger, type Worker } from '@longshore/worker';
import { simulatedHandlers } from './handlers.ts';
import type { Ledger } from './ledger.ts';
import type { Random } from './random.ts';
import type { Incident, Scenario } from './scenario.ts';
import { simulatedProcess, type SimulatedProcess } from './simulated-process.ts';
import type { SimulatedSqs } from './simulated-sqs.ts';
import type { VirtualTime } from './virtual-time.ts';
import type { Trace } from './trace.ts';

/** Receives without a trace after which a job counts as a killer; the default. */
export const MAX_CRASHES = 5;

const RESTART_MS = 500;
/** A process that was told to stop lingers this long in half of the cases, so that calls after its end are seen. */
const LINGER_MS = 3_000;

/** Beyond its deadline a stop may flush, and wait for a call that is under way. */
const STOP_GRACE_MS = 4_000;

const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silent,
};

/** What a process is connected to. */
export interface Connections {
  readonly queue: Queue;
  readonly objects: ObjectStore;
}

/** What a fleet is made of. */
export interface FleetOptions {
  readonly scenario: Scenario;
  readonly time: VirtualTime;
  readonly random: Random;
  readonly ledger: Ledger;
  readonly sqs: SimulatedSqs;
  readonly connect: (process: SimulatedProcess) => Connections;
  readonly trace: Trace | undefined;
}

interface Member {
  readonly process: SimulatedProcess;
  readonly worker: Worker;
  isStopping: boolean;
  /** Called when the process is gone, however it went. */
  readonly onGone: (() => void)[];
}

/** Workers that are kept running until the end. */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #members: (Member | undefined)[] = [];
  #isNewVersion: boolean;
  #isEnding = false;
  #started = 0;
  /** Incidents that have not run their course. */
  pending = 0;
  /** Workers that are alive; the end of a run waits for them. */
  alive = 0;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#isNewVersion = !options.scenario.startsOld;
  }

  start(): void {
    const { scenario, time, random } = this.#options;
    for (let index = 0; index < scenario.workers; index += 1)
      time.after(random.between(0, 1_000), () => this.#startMember(index));
    for (const incident of scenario.incidents) {
      this.pending += 1;
      time.after(incident.atMs, () => this.#strike(incident));
    }
  }

  /** Stops all workers for good. */
  end(): void {
    this.#isEnding = true;
    for (const member of this.#members) if (member !== undefined) this.#stop(member, 10_000, () => undefined);
  }

  /** A process outside the fleet, for a producer. */
  outsider(name: string): SimulatedProcess {
    const quiet = () => undefined;
    return simulatedProcess(name, this.#options.time, { onFrozen: quiet, onThawed: quiet, onEnded: quiet });
  }

  producer(process: SimulatedProcess, { queue, objects }: Connections): Producer {
    const { random } = this.#options;
    const chance = random.fork();
    return createProducer({ queueFor: () => queue, objects, clock: process.clock, random: chance.next });
  }

  #startMember(index: number): void {
    if (this.#isEnding || this.#members[index] !== undefined) return;
    const { scenario, time, ledger, random, connect, trace } = this.#options;
    this.#started += 1;
    const process = simulatedProcess(`worker-${this.#started}`, time, {
      onFrozen: (frozen, forMs) => {
        trace?.(`${frozen.name} freezes for ${forMs} ms`);
        this.#explainHeldBy(frozen, 'frozen');
        ledger.progress(time.nowMs() + forMs);
      },
      onThawed: (thawed) => {
        trace?.(`${thawed.name} goes on`);
        ledger.progress();
        this.pending -= 1;
      },
      onEnded: (ended, reason) => this.#ended(index, ended, reason),
    });
    const connections = connect(process);
    const isNewVersion = this.#isNewVersion;
    trace?.(`${process.name} starts, ${isNewVersion ? 'new' : 'old'} version`);
    const worker = createWorker({
      ...connections,
      handlers: simulatedHandlers({ process, ledger, isNewVersion }),
      producer: this.producer(process, connections),
      slots: scenario.slots,
      prefetch: scenario.prefetch,
      leaseMs: scenario.leaseMs,
      waitMs: scenario.waitMs,
      completeLingerMs: Math.min(scenario.completeLingerMs, scenario.leaseMs / 3),
      maxCrashes: MAX_CRASHES,
      log: silent,
      clock: process.clock,
      random: random.fork().next,
      onFatal: (error) => ledger.violate('fatal', String(error)),
    });
    this.#members[index] = { process, worker, isStopping: false, onGone: [] };
    this.alive += 1;
    worker.start();
  }

  #ended(index: number, process: SimulatedProcess, reason: string): void {
    const { trace, ledger, time } = this.#options;
    trace?.(`${process.name} ends: ${reason}`);
    this.alive -= 1;
    if (process.isFrozen) this.pending -= 1;
    this.#explainHeldBy(process, reason);
    ledger.progress();
    const member = this.#members[index];
    if (member?.process === process) this.#members[index] = undefined;
    for (const then of member?.onGone ?? []) then();
    time.after(RESTART_MS, () => this.#startMember(index));
  }

  #strike(incident: Incident): void {
    const { ledger, time } = this.#options;
    ledger.progress();
    const index = incident.worker % this.#options.scenario.workers;
    const member = this.#members[index];
    if (incident.kind === 'deploy') return this.#deploy(0, incident.forMs);
    if (incident.kind === 'pause') return this.#pause(member, incident.forMs);
    this.pending -= 1;
    if (member === undefined || member.process.isBusyWithFault) return;
    if (incident.kind === 'terminate') {
      this.pending += 1;
      this.#stop(member, incident.forMs, () => (this.pending -= 1));
      return;
    }
    const { kind, afterSteps, forMs } = incident;
    const { process } = member;
    if (kind === 'freeze') this.pending += 1;
    process.arm({ kind, atStep: afterSteps, forMs });
    // An idle process takes no step for long.
    time.after(forMs, () => {
      if (process.disarm() && kind === 'freeze') this.pending -= 1;
    });
  }

  /** As by a control document; that of a worker that is gone meanwhile changes nothing. */
  #pause(member: Member | undefined, forMs: number): void {
    const { time, ledger, trace } = this.#options;
    const tell = (isPaused: boolean): void => {
      if (member === undefined) return;
      trace?.(`${member.process.name} is told to ${isPaused ? 'pause' : 'go on'}`);
      ledger.progress();
      member.process.deliver(() => (isPaused ? member.worker.pause() : member.worker.resume()));
    };
    tell(true);
    time.after(forMs, () => {
      tell(false);
      this.pending -= 1;
    });
  }

  /** One worker after another is stopped and started in the new version. */
  #deploy(index: number, deadlineMs: number): void {
    const { scenario, time } = this.#options;
    this.#isNewVersion = true;
    const member = this.#members[index];
    const next = (): void => {
      if (index + 1 < scenario.workers) time.after(200, () => this.#deploy(index + 1, deadlineMs));
      else this.pending -= 1;
    };
    if (member === undefined) return next();
    this.#stop(member, deadlineMs, next);
  }

  /** As on SIGTERM: drains, then exits. */
  #stop(member: Member, deadlineMs: number, then: () => void): void {
    const { time, random, ledger, trace } = this.#options;
    const { process, worker } = member;
    const isLingering = random.chance(0.5);
    member.onGone.push(then);
    if (member.isStopping) return;
    member.isStopping = true;
    process.deliver(() => {
      trace?.(`${process.name} is told to stop within ${deadlineMs} ms`);
      ledger.progress(time.nowMs() + deadlineMs);
      const latestMs = time.nowMs() + deadlineMs + STOP_GRACE_MS;
      worker.stop({ deadlineMs }).then(
        () => {
          if (process.isDead) return;
          if (time.nowMs() > latestMs && process.thawedAtMs < latestMs - deadlineMs - STOP_GRACE_MS)
            ledger.violate('stops too late', `${process.name} ${time.nowMs() - latestMs} ms`);
          trace?.(`${process.name} has stopped`);
          process.isStopped = true;
          ledger.stopped(process, this.#options.sqs.messages);
          if (isLingering) time.after(LINGER_MS, () => process.end('exit'));
          else process.end('exit');
        },
        (error: unknown) => ledger.violate('stop failed', String(error)),
      );
    });
  }

  #explainHeldBy(process: SimulatedProcess, cause: string): void {
    const { sqs, ledger } = this.#options;
    for (const stored of sqs.messages) if (stored.holder === process.name) ledger.explain(stored, cause);
    ledger.explainRunsOn(process, cause);
  }
}
