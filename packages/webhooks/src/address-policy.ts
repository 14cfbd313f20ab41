/**
 * Which addresses a webhook may be sent to: public unicast ones, and what the operator has listed. Decides only; the
 * guarded agent asks for each address that it is about to connect to.
 */
import { isIP } from 'node:net';
import { LongshoreError } from '@longshore/job';
import ipaddr from 'ipaddr.js';

/** What an operator allows beyond the public Internet. */
export interface AddressPolicyOptions {
  /** Networks that may be reached although they are not public, such as `10.1.0.0/16`. Default: none. */
  readonly allowPrivate?: readonly string[];
  /** Whether `http:` is allowed. Default `false`. */
  readonly allowHttp?: boolean;
}

/** Says why something may not be reached; `undefined` when it may. */
export interface AddressPolicy {
  /** Of a URL by itself: scheme, credentials, a host that is an address. */
  refusalOfUrl(url: URL): string | undefined;
  refusalOfAddress(address: string): string | undefined;
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** IANA gives out public IPv6 addresses from here only; everything else has a special use or none. */
const PUBLIC_IPV6 = ipaddr.parseCIDR('2000::/3');

/** Makes a policy. @throws LongshoreError `invalid_options` for a network that is none */
export function addressPolicy(options: AddressPolicyOptions = {}): AddressPolicy {
  const { allowPrivate = [], allowHttp = false } = options;
  const allowed = allowPrivate.map(parseNetwork);
  const refusalOfAddress = (text: string): string | undefined => {
    if (!ipaddr.isValid(text)) return `"${text}" is no IP address`;
    const address = ipaddr.process(text);
    const range = rangeOf(address);
    if (range === 'unicast' || allowed.some((network) => contains(network, address))) return undefined;
    return `${text} is not a public address (${range})`;
  };
  return {
    refusalOfAddress,
    refusalOfUrl(url) {
      if (url.protocol !== 'https:' && !(allowHttp && url.protocol === 'http:'))
        return `its scheme is "${url.protocol}", expected "https:"`;
      if (url.username !== '' || url.password !== '') return 'it holds credentials';
      // The URL parser has brought every spelling of an IPv4 address to four decimal numbers.
      const host = url.hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
      if (host === '') return 'it has no host';
      return isIP(host) === 0 ? undefined : refusalOfAddress(host);
    },
  };
}

/**
 * Reads the URL of an endpoint. @throws LongshoreError `invalid_options` when it is no URL or the policy refuses it
 */
export function parseEndpointUrl(text: string, policy: AddressPolicy): URL {
  const url = URL.parse(text);
  const refusal = url === null ? 'it is no URL' : policy.refusalOfUrl(url);
  if (url !== null && refusal === undefined) return url;
  throw new LongshoreError(
    'invalid_options',
    `Cannot send webhooks to "${text}": ${refusal ?? ''}; give an https URL of a public host, or list its network in allowPrivate`,
  );
}

function rangeOf(address: Address): string {
  const range = address.range();
  if (range !== 'unicast' || address.kind() === 'ipv4') return range;
  return contains(PUBLIC_IPV6, address) ? range : 'not assigned';
}

function contains([network, bits]: [Address, number], address: Address): boolean {
  return network.kind() === address.kind() && address.match(network, bits);
}

function parseNetwork(text: string): [Address, number] {
  try {
    return ipaddr.parseCIDR(text);
  } catch (cause) {
    throw new LongshoreError(
      'invalid_options',
      `Cannot allow network "${text}": expected an address and a length, such as 10.1.0.0/16`,
      { cause },
    );
  }
}
