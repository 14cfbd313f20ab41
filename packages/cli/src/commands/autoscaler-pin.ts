/** `longshore autoscaler pin`, `unpin` and `pins`: a count that an operator sets for a while. */
import { pinService, readPin, unpinService, type Pin } from '@longshore/autoscaler';
import { serviceNamed } from '@longshore/fleet';
import { formatDuration, LongshoreError } from '@longshore/job';
import { FLEET_OPTION, defineCommand, type Command } from '../command.ts';
import { EXIT_OK } from '../exit-code.ts';
import { loadFleet } from '../load-fleet.ts';
import { minute, pinText } from '../scaling/decision-text.ts';
import { pinEndMs } from '../scaling/pin-end.ts';
import { table } from '../terminal/table.ts';

const MAX_NOTE = 500;

/** `pin`. */
export const pin: Command = defineCommand({
  name: 'pin',
  summary: 'Keep a service at a number of tasks for a while',
  description: [
    'The pin replaces what the autoscaler would ask for until it ends, a week at most; then the autoscaler takes over again. The bounds of the fleet file still hold, and no task with work is stopped. A second pin replaces the first.',
  ],
  positionals: [
    { name: 'service', description: 'Service of the fleet', completes: 'services' },
    { name: 'tasks', description: 'Number of tasks' },
  ],
  options: {
    until: {
      type: 'text',
      placeholder: 'time',
      description: 'End: a time of day like 18:00 on this clock, or a date like 2026-11-24T08:00',
    },
    for: { type: 'duration', description: 'End: so long from now, like 2h' },
    reason: { type: 'text', description: 'Why, for those who find the pin' },
    fleet: FLEET_OPTION,
  },
  examples: [
    {
      command: 'longshore autoscaler pin pdf-extraction 10 --until 18:00 --reason "launch day"',
      note: 'Ten tasks until six',
    },
    { command: 'longshore autoscaler pin pdf-extraction 0 --for 30m', note: 'None for half an hour' },
  ],
  async run({ values, positionals: [name = '', count = ''], terminal, env, cwd }) {
    const { fleet, path } = await loadFleet({ cwd, path: values.fleet });
    const { name: service, scale } = serviceNamed(fleet, name);
    const atMs = Date.now();
    const { reason } = values;
    if (reason !== undefined && reason.length > MAX_NOTE)
      throw new LongshoreError(
        'invalid_options',
        `--reason has ${reason.length} characters, at most ${MAX_NOTE} fit`,
      );
    const set: Pin = {
      service,
      tasks: taskCount(service, count, scale),
      untilMs: pinEndMs(values, atMs),
      by: env['USER'] ?? env['LOGNAME'] ?? 'unknown',
      atMs,
      ...(reason === undefined ? {} : { note: reason }),
    };
    const { connect } = await import('../local/connection.ts');
    await using connection = await connect({ fleet, fleetPath: path, env });
    await pinService(connection.opened.objects, set);
    if (values.json) terminal.json({ pin: set });
    else terminal.write(`Pinned ${service} to ${pinText(set, atMs)}\n`);
    return EXIT_OK;
  },
});

/** `unpin`. */
export const unpin: Command = defineCommand({
  name: 'unpin',
  summary: 'Let the autoscaler decide again',
  positionals: [{ name: 'service', description: 'Service of the fleet', completes: 'services' }],
  options: { fleet: FLEET_OPTION },
  examples: [{ command: 'longshore autoscaler unpin pdf-extraction', note: 'End its pin now' }],
  async run({ values, positionals: [name = ''], terminal, env, cwd }) {
    const { fleet, path } = await loadFleet({ cwd, path: values.fleet });
    const { name: service } = serviceNamed(fleet, name);
    const { connect } = await import('../local/connection.ts');
    await using connection = await connect({ fleet, fleetPath: path, env });
    const { objects } = connection.opened;
    const removed = await readPin(objects, service, Date.now());
    await unpinService(objects, service);
    if (values.json) terminal.json({ service, removed: removed ?? null });
    else
      terminal.write(
        removed === undefined
          ? `${service} was not pinned\n`
          : `Unpinned ${service}: the autoscaler decides at its next tick\n`,
      );
    return EXIT_OK;
  },
});

/** `pins`. */
export const pins: Command = defineCommand({
  name: 'pins',
  summary: 'List the pins that are in force',
  options: { fleet: FLEET_OPTION },
  examples: [
    { command: 'longshore autoscaler pins', note: 'Which services are pinned, by whom, until when' },
  ],
  async run({ values, terminal, env, cwd }) {
    const { fleet, path } = await loadFleet({ cwd, path: values.fleet });
    const { connect } = await import('../local/connection.ts');
    await using connection = await connect({ fleet, fleetPath: path, env });
    const nowMs = Date.now();
    const read = await Promise.all(
      fleet.services.map(({ name }) => readPin(connection.opened.objects, name, nowMs)),
    );
    const found = read.filter((each) => each !== undefined);
    if (values.json) terminal.json({ pins: found });
    else if (found.length === 0) terminal.write('No service is pinned\n');
    else
      terminal.data.write(
        table(
          [
            { header: 'SERVICE' },
            { header: 'TASKS', align: 'right' },
            { header: 'UNTIL' },
            { header: 'LEFT', align: 'right' },
            { header: 'BY' },
            { header: 'REASON', minColumns: 12 },
          ],
          found.map(({ service, tasks, untilMs, by, note = '' }) => [
            service,
            String(tasks),
            minute(untilMs),
            formatDuration(untilMs - nowMs),
            by,
            note,
          ]),
          terminal.data,
        ),
      );
    return EXIT_OK;
  },
});

function taskCount(
  service: string,
  text: string,
  { min, max }: { readonly min: number; readonly max: number },
): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= min && count <= max) return count;
  throw new LongshoreError(
    'invalid_options',
    `Cannot pin "${service}" to "${text}" tasks: expected a whole number from ${min} to ${max}, its bounds in the fleet file`,
    { details: { service, min, max } },
  );
}
