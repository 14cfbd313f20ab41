/** The controller's last round as Prometheus text. */
import type { ScalingRecord } from './record.ts';

/** What is shown. */
export interface ControllerFigures {
  readonly records: readonly ScalingRecord[];
  readonly isLeader: boolean;
  readonly term: number;
  readonly rounds: number;
  readonly roundMs: number;
  readonly droppedRecords: number;
}

interface Family {
  readonly name: string;
  readonly help: string;
  readonly of: (record: ScalingRecord) => number | undefined;
}

const FAMILIES: readonly Family[] = [
  { name: 'longshore_tasks_desired', help: 'Tasks asked for.', of: ({ desired }) => desired },
  {
    name: 'longshore_tasks_recommended',
    help: 'Tasks that demand alone asks for.',
    of: ({ inputs }) => inputs.recommended,
  },
  { name: 'longshore_tasks_running', help: 'Tasks that take jobs.', of: ({ inputs }) => inputs.running },
  {
    name: 'longshore_tasks_busy',
    help: 'Tasks with at least one job.',
    of: ({ inputs }) => inputs.busyTasks,
  },
  { name: 'longshore_queue_backlog', help: 'Visible messages.', of: ({ inputs }) => inputs.backlog },
  { name: 'longshore_queue_in_flight', help: 'Messages in flight.', of: ({ inputs }) => inputs.inFlight },
  {
    name: 'longshore_arrivals_per_second',
    help: 'Forecast arrivals.',
    of: ({ inputs }) => inputs.arrivalsPerSecond,
  },
  {
    name: 'longshore_oldest_wait_seconds',
    help: 'Longest wait among the jobs received lately.',
    of: ({ inputs }) => (inputs.oldestWaitMs === undefined ? undefined : inputs.oldestWaitMs / 1_000),
  },
];

/** Prometheus text, version 0.0.4. */
export function controllerMetrics(figures: ControllerFigures): string {
  const lines = FAMILIES.flatMap(({ name, help, of }) => [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} gauge`,
    ...figures.records.flatMap((record) => {
      const value = of(record);
      return value === undefined ? [] : [`${name}{service="${record.service}"} ${value}`];
    }),
  ]);
  lines.push(
    '# HELP longshore_scaling_limit Whether a limit held the count.',
    '# TYPE longshore_scaling_limit gauge',
  );
  for (const { service, limits } of figures.records)
    for (const limit of new Set(limits))
      lines.push(`longshore_scaling_limit{service="${service}",limit="${limit}"} 1`);
  const single = (name: string, type: string, help: string, value: number): void => {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, `${name} ${value}`);
  };
  single('longshore_autoscaler_leader', 'gauge', 'Whether this controller acts.', figures.isLeader ? 1 : 0);
  single('longshore_autoscaler_term', 'gauge', 'Term of the leader.', figures.term);
  single('longshore_autoscaler_rounds_total', 'counter', 'Rounds of the control loop.', figures.rounds);
  single('longshore_autoscaler_round_seconds', 'gauge', 'Length of the last round.', figures.roundMs / 1_000);
  single(
    'longshore_autoscaler_records_dropped_total',
    'counter',
    'Decisions that could not be stored.',
    figures.droppedRecords,
  );
  return `${lines.join('\n')}\n`;
}
