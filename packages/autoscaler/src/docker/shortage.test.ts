import { LongshoreError } from '@longshore/job';
import { describe, expect, it } from 'vitest';
import { shortageOf } from './shortage.ts';

const refusal = (said: string): LongshoreError =>
  new LongshoreError('target_unavailable', `Could not: ${said}`, { details: { status: 500, said } });

describe('what an engine says', () => {
  it.each([
    ['No such image: shop/mail:1', 'RESOURCE:IMAGE'],
    [
      'driver failed programming external connectivity on endpoint x: Bind for 0.0.0.0:80 failed: port is already allocated',
      'RESOURCE:PORTS',
    ],
    ['OCI runtime create failed: fork/exec /usr/bin/runc: cannot allocate memory', 'RESOURCE:MEMORY'],
    ['Range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available', 'RESOURCE:CPU'],
    ['mkdir /var/lib/docker/overlay2/x: no space left on device', 'RESOURCE:DISK'],
    ["no available IPv4 addresses on this network's address pools: shop_default", 'RESOURCE:ADDRESSES'],
    ['network shop_front not found', 'RESOURCE:NETWORK'],
  ])('"%s" is %s, with a remedy', (said, shortage) => {
    expect(shortageOf(refusal(said))).toMatchObject({ shortage, remedy: expect.any(String) as unknown });
  });

  it('in words that are not known is handed on, cut', () => {
    expect(shortageOf(refusal(`strange ${'x'.repeat(500)}`))?.shortage).toMatch(/^ENGINE:strange x{112}$/);
  });

  it('is no shortage when it said nothing', () => {
    expect(shortageOf(new LongshoreError('target_unavailable', 'No Docker engine answers'))).toBeUndefined();
    expect(shortageOf(new Error('bug'))).toBeUndefined();
  });
});
