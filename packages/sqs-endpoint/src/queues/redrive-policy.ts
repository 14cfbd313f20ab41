/** The attribute `RedrivePolicy`: after how many receives a message moves, and where to. */
import { parseJson } from '@longshore/job';

/** A parsed policy. */
export interface RedrivePolicy {
  readonly deadLetterArn: string;
  readonly maxReceives: number;
}

/** SQS: the highest `maxReceiveCount`. */
const MAX_RECEIVES = 1_000;

/** Parses a policy; `undefined` for anything that is none. The count may be a number or its digits. */
export function parseRedrivePolicy(text: string): RedrivePolicy | undefined {
  const json = parseJson(text);
  if (!json.ok || typeof json.value !== 'object' || json.value === null) return undefined;
  const { deadLetterTargetArn, maxReceiveCount } = json.value as {
    readonly deadLetterTargetArn?: unknown;
    readonly maxReceiveCount?: unknown;
  };
  const isDigits = typeof maxReceiveCount === 'string' && /^\d+$/.test(maxReceiveCount);
  const maxReceives = isDigits ? Number(maxReceiveCount) : maxReceiveCount;
  if (typeof deadLetterTargetArn !== 'string' || queueNameOf(deadLetterTargetArn) === '') return undefined;
  if (typeof maxReceives !== 'number' || !Number.isInteger(maxReceives)) return undefined;
  if (maxReceives < 1 || maxReceives > MAX_RECEIVES) return undefined;
  return { deadLetterArn: deadLetterTargetArn, maxReceives };
}

/** The queue that an ARN names; empty when it names none. */
export function queueNameOf(arn: string): string {
  return /^arn:[\w-]+:sqs:[\w-]*:\d*:([\w.-]+)$/.exec(arn)?.[1] ?? '';
}
