/** The embedded SQS-compatible endpoint, the one that local fleets run on: it really counts leases. */
import { startSqsEndpoint } from '@longshore/sqs-endpoint';

/** A served endpoint. */
export interface EmbeddedEndpoint extends AsyncDisposable {
  readonly url: string;
}

/** Starts it on a free port, in memory. */
export async function startEmbeddedEndpoint(): Promise<EmbeddedEndpoint> {
  const { url, close } = await startSqsEndpoint();
  return { url, [Symbol.asyncDispose]: close };
}
