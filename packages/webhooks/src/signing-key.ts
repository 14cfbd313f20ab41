/**
 * Keys of Standard Webhooks 1.0.0, as their texts say what they are: `whsec_` for HMAC-SHA256 (`v1`), `whsk_` and `whpk_`
 * for ed25519 (`v1a`). https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  timingSafeEqual,
  verify,
  type KeyObject,
} from 'node:crypto';
import { LongshoreError } from '@longshore/job';

/** A key that was read from its text. */
export interface SigningKey {
  /** `v1` HMAC-SHA256, `v1a` ed25519. */
  readonly scheme: 'v1' | 'v1a';
  /** Whether it can sign; a public key only verifies. */
  readonly canSign: boolean;
  /** The signature in base64. @throws LongshoreError `invalid_options` for a public key */
  sign(content: Buffer): string;
  verify(content: Buffer, signature: Buffer): boolean;
}

/** The specification's bounds: shorter is guessed, longer is hashed down anyway. */
const SYMMETRIC_BYTES = { min: 24, max: 64 };
/** What new symmetric secrets have. */
const NEW_SYMMETRIC_BYTES = 32;
const SEED_BYTES = 32;
/** DER around a bare ed25519 key, RFC 8410. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** Makes a new secret: `whsec_…`, or `whsk_…` for receivers that shall not be able to sign. */
export function newSecret(scheme: 'v1' | 'v1a' = 'v1'): string {
  if (scheme === 'v1') return `whsec_${randomBytes(NEW_SYMMETRIC_BYTES).toString('base64')}`;
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const seed = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(PKCS8_PREFIX.length);
  return `whsk_${Buffer.concat([seed, rawPublic(publicKey)]).toString('base64')}`;
}

/** What a receiver verifies with: the secret itself, or the public key of an asymmetric one. */
export function verifyingKey(secret: string): string {
  if (!secret.startsWith('whsk_')) return secret;
  return `whpk_${rawPublic(createPublicKey(readPrivate(secret))).toString('base64')}`;
}

/**
 * Reads a key. `whsk_` holds the 32 bytes of an ed25519 seed, or seed and public key, 64 bytes.
 *
 * @throws LongshoreError `invalid_options`; the message never holds the key
 */
export function readKey(text: string): SigningKey {
  if (text.startsWith('whsec_')) return symmetric(decoded(text));
  if (text.startsWith('whsk_')) {
    const privateKey = readPrivate(text);
    return asymmetric(createPublicKey(privateKey), privateKey);
  }
  if (text.startsWith('whpk_')) return asymmetric(readPublic(text), undefined);
  throw refused('it starts with none of whsec_, whsk_, whpk_');
}

function symmetric(secret: Buffer): SigningKey {
  if (secret.length < SYMMETRIC_BYTES.min || secret.length > SYMMETRIC_BYTES.max)
    throw refused(
      `whsec_ holds ${secret.length} bytes, expected ${SYMMETRIC_BYTES.min} to ${SYMMETRIC_BYTES.max}`,
    );
  const digest = (content: Buffer): Buffer => createHmac('sha256', secret).update(content).digest();
  return {
    scheme: 'v1',
    canSign: true,
    sign: (content) => digest(content).toString('base64'),
    verify(content, signature) {
      const expected = digest(content);
      return signature.length === expected.length && timingSafeEqual(signature, expected);
    },
  };
}

function asymmetric(publicKey: KeyObject, privateKey: KeyObject | undefined): SigningKey {
  return {
    scheme: 'v1a',
    canSign: privateKey !== undefined,
    sign(content) {
      if (privateKey === undefined) throw refused('whpk_ only verifies; sign with its whsk_');
      return sign(null, content, privateKey).toString('base64');
    },
    verify: (content, signature) => verify(null, content, publicKey, signature),
  };
}

function readPrivate(text: string): KeyObject {
  const bytes = decoded(text);
  if (bytes.length !== SEED_BYTES && bytes.length !== 2 * SEED_BYTES)
    throw refused(`whsk_ holds ${bytes.length} bytes, expected ${SEED_BYTES} or ${2 * SEED_BYTES}`);
  const key = createPrivateKey({
    key: Buffer.concat([PKCS8_PREFIX, bytes.subarray(0, SEED_BYTES)]),
    format: 'der',
    type: 'pkcs8',
  });
  if (bytes.length > SEED_BYTES && !rawPublic(createPublicKey(key)).equals(bytes.subarray(SEED_BYTES)))
    throw refused('the two halves of whsk_ do not belong together');
  return key;
}

function readPublic(text: string): KeyObject {
  const bytes = decoded(text);
  if (bytes.length !== SEED_BYTES) throw refused(`whpk_ holds ${bytes.length} bytes, expected ${SEED_BYTES}`);
  return createPublicKey({ key: Buffer.concat([SPKI_PREFIX, bytes]), format: 'der', type: 'spki' });
}

function rawPublic(key: KeyObject): Buffer {
  return key.export({ format: 'der', type: 'spki' }).subarray(SPKI_PREFIX.length);
}

function decoded(text: string): Buffer {
  const base64 = text.slice(text.indexOf('_') + 1);
  if (!BASE64.test(base64)) throw refused('what follows its prefix is no base64');
  return Buffer.from(base64, 'base64');
}

function refused(reason: string): LongshoreError {
  return new LongshoreError('invalid_options', `Cannot use a webhook secret: ${reason}`);
}
