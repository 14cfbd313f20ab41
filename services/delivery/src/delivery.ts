/** The service as a whole, on a store and an object store: handlers, sweeper, desk. What `main.ts` and tests start. */
import type { Clock } from '@longshore/job';
import type { HandlerBinding, Logger } from '@longshore/worker';
import type { Destination } from './destination.ts';
import { endpointDesk, type EndpointDesk } from './endpoint-desk.ts';
import type { LinkMint } from './links/link-token.ts';
import { notifyEndpointHandler } from './notify-endpoint.ts';
import { publishDocumentHandler } from './publish-document.ts';
import { createSender, type Sender } from './sender.ts';
import type { DeliveryStore } from './store/delivery-store.ts';
import { createSweeper, type Sweeper } from './sweeper.ts';

/** Options of {@link createDelivery}. */
export interface DeliveryOptions {
  readonly store: DeliveryStore;
  readonly destinations: readonly Destination[];
  readonly links: LinkMint;
  readonly log: Logger;
  /** How long links lead to a document. Default 30 days. */
  readonly availableForMs?: number;
  /** Tries under way for one endpoint, over all processes, 1 to 100. Default 2. */
  readonly perEndpoint?: number;
  /** Longer than any try takes: what is not settled by then is sent again. Default 60 s. */
  readonly leaseMs?: number;
  /** Tries by the schedule under way in this process. Default 64. */
  readonly concurrency?: number;
  readonly clock?: Clock;
  /** Default `Math.random`; spreads retries. */
  readonly random?: () => number;
}

/** The service's parts. */
export interface Delivery {
  readonly handlers: readonly HandlerBinding[];
  readonly sender: Sender;
  /** Not started yet. */
  readonly sweeper: Sweeper;
  readonly desk: EndpointDesk;
}

/** Puts the service together. */
export function createDelivery(options: DeliveryOptions): Delivery {
  const { store } = options;
  const sender = createSender(options);
  const sweeper = createSweeper({ ...options, schedule: store.schedule, sender });
  return {
    handlers: [publishDocumentHandler(options), notifyEndpointHandler({ sender })],
    sender,
    sweeper,
    desk: endpointDesk(options),
  };
}
