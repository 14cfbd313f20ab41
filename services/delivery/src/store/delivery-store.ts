/**
 * What delivery remembers: documents that are available, links to them, endpoints, events, and for each event and
 * endpoint one row of the schedule with its attempts. Times are milliseconds since the epoch.
 *
 * Invariants of every driver: an event is recorded with its document and its schedule or not at all; one row of the
 * schedule is leased by at most one sender; no endpoint has more leases than its cap, over all processes.
 */

/** A stored file of a document. */
export interface DeliveredFile {
  /** Name that people see. */
  readonly name: string;
  /** Key in the object store. */
  readonly key: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly contentType: string;
}

/** A document as it is available now. */
export interface DeliveredDocument {
  readonly tenant: string;
  readonly documentId: string;
  /** A lower one never replaces a higher one. */
  readonly revision: number;
  readonly outcome: 'extracted' | 'rejected';
  readonly source: string;
  /** Absent when there is nothing to fetch. */
  readonly file?: DeliveredFile;
  readonly availableAtMs: number;
  /** From then on no link leads to it. */
  readonly expiresAtMs: number;
}

/** Something that endpoints are told. */
export interface DeliveryEvent {
  /** The same for whoever hears of it, and at every try. */
  readonly id: string;
  readonly type: string;
  readonly tenant: string;
  readonly atMs: number;
  /** What the event says, JSON-safe. */
  readonly data: Readonly<Record<string, unknown>>;
  /** The link whose URL is put into `data.url` when the event is sent. */
  readonly linkId?: string;
}

/** A way to a file for whoever holds its token. The token itself is stored nowhere. */
export interface Link {
  readonly id: string;
  /** SHA-256 of the token, hex. */
  readonly tokenHash: string;
  readonly tenant: string;
  readonly documentId: string;
  readonly file: DeliveredFile;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly revokedAtMs?: number;
  readonly uses: number;
  readonly lastUsedAtMs?: number;
}

/** A secret of an endpoint, with the end of its use while it is being replaced. */
export interface EndpointSecret {
  readonly value: string;
  readonly expiresAtMs?: number;
}

/** Whoever asked to be told. */
export interface Endpoint {
  readonly id: string;
  readonly tenant: string;
  /** Of its destination: `webhook`, `sqs`, `s3`. */
  readonly kind: string;
  /** A URL, a queue, a folder: what the destination makes of it. */
  readonly target: string;
  /** The newest first; of webhooks only. */
  readonly secrets: readonly EndpointSecret[];
  /** Event types that it wants; empty: all. */
  readonly eventTypes: readonly string[];
  readonly state: 'enabled' | 'disabled';
  readonly disabledReason?: string;
  readonly createdAtMs: number;
  /** Tries that failed since the last success. */
  readonly failures: number;
  /** Since when nothing has succeeded. */
  readonly failingSinceMs?: number;
  /** The breaker: nothing is sent before this time, and no attempt is counted. */
  readonly openUntilMs: number;
}

/** What may be changed of an endpoint. `undefined` clears what may be absent. */
export type EndpointChange = Partial<
  Pick<Endpoint, 'target' | 'secrets' | 'eventTypes' | 'state' | 'failures' | 'openUntilMs'>
> & { readonly disabledReason?: string | undefined; readonly failingSinceMs?: number | undefined };

/** A leased row of the schedule: whoever has it sends, and settles with its token. */
export interface Claim {
  readonly event: DeliveryEvent;
  /** Counts up within a document. */
  readonly sequence: number;
  readonly endpoint: Endpoint;
  /** From 1. */
  readonly attempt: number;
  readonly token: string;
}

/** A row of the schedule's end, or its next try. */
export type NextStep =
  | { readonly state: 'delivered' | 'exhausted' | 'cancelled' }
  | { readonly state: 'pending'; readonly dueAtMs: number };

/** A line of the attempt log. */
export interface Attempt {
  readonly eventId: string;
  readonly endpointId: string;
  readonly attempt: number;
  readonly atMs: number;
  readonly durationMs: number;
  readonly outcome: 'delivered' | 'gone' | 'throttled' | 'failed';
  readonly status?: number;
  readonly error?: string;
}

/** How a claim is settled. */
export interface Settlement {
  readonly claim: Claim;
  readonly attempt: Attempt;
  readonly next: NextStep;
  /** What becomes of the endpoint; absent: nothing. */
  readonly endpoint?: EndpointChange;
}

/** One pair of an event and an endpoint. */
export interface Delivery {
  readonly eventId: string;
  readonly endpointId: string;
}

