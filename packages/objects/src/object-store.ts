/**
 * The object store port: bytes under keys, streamed both ways, with a conditional create.
 *
 * Keys are relative paths of `/`-joined segments, up to 1,024 bytes of UTF-8, without empty, `.` or `..` segments,
 * without control characters and backslashes; every driver refuses others with `invalid_key` before it acts.
 */

/** What a body may be when it is written. Strings are written as UTF-8. */
export type ObjectBody = Uint8Array | string | AsyncIterable<Uint8Array>;

/** What a driver can do; what it cannot is declared here, never an absent method. */
export interface ObjectCapabilities {
  /**
   * `enforced`: of concurrent creates of one key exactly one wins. `unverified`: the driver asks for it, but the server
   * may ignore it; `verifyConditionalCreate` finds out.
   */
  readonly conditionalCreate: 'enforced' | 'unverified';
  /** Whether `presign` gives URLs that anyone can read from. */
  readonly presignedReads: boolean;
}

/** What is known of an object without reading it. */
export interface ObjectInfo {
  readonly key: string;
  readonly bytes: number;
  /** Changes with the content. Opaque. */
  readonly etag: string;
  /** Milliseconds since the epoch; from `put` possibly by the clock of this machine, not the store's. */
  readonly modifiedAtMs: number;
  /** Absent from listings of drivers that would have to ask for each object. */
  readonly contentType?: string;
}

/**
 * An object with its body, which must be read or cancelled (`return()` of its iterator) by the caller, and can be read
 * once. `bytes` is the size of the whole object, of a range too.
 */
export interface StoredObject extends ObjectInfo {
  readonly body: AsyncIterable<Uint8Array>;
}

/** Options of writes. */
export interface WriteOptions {
  /** Printable ASCII, such as `text/plain; charset=utf-8`. Default: the driver's, if any. */
  readonly contentType?: string;
  /**
   * The header `Content-Disposition` that presigned URLs answer with, printable ASCII. Drivers without presigned reads do
   * not keep it.
   */
  readonly contentDisposition?: string;
  readonly signal?: AbortSignal;
}

/** Options of `get`. */
export interface ReadOptions {
  /** First and last byte, both inclusive, as in HTTP ranges; without `end` to the end. Past the end there is nothing. */
  readonly range?: { readonly start: number; readonly end?: number };
  readonly signal?: AbortSignal;
}

/**
 * An object store. Errors: `invalid_key`, `invalid_options`, `object_store_unavailable` (retryable), `object_corrupt`,
 * `unsupported`, `closed`. An aborted call rejects with its signal's reason, a write whose body fails with the body's
 * error. A write is all or nothing: readers see the old object or the whole new one.
 */
export interface ObjectStore extends AsyncDisposable {
  readonly capabilities: ObjectCapabilities;
  /** Writes an object, replacing one that is there. */
  put(key: string, body: ObjectBody, options?: WriteOptions): Promise<ObjectInfo>;
  /** Writes an object only if the key is free. `created: false` means that it was taken; nothing was changed. */
  create(key: string, body: ObjectBody, options?: WriteOptions): Promise<{ readonly created: boolean }>;
  /** The object, or `undefined` when there is none. */
  get(key: string, options?: ReadOptions): Promise<StoredObject | undefined>;
  head(key: string, options?: { readonly signal?: AbortSignal }): Promise<ObjectInfo | undefined>;
  /** Removes an object. Removing what is not there succeeds. */
  delete(key: string, options?: { readonly signal?: AbortSignal }): Promise<void>;
  /** Every object whose key starts with the prefix, in key order (UTF-8 bytes). */
  list(prefix: string, options?: { readonly signal?: AbortSignal }): AsyncIterable<ObjectInfo>;
  /**
   * A URL that reads the object without credentials until it expires: at most 7 days, and never longer than the
   * credentials that sign it, which fails with `invalid_options`.
   */
  presign(key: string, options: { readonly expiresInMs: number }): Promise<URL>;
  /** Refuses further calls and waits for those under way. Bodies and clients that the caller holds stay usable. */
  close(): Promise<void>;
}
