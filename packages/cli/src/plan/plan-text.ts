/** A plan as a person reads it. */
import type { FleetPlan, MixPlan, PoolLimits } from '@longshore/fleet';
import { table, type TableScreen } from '../terminal/table.ts';

/** What to show. */
export interface PlanTextOptions {
  readonly fleet: string;
  readonly isAll: boolean;
  readonly screen: TableScreen;
}

const SHOWN_TYPES = 10;

/** Tables and sentences. */
export function planText(plan: FleetPlan, { fleet, isAll, screen }: PlanTextOptions): string {
  const { tasks, needs, prices, types } = plan;
  const count = tasks.reduce((sum, each) => sum + each.count, 0);
  const shown = isAll ? types : types.slice(0, SHOWN_TYPES);
  const parts = [
    `${fleet}: ${count} tasks, ${vcpus(needs.cpuUnits)} vCPU, ${gib(needs.memoryMiB)} GiB\n\n`,
    table(
      [{ header: 'SERVICE' }, right('TASKS'), right('CPU UNITS'), right('MIB')],
      tasks.map((each) => [each.service, String(each.count), String(each.cpuUnits), String(each.memoryMiB)]),
      screen,
    ),
    `\nOn one instance type, dollars a month (${prices.region}, ${prices.asOf}):\n\n`,
    shown.length === 0
      ? 'No instance type holds the largest task\n'
      : table(
          [
            { header: 'TYPE' },
            right('INSTANCES'),
            right('CPU'),
            right('MEMORY'),
            right('MOST TASKS ON ONE'),
            right('ON DEMAND'),
            right('SPOT'),
          ],
          shown.map((each) => [
            each.type,
            String(each.instances),
            percent(each.cpuShare),
            percent(each.memoryShare),
            String(each.mostTasks),
            dollars(each.onDemand),
            dollars(each.spot),
          ]),
          screen,
        ),
    shown.length < types.length ? `… and ${types.length - shown.length} more: --all\n` : '',
    '\n',
    ...summary(plan),
  ];
  return parts.join('');
}

function* summary({ cheapest, fargate, fullFirst, pool }: FleetPlan): Generator<string> {
  if (cheapest !== undefined) {
    yield `Cheapest mix    on demand ${mix(cheapest.onDemand)}\n`;
    yield `                spot      ${mix(cheapest.spot)}\n`;
  }
  yield fargate === undefined
    ? 'Fargate         holds not every task: the largest has 16 vCPU and 120 GiB\n'
    : `Fargate         on demand ${dollars(fargate.onDemand)}, spot ${dollars(fargate.spot)}\n`;
  yield `Full first      ${fullFirst === 'cpu' ? 'CPU' : 'memory'}\n`;
  if (pool !== undefined) yield `Pool            ${poolSentence(pool)}\n`;
}

function poolSentence({ maxInstances, instances, isEnough, tooLarge, growth }: PoolLimits): string {
  if (tooLarge.length > 0)
    return `Does not fit: a task of ${tooLarge.join(' and ')} is larger than an instance`;
  if (!isEnough) return `Does not fit: ${instances} instances are needed, ${maxInstances} is the most`;
  return `${instances} of ${maxInstances} instances; all counts may grow by ${percent(growth - 1)} before it is full`;
}

function mix({ instances, perMonth }: MixPlan): string {
  const list = Object.entries(instances).map(([type, count]) => `${count} × ${type}`);
  return `${dollars(perMonth)}: ${list.join(', ')}`;
}

function right(header: string): { readonly header: string; readonly align: 'right' } {
  return { header, align: 'right' };
}

function dollars(amount: number): string {
  return amount.toLocaleString('en-US', { maximumFractionDigits: 0 });
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function vcpus(cpuUnits: number): string {
  return (cpuUnits / 1_024).toLocaleString('en-US', { maximumFractionDigits: 2 });
}

function gib(memoryMiB: number): string {
  return (memoryMiB / 1_024).toLocaleString('en-US', { maximumFractionDigits: 1 });
}