/** Documents and the events that tell of them. */
export interface Documents {
  /**
   * Records in one transaction that a document is available: the document, its link, its event, and a row of the schedule
   * for each endpoint that wants it. A second call for the event changes nothing and answers alike. Nothing is recorded
   * for a revision below the one that is there.
   */
  record(publication: Publication): Promise<Recorded>;
  get(tenant: string, documentId: string): Promise<DeliveredDocument | undefined>;
}

/** What {@link Documents.record} takes. */
export interface Publication {
  readonly document: DeliveredDocument;
  readonly event: DeliveryEvent;
  readonly link?: Link;
}

/** What {@link Documents.record} answers. */
export interface Recorded {
  /** `stale`: a higher revision is there. */
  readonly kind: 'recorded' | 'known' | 'stale';
  /** Who is still to be told. */
  readonly pending: readonly Delivery[];
}

/** Links, found by what their token hashes to. */
export interface Links {
  create(link: Link): Promise<void>;
  find(tokenHash: string): Promise<Link | undefined>;
  used(id: string, atMs: number): Promise<void>;
  /** Revokes those of a document, or one by its id. Answers how many. */
  revoke(
    which: { readonly id: string } | { readonly tenant: string; readonly documentId: string },
    atMs: number,
  ): Promise<number>;
}

/** Endpoints. */
export interface Endpoints {
  add(endpoint: Endpoint): Promise<void>;
  get(id: string): Promise<Endpoint | undefined>;
  list(filter?: { readonly tenant?: string }): Promise<readonly Endpoint[]>;
  /** Changes one; its pending rows are cancelled when it is disabled. `false`: there is none. */
  update(id: string, change: EndpointChange): Promise<boolean>;
}

/** The schedule and the attempt log. */
export interface Schedule {
  /** Records an event and a row for each endpoint that wants it, or for the one named. Once per event id. */
  emit(event: DeliveryEvent, to?: { readonly endpointId: string }): Promise<readonly Delivery[]>;
  /** Enabled endpoints with a closed breaker that something is due for, in no order. */
  dueEndpoints(query: { readonly nowMs: number; readonly limit: number }): Promise<readonly string[]>;
  /**
   * Leases the row of an endpoint that is due first, or the one of an event; none when nothing is due, the breaker is
   * open or the cap is reached. After failures the cap is 1: one try finds out.
   */
  claim(request: ClaimRequest): Promise<Claim | undefined>;
  /** Writes the attempt, the next step and the endpoint's change. `false`: the lease was lost; only the attempt is written. */
  settle(settlement: Settlement): Promise<boolean>;
  /** Gives a lease back; no attempt is counted. */
  release(claim: Claim): Promise<void>;
  attempts(query: AttemptQuery): Promise<readonly Attempt[]>;
  /** Makes events due again for an endpoint, from their first attempt. Answers how many. */
  replay(request: ReplayRequest): Promise<number>;
  /** Forgets attempts, ended rows and events from before a time. Answers how many rows. */
  prune(beforeMs: number): Promise<number>;
}

/** What {@link Schedule.claim} takes. */
export interface ClaimRequest {
  readonly endpointId: string;
  readonly eventId?: string;
  readonly nowMs: number;
  readonly leaseMs: number;
  /** Tries under way for an endpoint, over all processes. */
  readonly cap: number;
}

/** Which attempts; the newest come first. */
export interface AttemptQuery {
  readonly endpointId?: string;
  readonly eventId?: string;
  readonly limit: number;
}

/** Which events are sent again. */
export interface ReplayRequest {
  readonly endpointId: string;
  /**
   * One event that the endpoint wants or was told of, whatever became of it; or all of a time that it wants and has
   * not got.
   */
  readonly events: { readonly id: string } | { readonly fromMs: number; readonly toMs: number };
  readonly nowMs: number;
  /** Counts only. Default `false`. */
  readonly dryRun?: boolean;
}

/** The whole store. */
export interface DeliveryStore extends AsyncDisposable {
  readonly documents: Documents;
  readonly links: Links;
  readonly endpoints: Endpoints;
  readonly schedule: Schedule;
  close(): Promise<void>;
}

/** Whether an endpoint wants events of a type. */
export function wants(endpoint: Pick<Endpoint, 'eventTypes'>, type: string): boolean {
  return endpoint.eventTypes.length === 0 || endpoint.eventTypes.includes(type);
}

/** The secrets to sign with at a time: the newest, and those that are being replaced. */
export function usableSecrets({ secrets }: Endpoint, nowMs: number): readonly string[] {
  return secrets
    .filter(({ expiresAtMs }) => expiresAtMs === undefined || expiresAtMs > nowMs)
    .map(({ value }) => value);
}
