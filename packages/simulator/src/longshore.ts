/** This project's policy in a simulation: the same `decide` that runs in production, on simulated facts. */
import {
  decide,
  EMPTY_HISTORY,
  type ScalingFacts,
  type ScalingHistory,
  type ScalingSpec,
} from '@longshore/autoscaler';
import type { FleetView, PolicySetting, SimulatedPolicy } from './policy.ts';

const SECOND = 1_000;
/** Seconds between two looks at the queue; with this, a first job waits 5 s at most for a decision. */
const EVERY_SECONDS = 5;

/** Options of {@link longshore}. */
export interface LongshoreOptions {
  readonly name?: string;
  readonly everySeconds?: number;
  /** Age of the counts that the policy reckons with. Default 5 s, as of SQS. */
  readonly lagSeconds?: number;
  readonly tuning?: Partial<ScalingSpec>;
}

/** The policy. */
export function longshore(options: LongshoreOptions = {}): SimulatedPolicy {
  const { name = 'longshore', everySeconds = EVERY_SECONDS } = options;
  return {
    name,
    description: `Longshore, every ${everySeconds} s`,
    sources: ['docs/autoscaler.md'],
    everySeconds,
    signal: 'queue',
    removal: 'drain',
    start(setting) {
      const spec = specOf(setting, options);
      let history: ScalingHistory = EMPTY_HISTORY;
      return (view) => {
        const decision = decide(factsOf(view), spec, history, view.nowSeconds * SECOND);
        history = decision.history;
        return decision.desired;
      };
    },
  };
}

function specOf(setting: PolicySetting, { lagSeconds = 5, tuning }: LongshoreOptions): ScalingSpec {
  return {
    service: 'simulated',
    min: setting.minTasks,
    max: setting.maxTasks,
    slots: setting.slots,
    timeInQueueMs: setting.objectiveSeconds * SECOND,
    percentile: 99.9,
    idleMs: 120_000,
    holdMs: 60_000,
    staleMs: 60_000,
    lagMs: lagSeconds * SECOND,
    serviceHintMs: setting.serviceMeanSeconds * SECOND,
    startupHintMs: setting.startupSeconds * SECOND,
    ...tuning,
  };
}

function factsOf(view: FleetView): ScalingFacts {
  const atMs = view.nowSeconds * SECOND;
  const target = {
    desired: view.desired,
    running: view.running,
    pending: view.starting,
    draining: view.draining,
    canDrain: true,
    busyTasks: view.busyTasks,
    busySlots: view.busySlots,
    finishedJobs: view.finished,
    oldestWaitMs: view.waitSeconds * SECOND,
    ...(Number.isNaN(view.measuredServiceSeconds)
      ? {}
      : { meanServiceMs: view.measuredServiceSeconds * SECOND }),
    ...(Number.isNaN(view.measuredStartupSeconds) ? {} : { startupMs: view.measuredStartupSeconds * SECOND }),
    atMs,
  };
  if (Number.isNaN(view.visible)) return { queue: undefined, target };
  return { queue: { backlog: view.visible, inFlight: view.inFlight, delayed: view.delayed, atMs }, target };
}
