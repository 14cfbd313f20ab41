/** The commands of an operator: words and options to calls of the desk, results to lines or JSON. */
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { isLongshoreError } from '@longshore/job';
import { openDeliveryOperator, type DeliveryOperator } from './operator.ts';

/** The process around a command. */
export interface OperatorConsole {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
}

/** What the desk is asked, or what is wrong with the words. */
class Misuse extends Error {}

type Values = Readonly<Record<string, string | boolean | undefined>>;

interface Call {
  readonly operator: DeliveryOperator;
  readonly values: Values;
  /** The words behind the command. */
  readonly words: readonly string[];
}

interface Command {
  readonly usage: string;
  readonly options?: ParseArgsConfig['options'];
  /** How many words it takes. */
  readonly words: number;
  /** Answers what is printed: rows, or one object. */
  readonly run: (call: Call) => Promise<readonly object[] | object>;
}

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;

const COMMANDS: Readonly<Record<string, Command>> = {
  'endpoints list': {
    usage: 'endpoints list [--tenant NAME]',
    options: { tenant: text },
    words: 0,
    run: ({ operator, values }) => operator.endpoints(given({ tenant: string(values, 'tenant') })),
  },
  'endpoints add': {
    usage: 'endpoints add TARGET [--kind webhook|sqs|s3] [--tenant NAME] [--types TYPE,…] [--scheme v1|v1a]',
    options: { kind: text, tenant: text, types: text, scheme: text },
    words: 1,
    async run({ operator, values, words: [target = ''] }) {
      const scheme = oneOf(values, 'scheme', ['v1', 'v1a'] as const);
      const added = await operator.desk.add({
        target,
        ...given({ kind: string(values, 'kind'), tenant: string(values, 'tenant'), scheme }),
        ...given({ eventTypes: string(values, 'types')?.split(',') }),
      });
      return { id: added.endpoint.id, ...given({ verifyWith: added.verifyWith }) };
    },
  },
  'endpoints rotate': {
    usage: 'endpoints rotate ID',
    words: 1,
    async run({ operator, words: [id = ''] }) {
      return { id, ...given({ verifyWith: (await operator.desk.rotate(id)).verifyWith }) };
    },
  },
  'endpoints enable': {
    usage: 'endpoints enable ID',
    words: 1,
    async run({ operator, words: [id = ''] }) {
      await operator.desk.enable(id);
      return { id, state: 'enabled' };
    },
  },
  'endpoints disable': {
    usage: 'endpoints disable ID [--reason TEXT]',
    options: { reason: text },
    words: 1,
    async run({ operator, values, words: [id = ''] }) {
      await operator.desk.disable(id, string(values, 'reason') ?? 'by an operator');
      return { id, state: 'disabled' };
    },
  },
  attempts: {
    usage: 'attempts [--endpoint ID] [--event ID] [--limit N]',
    options: { endpoint: text, event: text, limit: text },
    words: 0,
    run: ({ operator, values }) =>
      operator.attempts({
        limit: count(values, 'limit') ?? 50,
        ...given({ endpointId: string(values, 'endpoint'), eventId: string(values, 'event') }),
      }),
  },
  replay: {
    usage: 'replay ENDPOINT (--event ID | --since TIME [--until TIME]) [--dry-run]',
    options: { event: text, since: text, until: text, 'dry-run': flag },
    words: 1,
    async run({ operator, values, words: [id = ''] }) {
      const event = string(values, 'event');
      const since = time(values, 'since');
      if ((event === undefined) === (since === undefined))
        throw new Misuse('replay needs either --event or --since');
      const events =
        event === undefined
          ? { fromMs: since ?? 0, toMs: time(values, 'until') ?? Date.now() }
          : { id: event };
      const isDry = values['dry-run'] === true;
      const sent = await (isDry ? operator.desk.replayable(id, events) : operator.desk.replay(id, events));
      return isDry ? { wouldSend: sent } : { sent };
    },
  },
  ping: {
    usage: 'ping ENDPOINT',
    words: 1,
    run: async ({ operator, words: [id = ''] }) => ({ event: await operator.desk.ping(id) }),
  },
  'links revoke': {
    usage: 'links revoke (LINK | --document ID [--tenant NAME])',
    options: { document: text, tenant: text },
    words: 1,
    async run({ operator, values, words: [link] }) {
      const documentId = string(values, 'document');
      if ((documentId === undefined) === (link === undefined))
        throw new Misuse('links revoke needs either a link or --document');
      const tenant = string(values, 'tenant') ?? 'default';
      return {
        revoked: await operator.revokeLinks(
          link === undefined ? { tenant, documentId: documentId ?? '' } : { link },
        ),
      };
    },
  },
};

