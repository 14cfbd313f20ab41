/**
 * SQS through @aws-sdk/client-sqs: the reference, and the way to go for FIPS and dual-stack endpoints, proxies and
 * regions from a profile. The SDK is loaded at the first call.
 */
import type * as sdkModule from '@aws-sdk/client-sqs';
import { LongshoreError, systemClock } from '@longshore/job';
import type { SqsConnectionOptions } from './options.ts';
import type { SqsActions, SqsTransport } from './transport.ts';

type Sdk = typeof sdkModule;
type Send = (
  client: sdkModule.SQSClient,
  input: never,
  options: { abortSignal: AbortSignal },
) => Promise<unknown>;

/** Tries of the SDK, each with jittered backoff; longer outages are the callers' to wait for. */
const MAX_ATTEMPTS = 3;

/** A transport on the SDK. */
export function sdkTransport(options: SqsConnectionOptions): SqsTransport {
  let opened:
    | Promise<{ readonly client: sdkModule.SQSClient; readonly actions: Record<keyof SqsActions, Send> }>
    | undefined;
  let closed = false;
  const open = async () => {
    const sdk = await loadSdk();
    const client = sqsClient(sdk, options);
    if (closed) client.destroy();
    return { client, actions: commands(sdk) };
  };
  return {
    async call(action, input, { timeoutMs, signal }) {
      opened ??= open();
      const { client, actions } = await opened;
      const controller = new AbortController();
      const giveUp = (): void => controller.abort();
      // The deadline is for each try; the SDK knows one for all of them.
      const tries = action === 'ReceiveMessage' ? 1 : MAX_ATTEMPTS;
      const timer = systemClock.after(timeoutMs * tries, giveUp);
      signal?.addEventListener('abort', giveUp, { once: true });
      if (signal?.aborted === true) giveUp();
      try {
        return (await actions[action](client, input as never, {
          abortSignal: controller.signal,
        })) as never;
      } finally {
        timer.cancel();
        signal?.removeEventListener('abort', giveUp);
      }
    },
    close() {
      closed = true;
      void opened?.then(({ client }) => client.destroy());
    },
  };
}

async function loadSdk(): Promise<Sdk> {
  return import('@aws-sdk/client-sqs').catch((error: unknown) => {
    throw new LongshoreError(
      'invalid_options',
      'The "sdk" transport needs the package @aws-sdk/client-sqs: install it',
      {
        cause: error,
      },
    );
  });
}

function sqsClient(sdk: Sdk, { region, endpoint, credentials }: SqsConnectionOptions): sdkModule.SQSClient {
  return new sdk.SQSClient({
    maxAttempts: MAX_ATTEMPTS,
    ...(region === undefined ? {} : { region }),
    ...(credentials === undefined ? {} : { credentials }),
    // An emulator's queue URLs may name a host that only the emulator knows.
    ...(endpoint === undefined ? {} : { endpoint, useQueueUrlAsEndpoint: false }),
  });
}

function commands(sdk: Sdk): Record<keyof SqsActions, Send> {
  return {
    GetQueueUrl: (client, input, options) => client.send(new sdk.GetQueueUrlCommand(input), options),
    GetQueueAttributes: (client, input, options) =>
      client.send(new sdk.GetQueueAttributesCommand(input), options),
    CreateQueue: (client, input, options) => client.send(new sdk.CreateQueueCommand(input), options),
    SendMessageBatch: (client, input, options) =>
      client.send(new sdk.SendMessageBatchCommand(input), options),
    ReceiveMessage: (client, input, options) => client.send(new sdk.ReceiveMessageCommand(input), options),
    DeleteMessageBatch: (client, input, options) =>
      client.send(new sdk.DeleteMessageBatchCommand(input), options),
    ChangeMessageVisibilityBatch: (client, input, options) =>
      client.send(new sdk.ChangeMessageVisibilityBatchCommand(input), options),
  };
}
