/**
 * One round of the control loop: measure everything, decide everything, share out a full pool, apply, record.
 *
 * A service that cannot be measured, or whose call hangs, holds and never stops the others. Counts are absolute, so a
 * failed or lost `apply` is simply asked for again at a later round.
 */
import { isLongshoreError, type Clock } from '@longshore/job';
import type { AutoscalerLog, Controlled } from './controller.ts';
import { decide } from './policy/decide.ts';
import type { Decision, Outlook, PinFacts, ScalingFacts } from './policy/decision.ts';
import { EMPTY_HISTORY, type ScalingHistory } from './policy/history.ts';
import type { BacklogCounts, ScalingTarget, TargetFacts } from './ports.ts';
import type { ControllerMode, ScalingRecord } from './record.ts';
import { within } from './within.ts';

/** What a round needs. */
export interface RoundOptions {
  readonly target: ScalingTarget;
  readonly clock: Clock;
  readonly log: AutoscalerLog;
  readonly timeoutMs: number;
  readonly mode: ControllerMode;
  readonly run: string;
  readonly random: () => number;
  readonly outlook?: (service: string, nowMs: number) => Outlook | undefined;
  readonly pin?: (service: string) => Promise<PinFacts | undefined>;
  readonly allocate?: Allocate;
  /** Whether counts may be asked for now: asked again right before each call. */
  readonly mayApply: () => boolean;
  readonly term: number;
}

/** A count that a service wants, for sharing out a pool. */
export interface Wish {
  readonly service: string;
  readonly desired: number;
  readonly current: number;
  readonly facts: ScalingFacts;
}

/** Shares a pool out, pure: a count for each service, at most what it wants where that is more than it has. */
export type Allocate = (wishes: readonly Wish[]) => ReadonlyMap<string, number>;

interface Planned {
  /** What the policy remembered before. */
  readonly memory: ScalingHistory;
  readonly service: Controlled;
  readonly facts: ScalingFacts;
  readonly decision: Decision;
  readonly atMs: number;
  desired: number;
  isApplied: boolean;
}

/** Calls to a target at once: a burst of a hundred UpdateService calls would be throttled. */
const MAX_APPLYING = 10;
/** After calls that the platform refused the service waits so long, doubled each time, with jitter. */
const BACKOFF_MS = 5_000;
const MAX_BACKOFF_MS = 60_000;

/** Runs a round. Never rejects. */
export async function runRound(
  services: readonly Controlled[],
  options: RoundOptions,
): Promise<readonly ScalingRecord[]> {
  const { log, clock } = options;
  const planned = await Promise.all(
    services.map(async (service): Promise<Planned[]> => {
      const facts = await measure(service, options);
      const atMs = clock.nowMs();
      try {
        const memory = service.history;
        const decision = decide(facts, service.spec, memory, atMs);
        service.history = decision.history;
        return [{ service, memory, facts, decision, atMs, desired: decision.desired, isApplied: false }];
      } catch (error) {
        log.error({ error, service: service.spec.service }, `Could not decide for ${service.spec.service}`);
        return [];
      }
    }),
  );
  const plans = planned.flat();
  share(plans, options);
  await applyAll(plans, options);
  return plans.map((plan) => recorded(plan, options));
}

async function measure(service: Controlled, options: RoundOptions): Promise<ScalingFacts> {
  const { spec, backlog } = service;
  const { clock, target, outlook } = options;
  const name = spec.service;
  // The time before the call: counts may be older than this, never newer.
  const askedMs = clock.nowMs();
  const [counts, seen, pin] = await Promise.all([
    attempt(`Could not measure the queue of ${name}, holding its count`, name, options, () =>
      totalOf(backlog),
    ),
    attempt(`Could not observe the tasks of ${name}, holding its count`, name, options, () =>
      target.observe(name),
    ),
    options.pin === undefined
      ? undefined
      : attempt(`Could not read the pin of ${name}, going on without`, name, options, () =>
          options.pin?.(name),
        ),
  ]);
  const ahead = outlook?.(name, askedMs);
  return {
    queue: counts === undefined ? undefined : { ...counts, atMs: askedMs },
    target: seen,
    ...(ahead === undefined ? {} : { outlook: ahead }),
    ...(pin === undefined ? {} : { pin }),
  };
}

async function totalOf(sources: Controlled['backlog']): Promise<BacklogCounts> {
  const all = await Promise.all(sources.map((source) => source.counts()));
  return {
    backlog: all.reduce((sum, { backlog }) => sum + backlog, 0),
    inFlight: all.reduce((sum, { inFlight }) => sum + inFlight, 0),
    delayed: all.reduce((sum, { delayed }) => sum + delayed, 0),
  };
}

async function attempt<Value>(
  failure: string,
  service: string,
  { clock, log, timeoutMs }: RoundOptions,
  act: () => Promise<Value | undefined> | undefined,
): Promise<Value | undefined> {
  try {
    return await within(timeoutMs, clock, async () => act());
  } catch (error) {
    log.warn({ error, service }, failure);
    return undefined;
  }
}

