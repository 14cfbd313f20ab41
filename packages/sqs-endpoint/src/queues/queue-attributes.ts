/** Attributes that a queue is given: which there are, their ranges and defaults, and what the endpoint reads of them. */
import { SqsFault } from '../protocol/fault.ts';
import { parseRedrivePolicy, type RedrivePolicy } from './redrive-policy.ts';

/** What the endpoint reads of a queue's attributes. */
export interface QueueSettings {
  readonly visibilityMs: number;
  readonly retentionMs: number;
  readonly delayMs: number;
  readonly waitMs: number;
  readonly maxMessageBytes: number;
  readonly isContentDeduplicated: boolean;
  /** Whether deduplication ids are compared within a group only. */
  readonly isDeduplicatedByGroup: boolean;
  readonly redrive: RedrivePolicy | undefined;
}

/** What every queue has unless it is told otherwise. */
const DEFAULTS: Readonly<Record<string, string>> = {
  VisibilityTimeout: '30',
  MaximumMessageSize: '1048576',
  MessageRetentionPeriod: '345600',
  DelaySeconds: '0',
  ReceiveMessageWaitTimeSeconds: '0',
  SqsManagedSseEnabled: 'true',
};

const FIFO_DEFAULTS: Readonly<Record<string, string>> = {
  FifoQueue: 'true',
  ContentBasedDeduplication: 'false',
  DeduplicationScope: 'queue',
  FifoThroughputLimit: 'perQueue',
};

type Rule = (value: string) => boolean;

const between =
  (low: number, high: number): Rule =>
  (value) =>
    /^\d+$/.test(value) && Number(value) >= low && Number(value) <= high;
const oneOf =
  (...values: readonly string[]): Rule =>
  (value) =>
    values.includes(value);
const isJsonOrEmpty: Rule = (value) => value === '' || isJson(value);

const RULES: Readonly<Record<string, Rule>> = {
  VisibilityTimeout: between(0, 43_200),
  MaximumMessageSize: between(1_024, 1_048_576),
  MessageRetentionPeriod: between(60, 1_209_600),
  DelaySeconds: between(0, 900),
  ReceiveMessageWaitTimeSeconds: between(0, 20),
  RedrivePolicy: (value) => value === '' || parseRedrivePolicy(value) !== undefined,
  RedriveAllowPolicy: isJsonOrEmpty,
  Policy: isJsonOrEmpty,
  KmsMasterKeyId: () => true,
  KmsDataKeyReusePeriodSeconds: between(60, 86_400),
  SqsManagedSseEnabled: oneOf('true', 'false'),
};

const FIFO_RULES: Readonly<Record<string, Rule>> = {
  FifoQueue: oneOf('true'),
  ContentBasedDeduplication: oneOf('true', 'false'),
  DeduplicationScope: oneOf('queue', 'messageGroup'),
  FifoThroughputLimit: oneOf('perQueue', 'perMessageGroupId'),
};

/** Attributes that are told but never set. */
const MEASURED: readonly string[] = [
  'QueueArn',
  'CreatedTimestamp',
  'LastModifiedTimestamp',
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'ApproximateNumberOfMessagesDelayed',
];

/** Whether SQS knows an attribute of this name. */
export function isAttributeName(name: string): boolean {
  return (
    name === 'All' || MEASURED.includes(name) || Object.hasOwn(RULES, name) || Object.hasOwn(FIFO_RULES, name)
  );
}

/** The attributes of a queue that is new. */
export function defaultAttributes(isFifo: boolean): Readonly<Record<string, string>> {
  return isFifo ? { ...DEFAULTS, ...FIFO_DEFAULTS } : DEFAULTS;
}

/** Refuses what a queue cannot be given. @throws SqsFault `InvalidAttributeName`, `InvalidAttributeValue`. */
export function checkAttributes(attributes: ReadonlyMap<string, string>, isFifo: boolean): void {
  for (const [name, value] of attributes) {
    const rule = Object.hasOwn(RULES, name) ? RULES[name] : isFifo ? ownRule(FIFO_RULES, name) : undefined;
    if (rule === undefined) throw new SqsFault('InvalidAttributeName', `Unknown Attribute ${name}.`);
    if (!rule(value)) {
      throw new SqsFault('InvalidAttributeValue', `Invalid value for the parameter ${name}: "${value}".`);
    }
  }
}

/** Attributes with some of them changed; an empty value removes. */
export function changedAttributes(
  before: Readonly<Record<string, string>>,
  changes: ReadonlyMap<string, string>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries({ ...before, ...Object.fromEntries(changes) }).filter(([, value]) => value !== ''),
  );
}

/** The first given attribute that a queue has otherwise; texts of JSON are compared by content. */
export function differingAttribute(
  has: Readonly<Record<string, string>>,
  given: ReadonlyMap<string, string>,
): string | undefined {
  return [...given].find(([name, value]) => canonical(has[name] ?? '') !== canonical(value))?.[0];
}

/** Reads attributes that were checked. */
export function queueSettings(attributes: Readonly<Record<string, string>>): QueueSettings {
  const ms = (name: string): number => Number(attributes[name]) * 1_000;
  return {
    visibilityMs: ms('VisibilityTimeout'),
    retentionMs: ms('MessageRetentionPeriod'),
    delayMs: ms('DelaySeconds'),
    waitMs: ms('ReceiveMessageWaitTimeSeconds'),
    maxMessageBytes: Number(attributes['MaximumMessageSize']),
    isContentDeduplicated: attributes['ContentBasedDeduplication'] === 'true',
    isDeduplicatedByGroup: attributes['DeduplicationScope'] === 'messageGroup',
    redrive: parseRedrivePolicy(attributes['RedrivePolicy'] ?? ''),
  };
}

function ownRule(rules: Readonly<Record<string, Rule>>, name: string): Rule | undefined {
  return Object.hasOwn(rules, name) ? rules[name] : undefined;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function canonical(value: string): string {
  const policy = parseRedrivePolicy(value);
  if (policy !== undefined) return `${policy.deadLetterArn} ${policy.maxReceives}`;
  return isJson(value) ? JSON.stringify(JSON.parse(value)) : value;
}
