import { createEnvelope, defineJob } from '@longshore/job';
import type { Message } from '@longshore/queue';
import { expect, it } from 'vitest';
import { z } from 'zod';
import type { AdmittedJob } from './admission.ts';
import { cancellation } from './cancellation.ts';
import { manualClock } from './fixtures/manual-clock.ts';
import { openGates } from './gates.ts';
import { handle } from './handler.ts';

const task = defineJob({ name: 'task', schema: z.object({ n: z.number() }) });
const binding = handle(task, () => Promise.resolve());

/** A job that an earlier worker died with. */
async function suspect(receiveCount: number): Promise<AdmittedJob> {
  const message: Message = {
    messageId: 'm',
    body: '',
    lease: { messageId: 'm', handle: 'h', receivedAtMs: 0 },
    leaseUntilMs: 0,
    receiveCount,
    sentAtMs: 0,
    attributes: {},
  };
  return {
    message,
    envelope: await createEnvelope(task, { n: 1 }, { id: 'one' }),
    binding,
    payload: { n: 1 },
    records: [],
    attempt: 1,
    isSuspect: true,
  };
}

it('sends a suspect away while another one is alone: soon back at first, seldom in the end', async () => {
  const gates = openGates({
    slots: 4,
    bindings: new Map([['task', binding]]),
    protection: undefined,
    protectAboveMs: 120_000,
    clock: manualClock(),
    random: () => 0.5,
    onOpen: () => undefined,
    onBreaker: () => undefined,
  });
  gates.changed(1);
  const first = await gates.enter(await suspect(2), cancellation());
  expect(first).toMatchObject({ isAlone: true });
  const away = await Promise.all(
    [2, 3, 4, 9].map(async (receives) => gates.enter(await suspect(receives), cancellation())),
  );
  expect(away).toEqual([3_000, 6_000, 12_000, 33_750].map((giveBackAfterMs) => ({ giveBackAfterMs })));
  if ('leave' in first) first.leave();
  expect(await gates.enter(await suspect(2), cancellation())).toMatchObject({ isAlone: true });
});
