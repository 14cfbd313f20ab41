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

/** All planted faults. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: 'completes before the handler has run',
    file: 'packages/worker/src/session.ts',
    find: '    const { outcome, stack } = await runAttempt(',
    replace: '    this.#completer.complete(message.lease);\n    const { outcome, stack } = await runAttempt(',
  },
  {
    name: 'extends no lease',
    file: 'packages/worker/src/lease-book.ts',
    find: 'extend.push(entry.lease);',
    replace: '',
  },
  {
    name: 'extends leases of running jobs only',
    file: 'packages/worker/src/session.ts',
    find: 'ceilingMs: lease.receivedAtMs + queue.capabilities.maxLeaseMs,\n      })),',
    replace: 'ceilingMs: lease.receivedAtMs,\n      })),',
  },
  {
    name: 'does not tell the handler that its lease is lost',
    file: 'packages/worker/src/session.ts',
    find: "this.#options.log.warn({ messageId: running.message.messageId }, 'Lease lost, stopping the handler');",
    replace: 'continue;',
  },
  {
    name: 'tells of a lost lease at the next look only',
    file: 'packages/worker/src/lease-keeper.ts',
    find: 'Math.min(nowMs + leaseMs / LOOKS_PER_LEASE, book.firstEndMs())',
    replace: 'nowMs + leaseMs / LOOKS_PER_LEASE',
  },
  {
    name: 'acknowledges the result of a lost lease',
    file: 'packages/worker/src/settlement.ts',
    find: "case 'lost':\n        return true;",
    replace: "case 'lost':\n        options.completer.complete(message.lease);\n        return false;",
  },
  {
    name: 'runs a job that it has finished again',
    file: 'packages/worker/src/done-memory.ts',
    find: 'ids.has(messageId)',
    replace: 'false && ids.has(messageId)',
  },
  {
    name: 'drops completions that were refused',
    file: 'packages/worker/src/completer.ts',
    find: 'else add({ lease: entry.lease, tries: entry.tries + 1 });',
    replace: '',
  },
  {
    name: 'takes an interruption for an attempt',
    file: 'packages/worker/src/settlement.ts',
    find: "append(settlement, 'interrupted', 'interrupted', 'Given",
    replace: "append(settlement, 'failed', 'interrupted', 'Given",
  },
  {
    name: 'leaves no trace of a job that gives itself back',
    file: 'packages/worker/src/settlement.ts',
    find: "        await append(settlement, 'interrupted', 'interrupted', 'Given",
    replace: "        if (outcome.interrupted) await append(settlement, 'interrupted', 'interrupted', 'Given",
  },
  {
    name: 'deletes before it buries',
    file: 'packages/worker/src/settlement.ts',
    find: '  const [result] = await options.queue.bury(',
    replace: '  await options.queue.complete([message.lease]);\n  const [result] = await options.queue.bury(',
  },
  {
    name: 'swallows the error of a handler',
    file: 'packages/worker/src/attempt.ts',
    find: '    return fromError(error, job, options);',
    replace: "    return { outcome: { kind: 'completed' } };",
  },
  {
    name: 'tries again without a delay',
    file: 'packages/worker/src/settlement.ts',
    find: 'outcome.code, outcome.reason, options);\n        await giveBack(settlement, outcome.delayMs, options);',
    replace: 'outcome.code, outcome.reason, options);\n        await giveBack(settlement, 0, options);',
  },
  {
    name: 'tries again without a record',
    file: 'packages/worker/src/settlement.ts',
    find: "        await append(settlement, 'failed', outcome.code, outcome.reason, options);\n",
    replace: '',
  },
  {
    name: 'writes the record after the message is given back',
    file: 'packages/worker/src/settlement.ts',
    find: "        await append(settlement, 'failed', outcome.code, outcome.reason, options);\n        await giveBack(settlement, outcome.delayMs, options);",
    replace:
      "        await giveBack(settlement, outcome.delayMs, options);\n        await append(settlement, 'failed', outcome.code, outcome.reason, options);",
  },
  {
    name: 'keeps the inbox when it stops',
    file: 'packages/worker/src/session.ts',
    find: 'for (const message of this.#inbox.takeAll()) this.#giveBack(message);',
    replace: '',
  },
  {
    name: 'does not flush completions when it stops',
    file: 'packages/worker/src/session.ts',
    find: '    await Promise.all([polled, this.#completer.flush()]);\n',
    replace: '    if (this.#stopping) return;\n',
  },
  {
    name: 'starts jobs whose lease was lost while they were prepared',
    file: 'packages/worker/src/session.ts',
    find: '    if (controller.signal.aborted) return this.#settleUnstarted(message, controller.signal);\n',
    replace: '',
  },
  {
    name: 'calls the queue after it has stopped',
    file: 'packages/worker/src/session.ts',
    find: '    this.#door.close();\n',
    replace: '',
  },
  {
    name: 'keeps the slot of a job that fails',
    file: 'packages/worker/src/session.ts',
    find: '    running.isSettling = true;\n',
    replace:
      "    running.isSettling = true;\n    if (outcome.kind === 'retried') await new Promise(() => undefined);\n",
  },
  {
    name: 'runs more jobs than it has slots',
    file: 'packages/worker/src/session.ts',
    find: 'this.#running.size < this.#options.slots) {',
    replace: 'this.#running.size <= this.#options.slots) {',
  },
  {
    name: 'runs a job that may kill its worker beside others',
    file: 'packages/worker/src/session.ts',
    find: 'const SUSPECT_CRASHES = 3;',
    replace: 'const SUSPECT_CRASHES = 1_000;',
  },
  {
    name: 'lets an extension that hangs hold up the others',
    file: 'packages/worker/src/lease-keeper.ts',
    find: 'if (extend.length === 0) return;',
    replace: 'if (extend.length === 0 || calls.size > 0) return;',
  },
  {
    name: 'flushes completions after all that is being settled',
    file: 'packages/worker/src/session.ts',
    find: '    await Promise.all([polled, this.#completer.flush()]);\n',
    replace: '    await polled;\n',
  },
  {
    name: 'does not count crashes',
    file: 'packages/worker/src/admission.ts',
    find: 'message.receiveCount - 1 - records.length',
    replace: '0',
  },
  {
    name: 'gives follow-up jobs a new id each time',
    file: 'packages/worker/src/attempt.ts',
    find: 'followUp.key ?? String(followUps)),',
    replace: 'String(options.clock.nowMs())),',
  },
  {
    name: 'polls no more after an error',
    file: 'packages/worker/src/pollers.ts',
    find: '      requested -= max;\n      allowed = 1;',
    replace: '      allowed = 1;',
  },
  {
    name: 'takes a refused entry for sent',
    file: 'packages/queue/src/producer.ts',
    find: "else if (result.code === 'unavailable' && attempt < MAX_TRIES) again.push(entry);",
    replace:
      "else if (result.code === 'unavailable' && attempt < MAX_TRIES) entry.resolve({ messageId: '' });",
  },
  {
    name: 'sends a whole batch again for one refused entry',
    file: 'packages/queue/src/producer.ts',
    find: 'left = again;',
    replace: 'left = again.length > 0 ? left : again;',
  },
];
