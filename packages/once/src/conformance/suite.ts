/**
 * What the cases of the conformance suite share. Leases that must run out are short, leases that must hold are long, so
 * that a slow machine changes no outcome.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { ClaimRequest, HeldClaim, OnceStore } from '../once-store.ts';

/** A store opened for the suite. */
export interface OpenedOnceStore {
  readonly store: OnceStore;
  /** Removes what opening made. */
  readonly close?: () => Promise<void>;
}

/** A driver under test. */
export interface OnceStoreSuite {
  /** Shown in the test report. */
  readonly name: string;
  /** Opens a store; called once. */
  readonly open: () => Promise<OpenedOnceStore>;
}

/** The state of a running suite. */
export interface Running {
  readonly store: () => OnceStore;
  /** A key that no other case uses. */
  readonly key: () => string;
}

/** A lease or a retention that no case outlives. */
export const LONG_MS = 600_000;

/** One that is over at once. */
export const SHORT_MS = 20;

/** Long enough for {@link SHORT_MS} to be over by any clock. */
export const LAPSE_MS = 45;

/** A claim of a new owner, long unless said otherwise. */
export function request(fields: Partial<ClaimRequest> = {}): ClaimRequest {
  return { owner: randomUUID(), leaseMs: LONG_MS, retentionMs: LONG_MS, ...fields };
}

/** Claims a key that is free. */
export async function hold(
  store: OnceStore,
  key: string,
  fields: Partial<ClaimRequest> = {},
): Promise<HeldClaim> {
  const answer = await store.claim(key, request(fields));
  if (answer.state !== 'held') throw new Error(`The claim was not given but ${answer.state}`);
  return answer.claim;
}

/** A claim whose lease has run out. */
export async function holdLapsed(
  store: OnceStore,
  key: string,
  fields: Partial<ClaimRequest> = {},
): Promise<HeldClaim> {
  const claim = await hold(store, key, { leaseMs: SHORT_MS, ...fields });
  await pause(LAPSE_MS);
  return claim;
}

/** Records a result whose retention is over. */
export async function commitExpired(store: OnceStore, key: string, record: string): Promise<HeldClaim> {
  const claim = await hold(store, key, { retentionMs: SHORT_MS });
  if (!(await claim.commit(record))) throw new Error('The commit was refused');
  await pause(LAPSE_MS);
  return claim;
}
