/**
 * A copy of a container that compose made: the same definition, without what belongs to that one container (name, id,
 * addresses). What compose read from its file, limits and networks included, needs no second declaration.
 */
import { fieldsOf, textOf, type Container, type Fields } from './container.ts';
import { LABELS } from './compose.ts';
import type { ContainerPlan } from './container-spec.ts';

/** Of an endpoint in a network, what is the same for every container of the service. */
const SHARED_ENDPOINT_KEYS = ['Links', 'DriverOpts'];

/** The plan of a container like this one. */
export function copiedPlan(original: Container): ContainerPlan {
  const {
    Hostname: hostname,
    MacAddress: _mac,
    Labels: labels,
    ...config
  } = fieldsOf(original.definition['Config']);
  const { [LABELS.replaces]: _replaces, ...shared } = fieldsOf(labels);
  // The engine names a host after its container unless told otherwise.
  const isOwnName = original.id.startsWith(textOf(hostname));
  const host = fieldsOf(original.definition['HostConfig']);
  const { ContainerIDFile: _file, ...hostConfig } = host;
  const networks = fieldsOf(fieldsOf(original.definition['NetworkSettings'])['Networks']);
  return {
    body: {
      ...config,
      ...(isOwnName ? {} : { Hostname: hostname }),
      Labels: shared,
      HostConfig: hostConfig,
    },
    networks: Object.fromEntries(
      Object.entries(networks)
        .filter(([name]) => !isBuiltIn(name))
        .map(([name, endpoint]) => [name, endpointOf(fieldsOf(endpoint), original)]),
    ),
  };
}

/** These take no aliases, and `NetworkMode` names them already. */
function isBuiltIn(network: string): boolean {
  return network === 'bridge' || network === 'host' || network === 'none';
}

function endpointOf(endpoint: Fields, { id, name }: Container): Fields {
  const aliases = Array.isArray(endpoint['Aliases']) ? endpoint['Aliases'] : [];
  const kept = Object.entries(endpoint).filter(([key]) => SHARED_ENDPOINT_KEYS.includes(key));
  return {
    ...Object.fromEntries(kept),
    Aliases: aliases.map(textOf).filter((alias) => alias !== '' && alias !== name && !id.startsWith(alias)),
  };
}
