import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CONTROL_EXPIRES_MS,
  controlKey,
  isControlCurrent,
  parseControl,
  type ControlDocument,
} from './control.ts';

const document: ControlDocument = {
  version: 1,
  service: 'mail',
  term: 3,
  drain: ['a', 'b'],
  isPaused: false,
  atMs: 1_000,
};

describe('parseControl', () => {
  it('reads a document and drops what it does not know', () => {
    expect(parseControl({ ...document, rate: 3 }, 'mail')).toEqual({ ok: true, value: document });
    expect(controlKey('mail')).toBe('control/mail.json');
  });

  it.each([
    [{ version: 2 }, 'its version is not 1'],
    [{ service: 'post' }, 'service is not "mail"'],
    [{ term: -1 }, 'term is -1'],
    [{ drain: 'a' }, 'drain is "a"'],
    [{ drain: ['a', 7] }, 'drain holds what is no worker id'],
    [{ drain: ['x'.repeat(65)] }, 'drain holds what is no worker id'],
    [{ drain: Array.from({ length: 5_001 }, () => 'a') }, 'drain has 5001 entries of at most 5000'],
    [{ isPaused: 'yes', atMs: 'now' }, 'isPaused is "yes"; atMs is "now"'],
  ])('refuses %o', (change, reason) => {
    expect(parseControl({ ...document, ...change }, 'mail')).toEqual({ ok: false, reason });
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.anything(), (value) => !parseControl(value, 'mail').ok));
  });
});

describe('isControlCurrent', () => {
  it('ends a document after ten minutes, and one that is as far ahead', () => {
    expect(isControlCurrent(document, 1_000 + CONTROL_EXPIRES_MS)).toBe(true);
    expect(isControlCurrent(document, 1_001 + CONTROL_EXPIRES_MS)).toBe(false);
    expect(isControlCurrent({ atMs: CONTROL_EXPIRES_MS + 1 }, 0)).toBe(false);
  });
});
