/**
 * The warehouse's settings from environment variables.
 *
 * | variable | meaning | default |
 * |---|---|---|
 * | `LONGSHORE_WAREHOUSE_URL` | `postgres://user:password@host:5432/database` | required |
 * | `LONGSHORE_WAREHOUSE_TLS` | `verify-full`, or `insecure` for no TLS | `verify-full` |
 * | `LONGSHORE_WAREHOUSE_CA` | PEM file of the authorities to trust, such as the bundle of RDS | those of Node.js |
 * | `LONGSHORE_WAREHOUSE_IAM` | `on`: an RDS IAM token for each connection, in the region of `AWS_REGION` | `off` |
 */
import { LongshoreError } from '@longshore/job';
import type { WarehouseConnection } from './connect.ts';

/** Environment variables. */
type Environment = Readonly<Record<string, string | undefined>>;

/** Reads them. @throws LongshoreError `invalid_options`, naming every fault */
export async function readWarehouseSettings(env: Environment): Promise<WarehouseConnection> {
  const {
    LONGSHORE_WAREHOUSE_URL: url,
    LONGSHORE_WAREHOUSE_TLS: tls = 'verify-full',
    LONGSHORE_WAREHOUSE_CA: caPath,
    LONGSHORE_WAREHOUSE_IAM: iam = 'off',
    AWS_REGION: region,
  } = env;
  const faults: string[] = [];
  if (url === undefined)
    faults.push('LONGSHORE_WAREHOUSE_URL is not set: give postgres://user:password@host:5432/database');
  if (!isTls(tls)) faults.push(`LONGSHORE_WAREHOUSE_TLS is "${tls}": give "verify-full" or "insecure"`);
  if (iam !== 'on' && iam !== 'off') faults.push(`LONGSHORE_WAREHOUSE_IAM is "${iam}": give "on" or "off"`);
  if (iam === 'on' && region === undefined)
    faults.push('LONGSHORE_WAREHOUSE_IAM is on, and AWS_REGION is not set');
  if (faults.length > 0 || url === undefined || !isTls(tls))
    throw new LongshoreError('invalid_options', faults.join('; '));
  return {
    url,
    tls,
    ...(caPath === undefined ? {} : { caPath }),
    ...(iam === 'on' && region !== undefined ? { password: await rdsToken(url, region) } : {}),
  };
}

function isTls(value: string): value is 'verify-full' | 'insecure' {
  return value === 'verify-full' || value === 'insecure';
}

/** Makes a token for each call; signing needs no request, but the credentials may. */
async function rdsToken(url: string, region: string): Promise<() => Promise<string>> {
  if (!URL.canParse(url)) throw new LongshoreError('invalid_options', 'LONGSHORE_WAREHOUSE_URL is not a URL');
  const { hostname, port, username } = new URL(url);
  const { Signer } = await import('@aws-sdk/rds-signer').catch((cause: unknown) => {
    throw new LongshoreError(
      'invalid_options',
      'RDS IAM tokens need the package @aws-sdk/rds-signer: install it',
      {
        cause,
      },
    );
  });
  const signer = new Signer({
    hostname,
    port: port === '' ? 5432 : Number(port),
    username: decodeURIComponent(username),
    region,
  });
  return () => signer.getAuthToken();
}
