/** The embedded SQS-compatible endpoint, the one that local fleets run on: it really counts leases. */
import { startFauxqs } from 'fauxqs';

/** A served endpoint. */
export interface EmbeddedEndpoint extends AsyncDisposable {
  readonly url: string;
}

/** Starts it on a free port, in memory. */
export async function startEmbeddedEndpoint(): Promise<EmbeddedEndpoint> {
  const server = await startFauxqs({ port: 0, host: '127.0.0.1', logger: false });
  return {
    url: `http://127.0.0.1:${server.port}`,
    [Symbol.asyncDispose]: () => server.stop(),
  };
}
