/** Reads a price list that a user brings. */
import { LongshoreError } from '@longshore/job';
import { fieldsReader, type FieldsReader } from '../read-fields.ts';
import type { InstanceType, PriceList } from './instance-type.ts';

const MAX_TYPES = 1_000;
const MAX_TEXT = 200;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** A checked price list. @throws LongshoreError `invalid_options` with every fault */
export function parsePrices(input: unknown): PriceList {
  const faults: string[] = [];
  const fields = fieldsReader(input, faults);
  const fargate = fieldsReader(fields?.raw('fargate'), faults);
  if (fields === undefined || fargate === undefined)
    throw refused(['it is no object with asOf, region, source, instances and fargate']);
  const asOf = fields.text('asOf', MAX_TEXT);
  if (!DAY.test(asOf)) faults.push(`asOf is "${asOf}", expected a day such as 2026-06-17`);
  const instances = fields.list('instances', MAX_TYPES).map((each, index) => {
    const type = fieldsReader(each, faults);
    if (type === undefined) faults.push(`instances[${index}] is no object`);
    return type === undefined ? undefined : readType(type);
  });
  if (instances.length === 0) faults.push('instances is empty');
  const list: PriceList = {
    asOf,
    region: fields.text('region', MAX_TEXT),
    source: fields.text('source', MAX_TEXT),
    instances: instances.filter((type) => type !== undefined),
    fargate: {
      vcpu: fargate.amount('vcpu'),
      gib: fargate.amount('gib'),
      spotVcpu: fargate.amount('spotVcpu'),
      spotGib: fargate.amount('spotGib'),
    },
  };
  if (faults.length > 0) throw refused(faults);
  return list;
}

function readType(fields: FieldsReader): InstanceType {
  return {
    name: fields.text('name', MAX_TEXT),
    cpuUnits: fields.count('cpuUnits', 1),
    memoryMiB: fields.count('memoryMiB', 1),
    onDemand: fields.amount('onDemand'),
    spot: fields.amount('spot'),
    architecture: fields.oneOf('architecture', ['x86_64', 'arm64']),
  };
}

function refused(faults: readonly string[]): LongshoreError {
  return new LongshoreError('invalid_options', `Cannot use the price list: ${faults.join('; ')}`);
}
