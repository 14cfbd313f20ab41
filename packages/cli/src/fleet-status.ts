/** What a fleet is doing: read from its queues and tasks, shown as tables, or as one plain line a queue. */
import type { Fleet } from '@longshore/fleet';
import type { Connection } from './local/connection.ts';
import type { LocalTask } from './local/tasks-file.ts';
import { table, type Cell } from './terminal/table.ts';
import type { Screen } from './terminal/terminal.ts';

/** One queue. Counts are messages. */
export interface QueueStatus {
  readonly name: string;
  readonly backlog: number;
  readonly inFlight: number;
  readonly delayed: number;
  readonly deadLetters: number;
}

/** One service and its local tasks. */
export interface ServiceStatus {
  readonly name: string;
  readonly queue: string;
  readonly scale: { readonly min: number; readonly max: number };
  readonly tasks: number;
  readonly busySlots: number;
  readonly slots: number;
}

/** A fleet at a moment. */
export interface FleetStatus {
  readonly fleet: string;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  readonly queues: readonly QueueStatus[];
  readonly services: readonly ServiceStatus[];
  /** Tasks of the local fleet; empty when none runs here. */
  readonly tasks: readonly LocalTask[];
}

/** Reads it. @throws LongshoreError `queue_unavailable`, `queue_missing`. */
export async function readStatus(
  fleet: Fleet,
  { opened, tasks: readTasks }: Pick<Connection, 'opened' | 'tasks'>,
): Promise<FleetStatus> {
  const [tasks, ...queues] = await Promise.all([
    readTasks(),
    ...fleet.queues.map(async ({ name }): Promise<QueueStatus> => {
      const [counts, dead] = await Promise.all([
        opened.queue(name).counts(),
        opened.deadLetters(name).counts(),
      ]);
      const { backlog, inFlight, delayed } = counts;
      return { name, backlog, inFlight, delayed, deadLetters: dead.backlog + dead.inFlight };
    }),
  ]);
  return { fleet: fleet.name, atMs: Date.now(), queues, services: serviceStatus(fleet, tasks), tasks };
}

/** Tables for people. */
export function statusText(
  { fleet, queues, services, tasks }: FleetStatus,
  screen: Pick<Screen, 'style' | 'columns'>,
): string {
  const { style } = screen;
  const count = (value: number, paint: (text: string) => string): Cell => ({
    text: String(value),
    paint: value === 0 ? style.dim : paint,
  });
  const plain = (text: string): string => text;
  const queueTable = table(
    [
      { header: 'QUEUE', minColumns: 12 },
      { header: 'BACKLOG', align: 'right' },
      { header: 'IN FLIGHT', align: 'right' },
      { header: 'DELAYED', align: 'right' },
      { header: 'DEAD LETTERS', align: 'right' },
    ],
    queues.map(({ name, backlog, inFlight, delayed, deadLetters }) => [
      name,
      count(backlog, plain),
      count(inFlight, style.cyan),
      count(delayed, plain),
      count(deadLetters, style.red),
    ]),
    screen,
  );
  const head = `${style.bold(`Fleet ${fleet}`)}  ${style.dim(tasks.length === 0 ? 'no local worker runs' : `${tasks.length} local ${tasks.length === 1 ? 'worker' : 'workers'}`)}\n\n`;
  return `${head}${queueTable}${tasks.length === 0 ? '' : `\n${serviceTable(services, screen)}`}`;
}

function serviceTable(services: readonly ServiceStatus[], screen: Pick<Screen, 'style' | 'columns'>): string {
  const { style } = screen;
  return table(
    [
      { header: 'SERVICE', minColumns: 12 },
      { header: 'TASKS', align: 'right' },
      { header: 'MIN-MAX', align: 'right' },
      { header: 'BUSY SLOTS', align: 'right' },
    ],
    services.map(({ name, tasks, scale, busySlots, slots }) => [
      name,
      { text: String(tasks), paint: tasks === 0 ? style.dim : style.green },
      `${scale.min}-${scale.max}`,
      { text: `${busySlots} of ${slots}`, paint: busySlots === 0 ? style.dim : style.cyan },
    ]),
    screen,
  );
}

/** One line a queue, for logs and `grep`. */
export function plainStatus({ atMs, queues, services }: FleetStatus): string {
  const time = new Date(atMs).toISOString();
  const lines = queues.map(({ name, backlog, inFlight, delayed, deadLetters }) => {
    const tasks = services
      .filter(({ queue }) => queue === name)
      .reduce((sum, service) => sum + service.tasks, 0);
    return `${time} ${name} backlog=${backlog} inFlight=${inFlight} delayed=${delayed} deadLetters=${deadLetters} tasks=${tasks}\n`;
  });
  return lines.join('');
}

function serviceStatus(fleet: Fleet, tasks: readonly LocalTask[]): ServiceStatus[] {
  return fleet.services.map(({ name, queue, scale }) => {
    const own = tasks.filter((task) => task.service === name);
    const sum = (value: (task: LocalTask) => number): number =>
      own.reduce((total, task) => total + value(task), 0);
    return {
      name,
      queue,
      scale,
      tasks: own.length,
      busySlots: sum(({ busy }) => busy),
      slots: sum(({ slots }) => slots),
    };
  });
}
