/** Why a container could not be started, in the words that the policy and its reader know: `RESOURCE:PORTS`. */
import { isLongshoreError } from '@longshore/job';

/** What to do about it, for the log. */
interface Cause {
  readonly pattern: RegExp;
  readonly shortage: string;
  readonly remedy: string;
}

/** First match wins, so the more telling stand first. */
const CAUSES: readonly Cause[] = [
  {
    pattern: /no such image|image .* not found|manifest unknown/i,
    shortage: 'RESOURCE:IMAGE',
    remedy: 'build or pull the image on this engine',
  },
  {
    pattern: /port is already allocated|address already in use|bind for .* failed/i,
    shortage: 'RESOURCE:PORTS',
    remedy: 'a service of several tasks cannot publish a fixed port of the host: publish a range or none',
  },
  {
    pattern:
      /cannot allocate memory|out of memory|insufficient memory|memory limit .* (?:too low|less than)/i,
    shortage: 'RESOURCE:MEMORY',
    remedy: 'free memory on this machine, lower max, or raise memoryMiB',
  },
  {
    pattern: /range of cpus is from/i,
    shortage: 'RESOURCE:CPU',
    remedy: 'this machine has fewer cores than the limit asks for: lower cpuUnits',
  },
  {
    pattern: /no space left on device|disk quota exceeded/i,
    shortage: 'RESOURCE:DISK',
    remedy: 'free disk space, for instance with "docker system prune"',
  },
  {
    pattern: /no available (?:ipv4|ipv6) addresses|address pool|fully subnetted/i,
    shortage: 'RESOURCE:ADDRESSES',
    remedy: 'give the network a larger subnet',
  },
  {
    pattern: /network .* not found|no such network/i,
    shortage: 'RESOURCE:NETWORK',
    remedy: 'create the network, for instance with "docker compose create"',
  },
];

const UNKNOWN_CHARS = 120;

/** The shortage behind a failed start, and its remedy; `undefined` when the engine itself did not answer. */
export function shortageOf(
  error: unknown,
): { readonly shortage: string; readonly remedy?: string } | undefined {
  if (!isLongshoreError(error, 'target_unavailable')) return undefined;
  const { said } = error.details;
  if (typeof said !== 'string') return undefined;
  const cause = CAUSES.find(({ pattern }) => pattern.test(said));
  return cause ?? { shortage: `ENGINE:${said.slice(0, UNKNOWN_CHARS)}` };
}
