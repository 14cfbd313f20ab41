import { CreateTableCommand, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeOnceStore } from '../conformance/index.ts';
import { startDynamodb, type DynamodbServer } from '../fixtures/dynamodb-server.ts';
import { dynamodbOnceStore, dynamodbOnceTable } from './dynamodb-once-store.ts';

const TABLE = 'effects';

function clientOf({ url }: DynamodbServer): DynamoDBClient {
  return new DynamoDBClient({
    endpoint: url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
}

describeOnceStore({
  name: 'dynamodb',
  open: async () => {
    const server = await startDynamodb();
    const client = clientOf(server);
    await client.send(new CreateTableCommand(dynamodbOnceTable(TABLE)));
    return {
      store: dynamodbOnceStore({ client, tableName: TABLE }),
      close: async () => {
        client.destroy();
        await server.stop();
      },
    };
  },
});

describe('the dynamodb once store', () => {
  let server: DynamodbServer;
  let client: DynamoDBClient;
  beforeAll(async () => {
    server = await startDynamodb();
    client = clientOf(server);
    await client.send(new CreateTableCommand(dynamodbOnceTable(TABLE)));
  });
  afterAll(async () => {
    client.destroy();
    await server.stop();
  });

  const request = { owner: 'a', leaseMs: 60_000, retentionMs: 3_600_000 };

  it('names the table that is missing, and what makes it', async () => {
    const store = dynamodbOnceStore({ client, tableName: 'missing' });
    await expect(store.claim('key', request)).rejects.toMatchObject({
      code: 'invalid_options',
      message: expect.stringContaining('dynamodbOnceTable()') as string,
    });
  });

  it('says that the server does not answer, and that it may later', async () => {
    const stopped = await startDynamodb();
    const lonely = clientOf(stopped);
    await stopped.stop();
    const store = dynamodbOnceStore({ client: lonely, tableName: TABLE });
    await expect(store.claim('key', request)).rejects.toMatchObject({
      code: 'once_unavailable',
      retryable: true,
    });
    lonely.destroy();
  });

  it('says when an item is somebody else’s', async () => {
    const item = { key: { S: 'foreign' }, owner: { S: 'x' }, untilMs: { N: '99999999999999' } };
    await client.send(new PutItemCommand({ TableName: TABLE, Item: item }));
    const store = dynamodbOnceStore({ client, tableName: TABLE });
    await expect(store.claim('foreign', request)).rejects.toMatchObject({ code: 'once_corrupt' });
  });
});
