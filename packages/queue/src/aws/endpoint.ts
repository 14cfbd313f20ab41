/** Where an AWS service answers, by region: https://docs.aws.amazon.com/general/latest/gr/sqs-service.html */
import { LongshoreError } from '@longshore/job';
import type { Origin } from './connection.ts';

/** An endpoint to send requests to. */
export interface Endpoint extends Origin {
  /** The `Host` header: the port only where it is not the scheme's own. */
  readonly hostHeader: string;
  readonly path: string;
}

/** Domain of the partition that a region's prefix belongs to; all other regions are in `amazonaws.com`. */
const PARTITIONS: readonly (readonly [prefix: RegExp, domain: string])[] = [
  [/^cn-/, 'amazonaws.com.cn'],
  [/^us-iso-/, 'c2s.ic.gov'],
  [/^us-isob-/, 'sc2s.sgov.gov'],
  [/^us-isof-/, 'csp.hci.ic.gov'],
  [/^eu-isoe-/, 'cloud.adc-e.uk'],
  [/^eusc-/, 'amazonaws.eu'],
];

/** The public endpoint of a service in a region. @throws LongshoreError `invalid_options`. */
export function regionalEndpoint(service: string, region: string): Endpoint {
  if (!/^[a-z]{2,5}(?:-[a-z]+)+-\d{1,2}$/.test(region)) {
    throw new LongshoreError('invalid_options', `Region "${region}" is none: expected one like "eu-west-1"`);
  }
  const [, domain = 'amazonaws.com'] = PARTITIONS.find(([prefix]) => prefix.test(region)) ?? [];
  return endpointAt(`https://${service}.${region}.${domain}`);
}

/** The endpoint of a URL. @throws LongshoreError `invalid_options`. */
export function endpointAt(url: string): Endpoint {
  const { protocol, hostname, port, host, pathname } = URL.canParse(url) ? new URL(url) : new URL('none:');
  if (protocol !== 'http:' && protocol !== 'https:') {
    throw new LongshoreError(
      'invalid_options',
      `Endpoint "${url}" is no URL like "https://sqs.eu-west-1.amazonaws.com"`,
    );
  }
  const tls = protocol === 'https:';
  return {
    // URL keeps the brackets of an IPv6 address, sockets want none.
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (tls ? 443 : 80) : Number(port),
    tls,
    hostHeader: host,
    path: pathname,
  };
}
