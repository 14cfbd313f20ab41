/** Refuses, at its definition, a dataset or a row that a dashboard would refuse, and names every fault at once. */
import { LongshoreError } from '@longshore/job';
import type { Dataset, Field, Row, SinkLimits } from './dashboard-sink.ts';

const DATASET_ID = /^[0-9a-z][0-9a-z._-]*$/;
const FIELD_ID = /^[a-z][0-9a-z_]*$/;
const TEXT_TYPES: readonly string[] = ['string', 'date', 'datetime'];
const CURRENCIES: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'));

/**
 * The dataset as it was given, once the limits allow it.
 *
 * @throws LongshoreError `invalid_options`, with all faults in `details.faults`
 */
export function defineDataset(dataset: Dataset, limits: SinkLimits): Dataset {
  const faults = [...shapeFaults(dataset, limits), ...keyFaults(dataset)];
  for (const [id, field] of Object.entries(dataset.fields)) faults.push(...fieldFaults(id, field));
  if (faults.length > 0) throw refusal(`Dataset "${dataset.id}" cannot be defined`, faults);
  return dataset;
}

/** What is wrong with a row; empty when the dataset takes it. */
export function rowFaults(dataset: Dataset, row: Row, limits: SinkLimits): readonly string[] {
  const unknown = Object.keys(row).filter((id) => !Object.hasOwn(dataset.fields, id));
  const faults = unknown.map((id) => `field "${id}" is not in the dataset`);
  for (const [id, field] of Object.entries(dataset.fields)) {
    const fault = valueFault(field, row[id], limits);
    if (fault !== undefined) faults.push(`field "${id}" ${fault}`);
  }
  return faults;
}

function shapeFaults({ id, fields }: Dataset, limits: SinkLimits): string[] {
  const faults: string[] = [];
  const count = Object.keys(fields).length;
  if (!DATASET_ID.test(id)) faults.push(`id "${id}" must be lower-case letters, digits, ".", "_" and "-"`);
  if (count === 0) faults.push('there is no field');
  if (limits.fields !== undefined && count > limits.fields)
    faults.push(`there are ${count} fields, of at most ${limits.fields}`);
  return faults;
}

function keyFaults({ fields, uniqueBy, deleteBy }: Dataset): string[] {
  const faults: string[] = [];
  if (uniqueBy.length === 0)
    faults.push('uniqueBy names no field, so that a redelivered row would count twice');
  for (const id of uniqueBy) {
    const type = Object.hasOwn(fields, id) ? fields[id]?.type : undefined;
    if (type === undefined) faults.push(`uniqueBy names "${id}", which is no field`);
    else if (!TEXT_TYPES.includes(type))
      faults.push(`uniqueBy names "${id}" of type ${type}; only string, date and datetime tell rows apart`);
    else if (fields[id]?.optional === true)
      faults.push(`uniqueBy names "${id}", which is optional; null tells no rows apart`);
  }
  if (deleteBy === undefined) return faults;
  const type = Object.hasOwn(fields, deleteBy) ? fields[deleteBy]?.type : undefined;
  if (type !== 'date' && type !== 'datetime')
    faults.push(`deleteBy names "${deleteBy}", which is no date or datetime field`);
  else if (fields[deleteBy]?.optional === true)
    faults.push(`deleteBy names "${deleteBy}", which is optional; null has no place in an order`);
  return faults;
}

function fieldFaults(id: string, field: Field): string[] {
  const faults: string[] = [];
  if (!FIELD_ID.test(id)) faults.push(`field id "${id}" must be lower-case letters, digits and "_"`);
  if (field.name.trim() === '') faults.push(`field "${id}" has no name`);
  if (field.type === 'money' && !CURRENCIES.has(field.currencyCode ?? ''))
    faults.push(
      `field "${id}" is money with currencyCode "${field.currencyCode ?? ''}", which is none of ISO 4217 such as "EUR"`,
    );
  if (field.type === 'duration' && field.timeUnit === undefined)
    faults.push(`field "${id}" is a duration and needs a timeUnit`);
  return faults;
}

function valueFault(field: Field, value: Row[string] | undefined, limits: SinkLimits): string | undefined {
  if (value === undefined) return 'is missing';
  if (value === null) return field.optional === true ? undefined : 'is null and not optional';
  if (!TEXT_TYPES.includes(field.type)) return numberFault(value);
  if (typeof value !== 'string') return `must be a string, not ${value}`;
  if (field.type === 'date' && !isDate(value)) return `must be a date such as 2026-11-23, not "${value}"`;
  if (field.type === 'datetime' && !isDatetime(value))
    return `must be a datetime such as 2026-11-23T10:00:00Z, not "${value}"`;
  if (limits.stringLength !== undefined && value.length > limits.stringLength)
    return `has ${value.length} characters, of at most ${limits.stringLength}`;
  return undefined;
}

function numberFault(value: string | number): string | undefined {
  if (typeof value !== 'number' || !Number.isFinite(value)) return `must be a number, not "${value}"`;
  return undefined;
}

/** A date that exists: the 30th of February is none. */
function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const atMs = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(atMs) && new Date(atMs).toISOString().startsWith(text);
}

/** With its seconds, as Geckoboard recommends, and its zone: a time without one is another moment wherever it is read. */
const DATETIME = /^\d{4}-\d{2}-\d{2}T(?:[01]\d|2[0-3]):\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;

function isDatetime(text: string): boolean {
  return DATETIME.test(text) && isDate(text.slice(0, 10)) && !Number.isNaN(Date.parse(text));
}

function refusal(what: string, faults: readonly string[]): LongshoreError {
  return new LongshoreError('invalid_options', `${what}: ${faults.join('; ')}`, { details: { faults } });
}
