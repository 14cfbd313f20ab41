export { startSqsEndpoint } from './start-sqs-endpoint.ts';
export type { EndpointLog, SqsEndpoint, SqsEndpointOptions } from './start-sqs-endpoint.ts';