const USAGE = `Usage: node services/delivery/src/operate.ts <command> [--json]

${Object.values(COMMANDS)
  .map(({ usage }) => `  ${usage}`)
  .join('\n')}

TIME is ISO 8601, such as 2026-03-01T10:00:00Z. LONGSHORE_DELIVERY_STORE says where delivery is kept; targets are looked at by
LONGSHORE_DELIVERY_ALLOW_PRIVATE, _ALLOW_HTTP and _QUEUES, as the workers do.`;

/** Runs a command. Answers the exit code: 0 done, 1 refused or failed, 2 not understood. */
export async function operate(args: readonly string[], { env, out, err }: OperatorConsole): Promise<number> {
  if (args.length === 0 || args.includes('--help') || args.includes('-h')) {
    out(USAGE);
    return args.length === 0 ? 2 : 0;
  }
  try {
    const { command, values, words } = parse(args);
    await using operator = await openDeliveryOperator(env);
    print(await command.run({ operator, values, words }), values['json'] === true, out);
    return 0;
  } catch (error) {
    if (error instanceof Misuse) {
      err(`${error.message}\n\n${USAGE}`);
      return 2;
    }
    if (!isLongshoreError(error)) throw error;
    err(`${error.message} [${error.code}]`);
    return 1;
  }
}

function parse(args: readonly string[]): { command: Command; values: Values; words: readonly string[] } {
  const name = Object.keys(COMMANDS).find((each) =>
    each.split(' ').every((word, index) => args[index] === word),
  );
  const command = name === undefined ? undefined : COMMANDS[name];
  if (name === undefined || command === undefined)
    throw new Misuse(`There is no command "${args.slice(0, 2).join(' ')}"`);
  try {
    const { values, positionals } = parseArgs({
      args: args.slice(name.split(' ').length),
      options: { ...command.options, json: flag },
      allowPositionals: true,
    });
    if (positionals.length > command.words)
      throw new Misuse(`"${positionals.at(-1)}" is too much for ${command.usage}`);
    const isOptional = command.usage.includes('(LINK |');
    if (positionals.length < command.words && !isOptional)
      throw new Misuse(`Something is missing: ${command.usage}`);
    return { command, values, words: positionals };
  } catch (error) {
    throw error instanceof Misuse
      ? error
      : new Misuse(error instanceof Error ? error.message : String(error));
  }
}

function print(result: readonly object[] | object, isJson: boolean, out: (line: string) => void): void {
  if (isJson) return out(JSON.stringify(result));
  const rows: readonly object[] = Array.isArray(result) ? (result as readonly object[]) : [result];
  for (const row of rows)
    out(
      Object.entries(row)
        .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
        .join('  '),
    );
  if (rows.length === 0) out('none');
}

function string(values: Values, name: string): string | undefined {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
}

function oneOf<Choice extends string>(
  values: Values,
  name: string,
  choices: readonly Choice[],
): Choice | undefined {
  const value = string(values, name);
  if (value === undefined) return undefined;
  const choice = choices.find((each) => each === value);
  if (choice === undefined) throw new Misuse(`--${name} is "${value}", expected ${choices.join(' or ')}`);
  return choice;
}

function count(values: Values, name: string): number | undefined {
  const value = string(values, name);
  if (value === undefined) return undefined;
  if (!/^[1-9]\d{0,4}$/.test(value))
    throw new Misuse(`--${name} is "${value}", expected a whole number from 1 to 99999`);
  return Number(value);
}

function time(values: Values, name: string): number | undefined {
  const value = string(values, name);
  if (value === undefined) return undefined;
  const ms = Date.parse(value);
  if (!/^\d{4}-\d{2}-\d{2}T/.test(value) || Number.isNaN(ms))
    throw new Misuse(`--${name} is "${value}", expected a time such as 2026-03-01T10:00:00Z`);
  return ms;
}

type Given<Options> = { [Key in keyof Options]?: Exclude<Options[Key], undefined> };

/** Without what was not given. */
function given<Options extends object>(options: Options): Given<Options> {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as Given<Options>;
}
