/** `longshore plan`: what the fleet needs of instances, and what that costs. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  LIST_PRICES,
  parsePrices,
  planFleet,
  type Fleet,
  type FleetPlan,
  type PriceList,
} from '@longshore/fleet';
import { LongshoreError } from '@longshore/job';
import { FLEET_OPTION, defineCommand, type Command } from '../command.ts';
import { EXIT_FAILED, EXIT_OK } from '../exit-code.ts';
import { loadFleet } from '../load-fleet.ts';
import { planText } from '../plan/plan-text.ts';

/** The command. */
export const plan: Command = defineCommand({
  name: 'plan',
  summary: 'Show the instances that the fleet needs, and what they cost',
  description: [
    'Packs the tasks of all services on each instance type, on the cheapest mix and on Fargate, with every service at its scale.max unless told otherwise.',
    'Exits with 1 when the fleet does not fit its own pool.',
  ],
  options: {
    tasks: {
      type: 'text',
      multiple: true,
      placeholder: 'service=count',
      description: 'Tasks of a service (default: its scale.max); may be given several times',
    },
    zones: {
      type: 'integer',
      min: 1,
      max: 6,
      default: 2,
      description: 'Zones that the instances lie in (default: 2)',
    },
    placement: {
      type: 'text',
      choices: ['spread', 'binpack'],
      default: 'spread',
      description: 'Every service evenly over the zones, or as few instances as can be (default: spread)',
    },
    headroom: {
      type: 'integer',
      max: 90,
      default: 0,
      placeholder: 'percent',
      description: 'Share of each instance that is kept free (default: 0)',
    },
    architecture: {
      type: 'text',
      choices: ['x86_64', 'arm64'],
      description: 'Only instances of this architecture',
    },
    prices: {
      type: 'text',
      placeholder: 'file',
      description: 'Price list of your own; --show-prices prints the form',
    },
    'show-prices': { type: 'boolean', description: 'Print the price list as JSON, and plan nothing' },
    all: { type: 'boolean', description: 'Every instance type, not only the ten cheapest' },
    fleet: FLEET_OPTION,
  },
  examples: [
    { command: 'longshore plan', note: 'The whole fleet at its most' },
    { command: 'longshore plan --tasks indexing=8 --architecture arm64', note: 'More indexing, on Graviton' },
    {
      command: 'longshore plan --show-prices > prices.json',
      note: 'Then edit it, and plan with --prices prices.json',
    },
  ],
  async run({ values, terminal, cwd }) {
    const prices = values.prices === undefined ? LIST_PRICES : await readPrices(resolve(cwd, values.prices));
    if (values['show-prices']) {
      terminal.data.write(`${JSON.stringify(prices, undefined, 2)}\n`);
      return EXIT_OK;
    }
    const { fleet } = await loadFleet({ cwd, path: values.fleet });
    const found = planFleet(fleet, {
      prices,
      zones: values.zones,
      placement: values.placement === 'binpack' ? 'binpack' : 'spread',
      headroom: values.headroom / 100,
      tasks: readCounts(values.tasks),
      ...(values.architecture === undefined ? {} : { architecture: architectureOf(values.architecture) }),
    });
    if (values.json) terminal.json(found);
    else
      terminal.data.write(planText(found, { fleet: fleet.name, isAll: values.all, screen: terminal.data }));
    return exitCode(fleet, found);
  },
});

function exitCode({ pool }: Fleet, found: FleetPlan): number {
  return pool !== undefined && found.pool?.isEnough === false ? EXIT_FAILED : EXIT_OK;
}

function architectureOf(name: string): 'x86_64' | 'arm64' {
  return name === 'arm64' ? 'arm64' : 'x86_64';
}

function readCounts(texts: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    texts.map((text) => {
      const [, service, count] = /^([^=]+)=(\d+)$/.exec(text) ?? [];
      if (service === undefined)
        throw new LongshoreError(
          'invalid_options',
          `--tasks is "${text}", expected a service and a count such as indexing=8`,
        );
      return [service, Number(count)];
    }),
  );
}

async function readPrices(path: string): Promise<PriceList> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new LongshoreError('invalid_options', `Cannot read the price list "${path}"`, { cause });
  });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new LongshoreError('invalid_options', `The price list "${path}" is no JSON`, { cause });
  }
  return parsePrices(json);
}
