/**
 * `DescribeServices` for many who each want one service: what is asked for in one turn of the event loop, or while all
 * places are taken, shares calls of up to ten (the limit of the API). A service that makes ECS refuse a whole batch is
 * described by itself from then on, so that it does not hide the others.
 */
import type { DescribeServicesResponse, Service } from '@aws-sdk/client-ecs';
import { isPerhapsOfOne, missingService } from './ecs-fault.ts';

/** One call to ECS, bounded in time and rate; rejects with what the SDK threw. */
export type DescribeCall = (names: readonly string[]) => Promise<DescribeServicesResponse>;

/** Describes one service, together with others. */
export type DescribeService = (name: string) => Promise<Service>;

/** API reference, `DescribeServices`: "You may specify up to 10 services to describe in a single operation". */
const MAX_SERVICES = 10;

interface Asked {
  readonly name: string;
  readonly promise: Promise<Service>;
  readonly resolve: (service: Service) => void;
  readonly reject: (error: unknown) => void;
}

/** @param fault Turns what the SDK threw into the error that the callers get. */
export function describeBatches(
  cluster: string,
  call: DescribeCall,
  fault: (names: readonly string[], error: unknown) => unknown,
): DescribeService {
  let open = new Map<string, Asked>();
  const apart = new Set<string>();

  const flush = (): void => {
    const asked = [...open.values()];
    open = new Map();
    const together = asked.filter(({ name }) => !apart.has(name));
    for (const each of asked.filter(({ name }) => apart.has(name))) void send([each]);
    for (let first = 0; first < together.length; first += MAX_SERVICES)
      void send(together.slice(first, first + MAX_SERVICES));
  };
  const send = async (batch: readonly Asked[]): Promise<void> => {
    const names = batch.map(({ name }) => name);
    try {
      const answer = await call(names);
      for (const name of names) apart.delete(name);
      settle(batch, answer, cluster);
    } catch (error) {
      if (batch.length > 1 && isPerhapsOfOne(error)) {
        await Promise.all(batch.map((each) => send([each])));
        return;
      }
      if (isPerhapsOfOne(error)) for (const name of names) apart.add(name);
      for (const { reject } of batch) reject(fault(names, error));
    }
  };
  return (name) => {
    if (open.size === 0) queueMicrotask(flush);
    const asked = open.get(name) ?? { name, ...Promise.withResolvers<Service>() };
    open.set(name, asked);
    return asked.promise;
  };
}

function settle(
  batch: readonly Asked[],
  { services = [], failures = [] }: DescribeServicesResponse,
  cluster: string,
): void {
  for (const { name, resolve, reject } of batch) {
    const found = services.find(({ serviceName, serviceArn }) => serviceName === name || serviceArn === name);
    if (found !== undefined) {
      resolve(found);
      continue;
    }
    const failure = failures.find(({ arn = '' }) => arn === name || arn.endsWith(`/${name}`));
    reject(missingService(name, cluster, failure?.reason ?? 'neither the service nor a failure'));
  }
}
