/**
 * Connections for webhooks: a host is resolved once per connection, every address it has must be allowed, and the socket
 * goes to those very addresses. A name that answers differently a moment later changes nothing.
 */
import { lookup as systemLookup } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import { callbackify } from 'node:util';
import { LongshoreError } from '@longshore/job';
import { Agent } from 'undici';
import type { AddressPolicy } from './address-policy.ts';

/** An address that a name stands for. */
export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

/** Gives all addresses of a name. */
export type Resolver = (hostname: string) => Promise<readonly ResolvedAddress[]>;

/** Options of {@link guardedAgent}. */
export interface GuardedAgentOptions {
  readonly policy: AddressPolicy;
  /** Default: the system's resolver. */
  readonly resolve?: Resolver;
  /** Longest wait for a connection. */
  readonly connectTimeoutMs: number;
  /** Authorities to trust instead of the public ones, in PEM. For an intranet. */
  readonly ca?: string;
}

/** Resolves by the system, hosts file included. */
export const systemResolver: Resolver = (hostname) => systemLookup(hostname, { all: true });

/** Makes an agent for undici's `request`. Follows no redirects: undici does so only when it is told to. */
export function guardedAgent(options: GuardedAgentOptions): Agent {
  const { policy, resolve = systemResolver, connectTimeoutMs, ca } = options;
  return new Agent({
    // As many as there are tries: many endpoints may share an origin, and one that hangs must not hold up the others.
    connections: null,
    pipelining: 1,
    // Endpoints are many: what is idle for a few seconds is closed.
    keepAliveTimeout: 4_000,
    connect: {
      timeout: connectTimeoutMs,
      lookup: guardedLookup(policy, resolve),
      ...(ca === undefined ? {} : { ca }),
    },
  });
}

/**
 * All addresses of a host that may be sent to.
 *
 * @throws LongshoreError `address_forbidden` when one of them may not be reached: a name with a public and a private
 * address is no mistake; `invalid_options` when it cannot be resolved
 */
export async function allowedAddresses(
  hostname: string,
  policy: AddressPolicy,
  resolve: Resolver,
): Promise<readonly ResolvedAddress[]> {
  const addresses = await resolve(hostname).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new LongshoreError('invalid_options', `Cannot resolve "${hostname}": ${reason}`, {
      cause,
      details: { hostname },
      retryable: true,
    });
  });
  const refusal =
    addresses.length === 0
      ? 'it has no address'
      : addresses.map(({ address }) => policy.refusalOfAddress(address)).find((each) => each !== undefined);
  if (refusal === undefined) return addresses;
  throw new LongshoreError('address_forbidden', `Cannot connect to "${hostname}": ${refusal}`, {
    details: { hostname },
  });
}

/** The function that sockets ask for addresses: they connect to what it answers, and to nothing else. */
function guardedLookup(policy: AddressPolicy, resolve: Resolver): LookupFunction {
  const lookup = callbackify((hostname: string) => allowedAddresses(hostname, policy, resolve));
  return (hostname, { all }, callback) => {
    lookup(hostname, (error, addresses) => {
      const [first] = addresses ?? [];
      if (error !== null || first === undefined) callback(error, '');
      else if (all === true) callback(null, [...addresses]);
      else callback(null, first.address, first.family);
    });
  };
}
