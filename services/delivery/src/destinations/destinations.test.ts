import { readJson } from '@longshore/objects';
import { memoryObjectStore } from '@longshore/objects/memory';
import { memoryQueue } from '@longshore/queue/memory';
import { describe, expect, it } from 'vitest';
import { anEndpoint } from '../fixtures/describe-delivery-store.ts';
import { objectDestination } from './object-destination.ts';
import { queueDestination } from './queue-destination.ts';

const signal = new AbortController().signal;
const body = '{"type":"t","timestamp":"2027-01-15T08:00:00.000Z","data":{"a":1}}';
const outgoing = (target: string) => ({
  endpoint: anEndpoint('a', { target }),
  id: 'evt-1',
  type: 't',
  atMs: 0,
  body,
});

describe('a queue as destination', () => {
  it('gets the event as one message', async () => {
    const queue = memoryQueue({ name: 'partner-events' });
    const to = queueDestination({ queues: new Map([['partner-events', queue]]) });
    await to.check('partner-events');
    expect(await to.send(outgoing('partner-events'), { signal })).toEqual({ kind: 'delivered' });
    const [message] = await queue.receive({ max: 1, waitMs: 0, leaseMs: 1_000 });
    expect(message).toMatchObject({ body, attributes: { 'webhook-id': 'evt-1', 'event-type': 't' } });
  });

  it('is one that the operator has listed', async () => {
    const to = queueDestination({ queues: new Map() });
    await expect(to.check('foreign')).rejects.toThrow('it is not listed; the queues are: none');
    expect(await to.send(outgoing('foreign'), { signal })).toMatchObject({ kind: 'failed' });
  });

  it('that is closed fails the try', async () => {
    const queue = memoryQueue({ name: 'partner-events' });
    const to = queueDestination({ queues: new Map([['partner-events', queue]]) });
    await to.close();
    expect(await to.send(outgoing('partner-events'), { signal })).toMatchObject({ kind: 'failed' });
  });
});

describe('a folder of the object store as destination', () => {
  it('gets the event as one object, however often it is sent', async () => {
    const objects = memoryObjectStore();
    const to = objectDestination({ objects });
    await to.check('partner/x');
    await to.send(outgoing('partner/x'), { signal });
    expect(await to.send(outgoing('partner/x'), { signal })).toEqual({ kind: 'delivered' });
    expect(await readJson(objects, 'events/partner/x/t/evt-1.json')).toEqual(JSON.parse(body));
    expect(await Array.fromAsync(objects.list(''))).toHaveLength(1);
  });

  it('lies where it should', async () => {
    const to = objectDestination({ objects: memoryObjectStore() });
    for (const target of ['../delivered', '', '/etc', 'a//b'])
      await expect(to.check(target), target).rejects.toMatchObject({ code: 'invalid_options' });
    expect(await to.send(outgoing('../delivered'), { signal })).toMatchObject({ kind: 'failed' });
  });

  it('that is closed fails the try', async () => {
    const objects = memoryObjectStore();
    await objects.close();
    expect(await objectDestination({ objects }).send(outgoing('a'), { signal })).toMatchObject({
      kind: 'failed',
    });
  });
});
