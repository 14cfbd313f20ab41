/**
 * Planted faults in the real code, each a text that is replaced when its file is loaded. The simulator must find every
 * one of them; one that survives shows a rule that is not looked after. Production code knows nothing of this.
 */

/** One planted fault. */
export interface Mutant {
  readonly name: string;
  /** From the root of the repository. */
  readonly file: string;
  /** Occurs in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}

const WORKER = 'packages/worker/src';
const PRODUCER = 'packages/queue/src/producer.ts';

/** All planted faults. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: 'completes before the handler has run',
    file: `${WORKER}/session.ts`,
    find: '    const result = await this.#runHandler(delivery, job);\n',
    replace:
      "    await this.#custody.settle(delivery, { outcome: { kind: 'completed' }, envelope, records });\n    const result = await this.#runHandler(delivery, job);\n",
  },
  {
    name: 'extends no lease',
    file: `${WORKER}/lease-book.ts`,
    find: 'if (lease !== undefined) extend.push({ token, lease });',
    replace: '',
  },
  {
    name: 'extends leases of running jobs only',
    file: `${WORKER}/custody.ts`,
    find: 'const ceilingMs = lease.receivedAtMs + queue.capabilities.maxLeaseMs;',
    replace: 'const ceilingMs = lease.receivedAtMs;',
  },
  {
    name: 'does not tell the handler that its lease is lost',
    file: `${WORKER}/custody.ts`,
    find: "this.#options.log.warn({ messageId }, 'Lease lost, stopping the handler');",
    replace: 'continue;',
  },
  {
    name: 'tells of a lost lease at the next look only',
    file: `${WORKER}/lease-keeper.ts`,
    find: 'const atMs = Math.min(nowMs + leaseMs / LOOKS_PER_LEASE, untilMs);',
    replace: 'const atMs = nowMs + leaseMs / LOOKS_PER_LEASE;',
  },
  {
    name: 'acknowledges the result of a lost lease',
    file: `${WORKER}/attempt.ts`,
    find: "    if (cancellation.reason?.code === 'lease_lost') return { outcome: { kind: 'lost' } };\n",
    replace: '',
  },
  {
    name: 'runs a job that it has finished again',
    file: `${WORKER}/done-memory.ts`,
    find: 'recent.has(messageId) || older.has(messageId)',
    replace: 'false',
  },
  {
    name: 'does not look again whether a job was finished while it was prepared',
    file: `${WORKER}/session.ts`,
    find: '    // Another delivery of it may have been finished here while this one was prepared.\n    if (this.#custody.isDone(delivery)) return this.#settleDuplicate(delivery);\n',
    replace: '',
  },
  {
    name: 'drops completions that were refused',
    file: `${WORKER}/completer.ts`,
    find: 'else add({ entry, tries: tries + 1 });',
    replace: '',
  },
  {
    name: 'takes an interruption for an attempt',
    file: `${WORKER}/settlement.ts`,
    find: "if (marked) await append(settlement, 'interrupted', 'interrupted', 'Given back unfinished', options);",
    replace: "await append(settlement, 'failed', 'interrupted', 'Given back unfinished', options);",
  },
  {
    name: 'leaves the record of a crash behind a job that gives itself back',
    file: `${WORKER}/settlement.ts`,
    find: "        if (marked) await append(settlement, 'interrupted', 'interrupted', 'Given back unfinished', options);\n",
    replace: '',
  },
  {
    name: 'deletes before it buries',
    file: `${WORKER}/settlement.ts`,
    find: '  const [result] = await options.queue.bury(',
    replace: '  await options.queue.complete([message.lease]);\n  const [result] = await options.queue.bury(',
  },
  {
    name: 'swallows the error of a handler',
    file: `${WORKER}/attempt.ts`,
    find: '    return fromError(error, job, options);',
    replace: "    return { outcome: { kind: 'completed' } };",
  },
  {
    name: 'tries again without a delay',
    file: `${WORKER}/settlement.ts`,
    find: 'outcome.code, outcome.reason, options);\n        return await giveBack(settlement, outcome.delayMs, options);',
    replace:
      'outcome.code, outcome.reason, options);\n        return await giveBack(settlement, 0, options);',
  },
  {
    name: 'tries again without a record',
    file: `${WORKER}/settlement.ts`,
    find: "        await append(settlement, 'failed', outcome.code, outcome.reason, options);\n",
    replace: '',
  },
  {
    name: 'writes the record after the message is given back',
    file: `${WORKER}/settlement.ts`,
    find: "        await append(settlement, 'failed', outcome.code, outcome.reason, options);\n        return await giveBack(settlement, outcome.delayMs, options);",
    replace:
      "        await giveBack(settlement, outcome.delayMs, options);\n        return await append(settlement, 'failed', outcome.code, outcome.reason, options);",
  },
  {
    name: 'forgets failures once a job is done',
    file: `${WORKER}/custody.ts`,
    find: 'this.#options.attempts.remove(message.messageId, traces)',
    replace: 'this.#options.attempts.clear(message.messageId)',
  },
  {
    name: 'keeps the inbox when it stops',
    file: `${WORKER}/session.ts`,
    find: '    const polled = this.#pollers.stop(deadlineMs * 0.8);\n    this.#gates.dismiss();\n    for (const delivery of this.#inbox.take(() => true)) this.#custody.giveBack(delivery);\n',
    replace: '    const polled = this.#pollers.stop(deadlineMs * 0.8);\n    this.#gates.dismiss();\n',
  },
  {
    name: 'receives no more after a pause',
    file: `${WORKER}/session.ts`,
    find: '    this.#polled = false;\n    this.#pollers.start();\n',
    replace: '    this.#polled = false;\n',
  },
  {
    name: 'does not flush completions when it stops',
    file: `${WORKER}/session.ts`,
    find: 'Promise.all([polled, this.#custody.flush()]).then(() => this.#custody.flush())',
    replace: 'polled',
  },
  {
    name: 'starts jobs whose lease was lost while they were prepared',
    file: `${WORKER}/session.ts`,
    find: '    if (delivery.cancellation.reason !== undefined) return this.#turnAway(delivery, 0);\n',
    replace: '',
  },
  {
    name: 'calls the queue after it has stopped',
    file: `${WORKER}/custody.ts`,
    find: '    this.#door.close();\n',
    replace: '',
  },
  {
    name: 'keeps the slot of a job that fails',
    file: `${WORKER}/session.ts`,
    find: '    return breakerResultOf(outcome, isDependencyDown);\n',
    replace:
      "    if (outcome.kind === 'retried') await new Promise(() => undefined);\n    return breakerResultOf(outcome, isDependencyDown);\n",
  },
  {
    name: 'runs more jobs than it has slots',
    file: `${WORKER}/gates.ts`,
    find: 'busy < this.#options.slots &&',
    replace: 'busy <= this.#options.slots &&',
  },
  {
    name: 'runs a job that may kill its worker beside others',
    file: `${WORKER}/admission.ts`,
    find: "const isSuspect = records.some((record) => record.kind === 'crashed');",
    replace: 'const isSuspect = false;',
  },
  {
    name: 'does not count crashes',
    file: `${WORKER}/session.ts`,
    find: '    await attempts.append(message.messageId, crashRecord(message, clock));\n',
    replace: '',
  },
  {
    name: 'lets an extension that hangs hold up the others',
    file: `${WORKER}/lease-keeper.ts`,
    find: '    if (due.length > 0) {',
    replace: '    if (due.length > 0 && this.#calls.size === 0) {',
  },
  {
    name: 'gives follow-up jobs a new id each time',
    file: `${WORKER}/job-context.ts`,
    find: 'followUp.key ?? String(this.#followUps)),',
    replace: 'String(this.#options.clock.nowMs())),',
  },
  {
    name: 'polls no more after an error',
    file: `${WORKER}/pollers.ts`,
    find: '      requested -= max;\n      allowed = 1;',
    replace: '      allowed = 1;',
  },
  {
    name: 'takes a refused entry for sent',
    file: PRODUCER,
    find: "else if (result.code === 'unavailable' && attempt < MAX_TRIES) again.push(entry);",
    replace:
      "else if (result.code === 'unavailable' && attempt < MAX_TRIES) entry.resolve({ messageId: '' });",
  },
  {
    name: 'sends a whole batch again for one refused entry',
    file: PRODUCER,
    find: 'left = again;',
    replace: 'left = again.length > 0 ? left : again;',
  },
];
