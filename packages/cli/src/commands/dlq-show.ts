/** `longshore dlq show`: one dead letter with its payload and attempts. */
import { physicalQueueName, queueNamed, type Fleet } from '@longshore/fleet';
import { decodeEnvelope, LongshoreError } from '@longshore/job';
import type { ObjectStore } from '@longshore/objects';
import type { DeadLetter } from '@longshore/queue';
import { FLEET_OPTION, defineCommand, type Command } from '../command.ts';
import { letterId, lettersNamed, letterText, MAX_LETTERS } from '../dead-letters.ts';
import { EXIT_OK } from '../exit-code.ts';
import { loadFleet } from '../load-fleet.ts';

/** Ids named where several letters fit. */
const MAX_NAMED = 5;

/** The command. */
export const show: Command = defineCommand({
  name: 'show',
  summary: 'Show one dead letter with its payload and attempts',
  positionals: [
    { name: 'queue', description: 'Queue of the fleet', completes: 'queues' },
    { name: 'id', description: 'Job id or message id, or the start of one' },
  ],
  options: { fleet: FLEET_OPTION },
  examples: [
    { command: 'longshore dlq show pdf-extraction 0199a7c2-41f0', note: 'The letter whose id starts so' },
    {
      command: 'longshore dlq show pdf-extraction 0199a7c2-41f0 --json | jq .payload',
      note: 'Only its payload',
    },
  ],
  async run({ values, positionals: [name = '', id = ''], terminal, env, cwd }) {
    const { fleet, path } = await loadFleet({ cwd, path: values.fleet });
    queueNamed(fleet, name);
    const [{ connect }, { listDeadLetters }] = await Promise.all([
      import('../local/connection.ts'),
      import('@longshore/queue'),
    ]);
    await using connection = await connect({ fleet, fleetPath: path, env });
    const { opened } = connection;
    const letter = oneNamed(
      await listDeadLetters(opened.deadLetters(name), { limit: MAX_LETTERS }),
      id,
      name,
    );
    const payload = await readPayload(letter, { fleet, queue: name, objects: opened.objects });
    if (values.json) terminal.json({ queue: name, ...letter, ...payload.data });
    else terminal.data.write(letterText(letter, payload.text, Date.now(), terminal.data));
    return EXIT_OK;
  },
});

function oneNamed(letters: readonly DeadLetter[], id: string, queue: string): DeadLetter {
  const named = lettersNamed(letters, id);
  const [letter] = named;
  if (letter === undefined) {
    const message = `No dead letter "${id}" among the ${letters.length} in ${queue}: see "longshore dlq list ${queue}"`;
    throw new LongshoreError('invalid_options', message, { details: { queue, id } });
  }
  if (named.length === 1) return letter;
  const ids = named.map(letterId);
  const shown = [...ids.slice(0, MAX_NAMED), ...(ids.length > MAX_NAMED ? ['…'] : [])].join(', ');
  throw new LongshoreError(
    'invalid_options',
    `"${id}" is the start of ${ids.length} ids: write more of one of ${shown}`,
    {
      details: { queue, id, ids },
    },
  );
}

interface Payload {
  readonly text: string;
  readonly data: { readonly payload?: unknown; readonly payloadFault?: string };
}

/** The payload, from the object store where it is claimed. The raw body where it is no job. */
async function readPayload(
  letter: DeadLetter,
  from: { fleet: Fleet; queue: string; objects: ObjectStore },
): Promise<Payload> {
  const decoded = decodeEnvelope(letter.body);
  if (!decoded.ok) return { text: letter.body, data: { payloadFault: decoded.fault.reason } };
  const { resolveClaim } = await import('@longshore/queue');
  const claim = await resolveClaim(decoded.envelope, from.objects, {
    queue: physicalQueueName(from.fleet, from.queue),
  });
  if (!claim.ok)
    return { text: `not readable: ${claim.error.message}`, data: { payloadFault: claim.error.message } };
  return { text: JSON.stringify(claim.payload, undefined, 2), data: { payload: claim.payload } };
}
