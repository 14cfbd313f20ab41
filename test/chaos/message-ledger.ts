/**
 * Which messages carried which job, how often they were delivered, and which of them a fault touched: a receive whose
 * answer did not arrive, or a call about a message that failed. What is not in it went by the book, and must show it.
 */
import { messagesOf, type Answer, type Call, type CallBody } from './sqs-exchange.ts';

/** The account of one proxy. */
export class MessageLedger {
  readonly #messageOf = new Map<string, string>();
  readonly #messagesOf = new Map<string, Set<string>>();
  readonly #disturbed = new Set<string>();
  #deliveries = 0;

  /** Deliveries that arrived whole. */
  get deliveries(): number {
    return this.#deliveries;
  }

  /** Notes a call's answer. */
  answered(call: Call, answer: Answer, arrived: boolean): void {
    if (call.action !== 'ReceiveMessage') return;
    for (const { MessageId, ReceiptHandle, Body } of messagesOf(answer)) {
      this.#messageOf.set(ReceiptHandle, MessageId);
      const jobId = jobIdOf(Body);
      const messages = this.#messagesOf.get(jobId) ?? new Set();
      this.#messagesOf.set(jobId, messages.add(MessageId));
      if (arrived) this.#deliveries += 1;
      else this.#disturbed.add(MessageId);
    }
  }

  /** Notes that a call about messages met a fault. */
  disturbed(call: Call): void {
    const { ReceiptHandle, Entries = [] } = JSON.parse(call.body) as CallBody;
    for (const handle of [ReceiptHandle, ...Entries.map((entry) => entry.ReceiptHandle)]) {
      const messageId = handle === undefined ? undefined : this.#messageOf.get(handle);
      if (messageId !== undefined) this.#disturbed.add(messageId);
    }
  }

  /** Whether a job travelled as one message that no fault touched. */
  isUndisturbed(jobId: string): boolean {
    const messages = [...(this.#messagesOf.get(jobId) ?? [])];
    return messages.length === 1 && messages.every((messageId) => !this.#disturbed.has(messageId));
  }
}

function jobIdOf(body: string): string {
  return /"id":"([^"]+)"/.exec(body)?.[1] ?? body;
}
