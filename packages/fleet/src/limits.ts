/** Defaults and limits of a fleet, each with its reason. They are the tightest of SQS, ECS and Docker that apply. */

/** Lease when a queue names none: SQS's own default, long enough for a lease keeper that extends it every few seconds. */
export const DEFAULT_LEASE_MS = 30_000;
/** High on purpose: Longshore buries by failed attempts; this only stops what kills its worker before it can be counted. */
export const DEFAULT_MAX_RECEIVES = 20;
/** SQS's own default, a long weekend: jobs outlive a service that is down from Friday to Tuesday. */
export const DEFAULT_RETENTION_MS = 345_600_000;
/** An idle service costs nothing. */
export const DEFAULT_MIN_TASKS = 0;
/** Of a hundred jobs five may wait longer: what most latency objectives mean. */
export const DEFAULT_PERCENTILE = 95;
/** Docker and ECS send SIGKILL 30 s after SIGTERM unless told otherwise; 5 s are left for the flush and the exit. */
export const DEFAULT_DRAIN_MS = 25_000;

/** SQS takes a visibility timeout in whole seconds, and 0 is no lease. */
export const MIN_LEASE_MS = 1_000;
/** SQS holds a message for 12 hours at most. */
export const MAX_LEASE_MS = 43_200_000;
/** SQS `maxReceiveCount`, 1 to 1,000. */
export const MAX_RECEIVES = 1_000;
/** SQS `MessageRetentionPeriod`, 60 seconds to 14 days. */
export const MIN_RETENTION_MS = 60_000;
export const MAX_RETENTION_MS = 1_209_600_000;
/** SQS takes queue names of 80 characters: 32 for the fleet, 40 for the queue, 5 for the hyphen and `-dlq`, 3 to spare. */
export const MAX_FLEET_NAME_CHARACTERS = 32;
export const MAX_NAME_CHARACTERS = 40;
/** As in `defineJob`. */
export const MAX_JOB_NAME_CHARACTERS = 80;

/** One event loop serves all slots of a worker; past a thousand it is another worker that is missing. */
export const MAX_SLOTS = 1_000;
/** ECS runs up to 5,000 tasks in a service. */
export const MAX_TASKS = 5_000;
/** The smallest share ECS schedules on an instance, an eighth of a vCPU, and the largest it takes, 192 vCPU. */
export const MIN_CPU_UNITS = 128;
export const MAX_CPU_UNITS = 196_608;
/** A Node.js process with nothing loaded takes about 45 MiB; below 128 a worker is killed before its first job. */
export const MIN_MEMORY_MIB = 128;
/** One TiB. More is a number of bytes or KiB by mistake. */
export const MAX_MEMORY_MIB = 1_048_576;
/** A queue cannot be measured and answered faster than this. */
export const MIN_TIME_IN_QUEUE_MS = 1_000;
export const MIN_PERCENTILE = 50;
export const MAX_PERCENTILE = 99.9;
export const MIN_DRAIN_MS = 1_000;
/** Fargate's `stopTimeout` ends at 120 s; a drain must be shorter than that. */
export const DRAIN_CEILING_MS = 120_000;
/** The name of the queue on which workers report; the fleet's own queues cannot take it. */
export const FACTS_QUEUE = 'facts';

/** Between an image that is cached and one that is pulled; the autoscaler measures and corrects it. */
export const DEFAULT_STARTUP_MS = 30_000;
export const MAX_STARTUP_MS = 3_600_000;
/** The autoscaler measures and corrects it with the first jobs. */
export const DEFAULT_SERVICE_TIME_MS = 1_000;
/** SQS holds a message for 12 hours at most. */
export const MAX_SERVICE_TIME_MS = 43_200_000;
/** Starting a task again costs about a minute; an SQS count may be off for one. */
export const DEFAULT_IDLE_MS = 120_000;
export const MIN_IDLE_MS = 1_000;
export const MAX_IDLE_MS = 86_400_000;
export const DEFAULT_PRIORITY = 50;
export const MAX_PRIORITY = 100;
export const MAX_TASK_HOURS_PER_DAY = 120_000;
export const MAX_INSTANCES = 5_000;
/** A known event longer than a week is another `min`. */
export const MAX_EVENT_MS = 604_800_000;
export const MIN_EVENT_MS = 60_000;
export const MAX_FACTOR = 100;
