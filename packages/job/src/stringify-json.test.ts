import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringifyJson } from './stringify-json.ts';

describe('stringifyJson', () => {
  it('writes characters that queues refuse as escapes', () => {
    expect(stringifyJson('é \u{1F6A2} \uFFFF')).toBe(String.raw`"é \ud83d\udea2 \uffff"`);
  });

  it('means what JSON.stringify means, in characters that SQS takes', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        const text = stringifyJson(value);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(text).toMatch(/^[\t\n\r\u0020-\uD7FF\uE000-\uFFFD]*$/);
      }),
    );
  });
});
