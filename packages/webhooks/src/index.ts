export { addressPolicy, parseEndpointUrl } from './address-policy.ts';
export type { AddressPolicy, AddressPolicyOptions } from './address-policy.ts';
export { allowedAddresses, guardedAgent, systemResolver } from './guarded-agent.ts';
export type { GuardedAgentOptions, ResolvedAddress, Resolver } from './guarded-agent.ts';
export { retryAfterMs } from './retry-after.ts';
export { signWebhook, verifyWebhook, WebhookRefused } from './signature.ts';
export type { ReceivedWebhook, SignedMessage, VerifyWebhookOptions, WebhookHeaders } from './signature.ts';
export { newSecret, readKey, verifyingKey } from './signing-key.ts';
export type { SigningKey } from './signing-key.ts';
