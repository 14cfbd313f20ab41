/**
 * Claims in a DynamoDB table, one item a key, every change under a condition. Expired items count as absent whether or
 * not DynamoDB has deleted them: its time to live lags by days.
 */
import {
  ConditionalCheckFailedException,
  GetItemCommand,
  ResourceNotFoundException,
  UpdateItemCommand,
  type AttributeValue,
  type CreateTableCommandInput,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { LongshoreError, systemClock, type Clock } from '@longshore/job';
import type { ClaimAnswer, ClaimRequest, HeldClaim, OnceStore } from '../once-store.ts';

/** Options of {@link dynamodbOnceStore}. */
export interface DynamodbOnceStoreOptions {
  /** A client with time limits. It stays the caller's. */
  readonly client: Pick<DynamoDBClient, 'send'>;
  /** A table as {@link dynamodbOnceTable} describes it. */
  readonly tableName: string;
  /**
   * Ends leases and retentions. The machines of a fleet compare their clocks: a clock that is ahead takes over early by
   * as much. Default: the machine's clock.
   */
  readonly clock?: Clock;
}

/** What is known of a key. */
interface Item {
  readonly owner: string | undefined;
  readonly fence: number;
  /** End of the lease, or of the retention once there is a record. */
  readonly untilMs: number;
  readonly record: string | undefined;
}

interface Change {
  readonly update: string;
  readonly condition: string;
  readonly values: Readonly<Record<string, AttributeValue>>;
}

/** Some of these are reserved words of DynamoDB's expressions, so all go by aliases. */
const NAMES = {
  '#key': 'key',
  '#owner': 'owner',
  '#fence': 'fence',
  '#untilMs': 'untilMs',
  '#record': 'record',
  '#expiresAt': 'expiresAt',
} as const;

const OWN = '#owner = :owner AND #fence = :fence';

/** A claim that was refused shows its reason in the next read, unless that reason has just passed. */
const MAX_ROUNDS = 8;

/** The table that {@link dynamodbOnceStore} needs. Switch its time to live on for the attribute `expiresAt`. */
export function dynamodbOnceTable(tableName: string): CreateTableCommandInput {
  return {
    TableName: tableName,
    AttributeDefinitions: [{ AttributeName: 'key', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'key', KeyType: 'HASH' }],
    BillingMode: 'PAY_PER_REQUEST',
  };
}

/** A store of claims in DynamoDB. */
export function dynamodbOnceStore(options: DynamodbOnceStoreOptions): OnceStore {
  const { clock = systemClock } = options;
  const table = openTable(options);
  return {
    claim: async (key, request): Promise<ClaimAnswer> => {
      for (let round = 0; round < MAX_ROUNDS; round += 1) {
        const fence = await table.update(key, claimChange(request, clock.nowMs()));
        if (fence !== undefined)
          return { state: 'held', claim: heldClaim(table, clock, key, { ...request, fence }) };
        const item = await table.read(key);
        const remainingMs = (item?.untilMs ?? 0) - clock.nowMs();
        if (item === undefined || item.owner === undefined) continue;
        if (item.owner === request.owner && item.record === undefined) {
          return { state: 'held', claim: heldClaim(table, clock, key, { ...request, fence: item.fence }) };
        }
        if (remainingMs <= 0) continue;
        return item.record === undefined
          ? { state: 'busy', busyForMs: remainingMs }
          : { state: 'done', record: item.record };
      }
      throw unavailable(key, `its item changed ${MAX_ROUNDS} times while it was read`, undefined);
    },
  };
}

function claimChange({ owner, leaseMs, retentionMs }: ClaimRequest, nowMs: number): Change {
  return {
    update:
      'SET #owner = :owner, #untilMs = :untilMs, #expiresAt = :expiresAt,' +
      ' #fence = if_not_exists(#fence, :zero) + :one REMOVE #record',
    condition: 'attribute_not_exists(#key) OR attribute_not_exists(#owner) OR #untilMs <= :now',
    values: {
      ':owner': { S: owner },
      ':untilMs': number(nowMs + leaseMs),
      ':expiresAt': epochSeconds(nowMs + leaseMs + retentionMs),
      ':now': number(nowMs),
      ':zero': number(0),
      ':one': number(1),
    },
  };
}

function heldClaim(
  table: Table,
  clock: Clock,
  key: string,
  { owner, fence, retentionMs }: ClaimRequest & { readonly fence: number },
): HeldClaim {
  const own = { ':owner': { S: owner }, ':fence': number(fence) };
  const change = async (update: string, condition: string, values: Change['values']): Promise<boolean> =>
    (await table.update(key, { update, condition, values: { ...own, ...values } })) !== undefined;
  const untilUpdate = 'SET #untilMs = :untilMs, #expiresAt = :expiresAt';
  return {
    fence,
    renew: (leaseMs) =>
      change(untilUpdate, `${OWN} AND attribute_not_exists(#record)`, {
        ':untilMs': number(clock.nowMs() + leaseMs),
        ':expiresAt': epochSeconds(clock.nowMs() + leaseMs + retentionMs),
      }),
    // Who commits again finds its own owner and fence, and writes the same text.
    commit: (record) =>
      change(`${untilUpdate}, #record = if_not_exists(#record, :record)`, OWN, {
        ':untilMs': number(clock.nowMs() + retentionMs),
        ':expiresAt': epochSeconds(clock.nowMs() + retentionMs),
        ':record': { S: record },
      }),
    release: async () => {
      await change('REMOVE #owner', `${OWN} AND attribute_not_exists(#record)`, {});
    },
  };
}

interface Table {
  /** The fence of the item after the change; `undefined` when the condition did not hold. */
  update(key: string, change: Change): Promise<number | undefined>;
  read(key: string): Promise<Item | undefined>;
}

function openTable({ client, tableName }: DynamodbOnceStoreOptions): Table {
  return {
    async update(key, { update, condition, values }) {
      const used = Object.entries(NAMES).filter(([alias]) => `${update} ${condition}`.includes(alias));
      const command = new UpdateItemCommand({
        TableName: tableName,
        Key: { key: { S: key } },
        UpdateExpression: update,
        ConditionExpression: condition,
        ExpressionAttributeNames: Object.fromEntries(used),
        ExpressionAttributeValues: values,
        ReturnValues: 'ALL_NEW',
      });
      try {
        const { Attributes: attributes } = await client.send(command);
        return parseItem(key, attributes ?? {}).fence;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return undefined;
        throw fault(key, tableName, error);
      }
    },
    async read(key) {
      const command = new GetItemCommand({
        TableName: tableName,
        Key: { key: { S: key } },
        ConsistentRead: true,
      });
      try {
        const { Item: item } = await client.send(command);
        return item === undefined ? undefined : parseItem(key, item);
      } catch (error) {
        throw fault(key, tableName, error);
      }
    },
  };
}

function parseItem(key: string, attributes: Readonly<Record<string, AttributeValue>>): Item {
  const fence = Number(attributes['fence']?.N);
  const untilMs = Number(attributes['untilMs']?.N);
  if (Number.isSafeInteger(fence) && Number.isFinite(untilMs)) {
    return { owner: attributes['owner']?.S, fence, untilMs, record: attributes['record']?.S };
  }
  throw new LongshoreError(
    'once_corrupt',
    `The item of effect "${key}" has no fence or no untilMs; keep other writers out of this table`,
    { details: { key } },
  );
}

function fault(key: string, tableName: string, error: unknown): LongshoreError {
  if (error instanceof LongshoreError) return error;
  if (error instanceof ResourceNotFoundException) {
    return new LongshoreError(
      'invalid_options',
      `There is no DynamoDB table "${tableName}": create it as dynamodbOnceTable() describes`,
      { cause: error, details: { tableName } },
    );
  }
  return unavailable(key, error instanceof Error ? error.message : String(error), error);
}

function unavailable(key: string, reason: string, cause: unknown): LongshoreError {
  return new LongshoreError(
    'once_unavailable',
    `Cannot reach the claim of effect "${key}" in DynamoDB: ${reason}`,
    {
      cause,
      details: { key },
      retryable: true,
    },
  );
}

function number(value: number): AttributeValue {
  return { N: String(value) };
}

function epochSeconds(epochMs: number): AttributeValue {
  return number(Math.ceil(epochMs / 1_000));
}