/** Where services share a pool, all wishes are weighed together. */
function share(plans: readonly Planned[], { allocate, log }: RoundOptions): void {
  if (allocate === undefined) return;
  const wishes = plans.map(({ service, facts, desired }) => ({
    service: service.spec.service,
    desired,
    current: facts.target?.desired ?? desired,
    facts,
  }));
  try {
    const grants = allocate(wishes);
    for (const plan of plans) plan.desired = grants.get(plan.service.spec.service) ?? plan.desired;
  } catch (error) {
    log.error({ error }, 'Could not share the pool out, asking for what each service wants');
  }
}

/** More tasks before fewer: jobs wait for the former. */
async function applyAll(plans: readonly Planned[], options: RoundOptions): Promise<void> {
  if (options.mode !== 'apply') return;
  const growth = ({ facts, desired }: Planned): number => desired - (facts.target?.desired ?? desired);
  const changes = plans
    .filter((plan) => growth(plan) !== 0)
    .toSorted((left, right) => growth(right) - growth(left));
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let plan = changes[next]; plan !== undefined; plan = changes[next]) {
      next += 1;
      plan.isApplied = await apply(plan, options);
    }
  };
  await Promise.all(Array.from({ length: Math.min(MAX_APPLYING, changes.length) }, worker));
}

async function apply({ service, desired, decision }: Planned, options: RoundOptions): Promise<boolean> {
  const { clock, log, target, timeoutMs, mayApply, random } = options;
  const name = service.spec.service;
  if (!mayApply() || clock.nowMs() < service.notBeforeMs) return false;
  if (service.applying !== undefined) {
    // Two at once could arrive in the wrong order and leave the older count.
    log.warn(
      { service: name, desired },
      `An earlier count of ${name} is still unanswered, asking again later`,
    );
    return false;
  }
  try {
    await within(timeoutMs, clock, () => {
      const applying = target.apply(name, desired);
      const settled = (): void => {
        service.applying = undefined;
      };
      service.applying = applying.then(settled, settled);
      return applying;
    });
    service.failures = 0;
    log.info({ service: name, desired, limits: decision.limits }, `Scaling ${decision.reason}`);
    return true;
  } catch (error) {
    if (isLongshoreError(error) && error.code === 'target_unavailable') {
      service.failures += 1;
      const pauseMs = Math.min(MAX_BACKOFF_MS, BACKOFF_MS * 2 ** (service.failures - 1));
      service.notBeforeMs = clock.nowMs() + pauseMs * (0.5 + random() / 2);
    }
    log.warn(
      { error, service: name, desired },
      `Could not scale ${name} to ${desired}, asking again at the next tick`,
    );
    return false;
  }
}

function recorded(
  { service, memory, facts, decision, atMs, desired, isApplied }: Planned,
  options: RoundOptions,
): ScalingRecord {
  const { history: _memory, ...shown } = decision;
  const isSpecNew = service.recordedSpec !== service.spec;
  service.recordedSpec = service.spec;
  const shadow = options.mode === 'shadow' ? shadowTotals(service, facts.target, desired, atMs) : undefined;
  const isGranted = desired !== decision.desired;
  return {
    ...shown,
    desired,
    ...(isGranted ? { decided: decision.desired, limits: [...decision.limits, 'pool' as const] } : {}),
    service: service.spec.service,
    atMs,
    isApplied,
    mode: options.mode,
    run: options.run,
    term: options.term,
    facts,
    ...(isSpecNew ? { spec: service.spec } : {}),
    ...(isSpecNew && memory !== EMPTY_HISTORY ? { memory } : {}),
    ...(shadow === undefined ? {} : { shadow }),
  };
}

const HOUR_MS = 3_600_000;

/** What the scaler in charge and ours cost so far, counting each tick's tasks until the next. */
function shadowTotals(
  service: Controlled,
  target: TargetFacts | undefined,
  desired: number,
  atMs: number,
): ScalingRecord['shadow'] {
  const { shadow } = service;
  if (target === undefined) return shadow?.totals;
  const sinceHours = shadow === undefined ? 0 : Math.max(0, atMs - shadow.atMs) / HOUR_MS;
  const past = shadow?.totals ?? { incumbentTaskHours: 0, ourTaskHours: 0, more: 0, fewer: 0 };
  const totals = {
    incumbentTaskHours: past.incumbentTaskHours + sinceHours * (shadow?.incumbent ?? 0),
    ourTaskHours: past.ourTaskHours + sinceHours * (shadow?.ours ?? 0),
    more: past.more + (desired > target.desired ? 1 : 0),
    fewer: past.fewer + (desired < target.desired ? 1 : 0),
  };
  service.shadow = { totals, incumbent: target.desired, ours: desired, atMs };
  return totals;
}
