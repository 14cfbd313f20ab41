/** How every client of a measurement reaches its SQS: ours and its peers. */

/** Where SQS is. */
export interface SqsAddress {
  readonly endpoint: string;
  readonly queueUrl: string;
}

/** Keys that a stand-in takes. */
export const KEYS = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
} as const;

/** The queue's name, from its URL. */
export function queueName({ queueUrl }: SqsAddress): string {
  return queueUrl.slice(queueUrl.lastIndexOf('/') + 1);
}
