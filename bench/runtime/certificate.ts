/**
 * A throw-away certificate for `localhost`, made anew for each run with `node:crypto` alone: X.509 v3 in DER (RFC 5280),
 * self-signed with ECDSA on P-256. Nothing about it is secret or worth keeping.
 */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** Both in PEM. */
export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

const DAY_MS = 86_400_000;
const ECDSA_WITH_SHA256 = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const COMMON_NAME = [0x55, 0x04, 0x03];
const SUBJECT_ALTERNATIVE_NAME = [0x55, 0x1d, 0x11];
const BASIC_CONSTRAINTS = [0x55, 0x1d, 0x13];

const SEQUENCE = 0x30;
const SET = 0x31;
const OBJECT_ID = 0x06;
const UTF8_STRING = 0x0c;
const UTC_TIME = 0x17;
const OCTET_STRING = 0x04;
const BIT_STRING = 0x03;
const INTEGER = 0x02;
const BOOLEAN = 0x01;

/** Makes one that is valid from yesterday until tomorrow, for `localhost` and 127.0.0.1. */
export function localhostCertificate(nowMs: number): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = der(SEQUENCE, der(OBJECT_ID, Buffer.from(ECDSA_WITH_SHA256)));
  const name = der(
    SEQUENCE,
    der(
      SET,
      der(
        SEQUENCE,
        der(OBJECT_ID, Buffer.from(COMMON_NAME)),
        der(UTF8_STRING, Buffer.from('Longshore bench, throw-away')),
      ),
    ),
  );
  // A leading byte below 0x80 keeps the serial number positive and without padding.
  const serial = Buffer.concat([Buffer.from([0x4c]), randomBytes(8)]);
  const toBeSigned = der(
    SEQUENCE,
    der(0xa0, der(INTEGER, Buffer.from([2]))),
    der(INTEGER, serial),
    algorithm,
    name,
    der(SEQUENCE, der(UTC_TIME, utcTime(nowMs - DAY_MS)), der(UTC_TIME, utcTime(nowMs + DAY_MS))),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(SEQUENCE, ...extensions())),
  );
  const signature = sign('sha256', toBeSigned, privateKey);
  const whole = der(SEQUENCE, toBeSigned, algorithm, der(BIT_STRING, Buffer.from([0]), signature));
  return {
    certificate: pem(whole),
    key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
  };
}

function extensions(): readonly Buffer[] {
  const names = der(SEQUENCE, der(0x82, Buffer.from('localhost')), der(0x87, Buffer.from([127, 0, 0, 1])));
  const authority = der(SEQUENCE, der(BOOLEAN, Buffer.from([0xff])));
  return [
    der(SEQUENCE, der(OBJECT_ID, Buffer.from(SUBJECT_ALTERNATIVE_NAME)), der(OCTET_STRING, names)),
    // It signs itself, so it is its own authority.
    der(
      SEQUENCE,
      der(OBJECT_ID, Buffer.from(BASIC_CONSTRAINTS)),
      der(BOOLEAN, Buffer.from([0xff])),
      der(OCTET_STRING, authority),
    ),
  ];
}

/** Tag, length, content. */
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const long = [length >> 8, length & 0xff].filter((byte, index) => index === 1 || byte > 0);
  const head = length < 0x80 ? [tag, length] : [tag, 0x80 | long.length, ...long];
  return Buffer.concat([Buffer.from(head), content]);
}

/** `YYMMDDhhmmssZ` */
function utcTime(timeMs: number): Buffer {
  const digits = new Date(timeMs).toISOString().replaceAll(/\D/g, '');
  return Buffer.from(`${digits.slice(2, 14)}Z`);
}

function pem(content: Buffer): string {
  const lines = content.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
