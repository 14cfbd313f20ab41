/**
 * SQS over a signed keep-alive connection of our own, without the SDK: about a fifth of its processor time a call. The
 * region comes from the options; credentials from the options or the SDK's provider chain. Checks the MD5 of what it
 * receives and of what SQS says it took, as the SDK does.
 */
import { hash } from 'node:crypto';
import { LongshoreError } from '@longshore/job';
import { credentialSource, jsonClient, type JsonClient } from '../aws/json-client.ts';
import { endpointAt, regionalEndpoint } from '../aws/endpoint.ts';
import type { SqsConnectionOptions } from './options.ts';
import type { SqsActions, SqsBatchAnswer, SqsMessage, SqsTransport } from './transport.ts';

/** A lean transport. @throws LongshoreError `invalid_options` for a region or an endpoint that is none. */
export function leanTransport({ region, endpoint, credentials }: SqsConnectionOptions): SqsTransport {
  if (region === undefined && endpoint === undefined) {
    throw new LongshoreError(
      'invalid_options',
      'The "lean" transport to SQS wants a `region` or an `endpoint`: pass one, or leave `transport` out to let the AWS SDK find its region',
    );
  }
  // Emulators sign for any region.
  const signedRegion = region ?? 'us-east-1';
  const client: JsonClient = jsonClient({
    endpoint: endpoint === undefined ? regionalEndpoint('sqs', signedRegion) : endpointAt(endpoint),
    region: signedRegion,
    service: 'sqs',
    targetPrefix: 'AmazonSQS',
    credentials: credentialSource(credentials),
  });
  return {
    async call(action, input, options) {
      const answer = await client.call(action, input, options);
      // The protocol's JSON has the shapes that `SqsActions` declares; fields are read as optional.
      if (typeof answer !== 'object' || answer === null)
        throw new Error(`SQS answered ${action} with no object`);
      if (action === 'ReceiveMessage')
        checkReceived((answer as SqsActions['ReceiveMessage']['output']).Messages);
      if (action === 'SendMessageBatch')
        checkSent((input as SqsActions['SendMessageBatch']['input']).Entries, answer);
      return answer;
    },
    close: () => client.close(),
  };
}

function checkReceived(messages: readonly SqsMessage[] | undefined): void {
  for (const { MessageId = '', Body = '', MD5OfBody } of messages ?? []) {
    if (MD5OfBody === undefined || md5(Body) === MD5OfBody) continue;
    throw new Error(`The body of message ${MessageId} is not what SQS sent: its MD5 differs`);
  }
}

function checkSent(
  entries: SqsActions['SendMessageBatch']['input']['Entries'],
  { Successful = [] }: SqsBatchAnswer,
): void {
  for (const { Id, MD5OfMessageBody } of Successful) {
    const sent = entries.find((entry) => entry.Id === Id);
    if (sent === undefined || MD5OfMessageBody === undefined || md5(sent.MessageBody) === MD5OfMessageBody)
      continue;
    throw new Error('SQS stored another body than was sent: its MD5 differs');
  }
}

function md5(text: string): string {
  return hash('md5', text);
}
