/**
 * Tokens of links. A token is derived from the link's random id under the service's key: the store holds neither token
 * nor key, and a try days later can still put the same URL into the event.
 */
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { LongshoreError } from '@longshore/job';
import type { DeliveredDocument, Link } from '../store/delivery-store.ts';

/** Makes and names links. */
export interface LinkMint {
  /** A new link to the file of a document, `undefined` when it has none. */
  mint(document: DeliveredDocument, nowMs: number): Link | undefined;
  /** The URL of a link, by its id. */
  url(linkId: string): string;
}

/** Options of {@link linkMint}. */
export interface LinkMintOptions {
  /** At least 32 characters, the same in all processes. A new key makes every token given out before worthless. */
  readonly key: string;
  /** Where people reach the link server, such as `https://files.example.com`. */
  readonly publicUrl: URL;
  /** Random bytes as hex; default 16 of them, 128 bits. */
  readonly newId?: () => string;
}

/** As many as a SHA-256 key takes in with nothing lost, were each a random byte. */
const MIN_KEY_LENGTH = 32;

/** Makes a mint. @throws LongshoreError `invalid_options` */
export function linkMint({ key, publicUrl, newId = randomId }: LinkMintOptions): LinkMint {
  if (key.length < MIN_KEY_LENGTH)
    throw new LongshoreError(
      'invalid_options',
      `Cannot make links with a key of ${key.length} characters: give at least ${MIN_KEY_LENGTH} random ones`,
    );
  const base = publicUrl.href.replace(/\/$/, '');
  const tokenOf = (linkId: string): string =>
    createHmac('sha256', key).update(`link:${linkId}`).digest('base64url');
  return {
    mint({ tenant, documentId, file, expiresAtMs }, nowMs) {
      if (file === undefined) return undefined;
      const id = newId();
      return {
        id,
        tokenHash: hashOfToken(tokenOf(id)),
        tenant,
        documentId,
        file,
        createdAtMs: nowMs,
        expiresAtMs,
        uses: 0,
      };
    },
    url: (linkId) => `${base}/d/${tokenOf(linkId)}`,
  };
}

/** What the store finds a link by. */
export function hashOfToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

function randomId(): string {
  return randomBytes(16).toString('hex');
}
