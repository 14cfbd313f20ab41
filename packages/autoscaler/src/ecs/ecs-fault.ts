/** Answers of ECS, and failures to get one, in our words. */
import { isLongshoreError, LongshoreError } from '@longshore/job';

/** What was called, for messages. */
export interface EcsCall {
  readonly action: 'DescribeServices' | 'UpdateService';
  readonly cluster: string;
  /** Names of the services in ECS. */
  readonly services: readonly string[];
}

const THROTTLED = new Set([
  'ThrottlingException',
  'Throttling',
  'ThrottledException',
  'RequestThrottled',
  'RequestThrottledException',
  'TooManyRequestsException',
  'RequestLimitExceeded',
  'ProvisionedThroughputExceededException',
  'SlowDown',
]);
const DENIED = /^AccessDenied|^UnauthorizedOperation|^NotAuthorized/;
const CREDENTIALS =
  /^(?:CredentialsProviderError|ExpiredToken(?:Exception)?|UnrecognizedClientException|InvalidClientTokenId|InvalidSignatureException|IncompleteSignature|MissingAuthenticationToken(?:Exception)?|SignatureDoesNotMatch)$/;
const BOTH_ACTIONS =
  'allow ecs:DescribeServices and ecs:UpdateService on the service to the role of the autoscaler';

/** Whether ECS refused for too many calls. */
export function isThrottled(error: unknown): boolean {
  const { name, message, status } = answerOf(error);
  return THROTTLED.has(name) || status === 429 || message === 'Rate exceeded';
}

/** Whether one service of a batch may be what the whole batch was refused for. */
export function isPerhapsOfOne(error: unknown): boolean {
  const { name, status } = answerOf(error);
  if (isThrottled(error) || name === 'ClusterNotFoundException' || CREDENTIALS.test(name)) return false;
  return status !== undefined && status >= 400 && status < 500;
}

/** The error that a call to ECS throws. */
export function ecsFault(call: EcsCall, error: unknown): LongshoreError {
  if (isLongshoreError(error)) return error;
  const { action, cluster, services } = call;
  const { name, message, status } = answerOf(error);
  const what = `Cannot ${action === 'DescribeServices' ? 'observe' : 'scale'} ${named(services)} of ECS cluster "${cluster}"`;
  const options = {
    cause: error,
    details: { action, cluster, services, name, ...(status === undefined ? {} : { status }) },
  };
  if (name === 'ClusterNotFoundException')
    return new LongshoreError(
      'service_missing',
      `${what}: there is no such cluster; create it or correct its name`,
      options,
    );
  if (name === 'ServiceNotFoundException')
    return new LongshoreError(
      'service_missing',
      `${what}: there is no such service; create it or correct its name`,
      options,
    );
  if (name === 'ServiceNotActiveException')
    return new LongshoreError(
      'service_missing',
      `${what}: the service is not active; create it again`,
      options,
    );
  if (CREDENTIALS.test(name))
    return new LongshoreError(
      'credentials_unavailable',
      `${what}: ${name}: ${message}; correct the credentials of the client`,
      {
        ...options,
        retryable: true,
      },
    );
  const remedy = remedyOf(name, error);
  return new LongshoreError(
    'target_unavailable',
    `${what}: ${name}: ${message}${remedy === '' ? '' : `; ${remedy}`}`,
    {
      ...options,
      retryable: true,
    },
  );
}

/** ECS listed the service among the failures of its answer. */
export function missingService(name: string, cluster: string, reason: string): LongshoreError {
  return new LongshoreError(
    'service_missing',
    `Cannot observe service "${name}" of ECS cluster "${cluster}": ECS answered ${reason}; create the service or correct its name`,
    { details: { service: name, cluster, reason } },
  );
}

function remedyOf(name: string, error: unknown): string {
  if (DENIED.test(name)) return BOTH_ACTIONS;
  if (isThrottled(error)) return 'it is asked again at the next tick';
  return '';
}

function named(services: readonly string[]): string {
  const [first = '', ...more] = services;
  return more.length === 0 ? `service "${first}"` : `${services.length} services ("${first}", …)`;
}

function answerOf(error: unknown): {
  readonly name: string;
  readonly message: string;
  readonly status: number | undefined;
} {
  if (!(error instanceof Error)) return { name: 'UnknownError', message: String(error), status: undefined };
  const { $metadata } = error as { $metadata?: { httpStatusCode?: unknown } };
  const status = $metadata?.httpStatusCode;
  return {
    name: error.name,
    message: error.message,
    status: typeof status === 'number' ? status : undefined,
  };
}
