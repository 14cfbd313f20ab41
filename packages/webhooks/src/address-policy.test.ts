import { describe, expect, it } from 'vitest';
import { addressPolicy, parseEndpointUrl } from './address-policy.ts';

const strict = addressPolicy();

describe('the address policy', () => {
  it.each([
    '127.0.0.1',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '127.1',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '0.0.0.0',
    '①②⑦.⓪.⓪.①',
    '127.0.0.1.',
    '[::]',
  ])('refuses loopback spelled %s', (host) => {
    expect(strict.refusalOfUrl(new URL(`https://${host}/hook`))).toContain('not a public address');
    expect(() => parseEndpointUrl(`https://${host}/hook`, strict)).toThrow('is not a public address');
  });

  it.each([
    ['169.254.169.254', 'linkLocal'],
    ['169.254.170.2', 'linkLocal'],
    ['10.0.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.1.1', 'private'],
    ['100.64.0.1', 'carrierGradeNat'],
    ['198.18.0.1', 'reserved'],
    ['224.0.0.1', 'multicast'],
    ['255.255.255.255', 'broadcast'],
    ['240.0.0.1', 'reserved'],
    ['fe80::1', 'linkLocal'],
    ['fd00:ec2::254', 'uniqueLocal'],
    ['fc00::1', 'uniqueLocal'],
    ['fec0::1', 'deprecatedSiteLocal'],
    ['ff02::1', 'multicast'],
    ['::ffff:10.0.0.1', 'private'],
    ['::169.254.169.254', 'linkLocal'],
    ['64:ff9b::169.254.169.254', 'rfc6052'],
    ['2002:7f00:1::1', '6to4'],
    ['2001:db8::1', 'reserved'],
    ['5f00::1', ''],
    ['4000::1', 'not assigned'],
  ])('refuses %s', (address, range) => {
    expect(strict.refusalOfAddress(address)).toContain(range);
  });

  it('lets public addresses and names pass', () => {
    for (const address of ['93.184.215.14', '2606:2800:21f:cb07:6820:80da:af6b:8b2c', '::ffff:93.184.215.14'])
      expect(strict.refusalOfAddress(address)).toBeUndefined();
    expect(parseEndpointUrl('https://example.com:8443/hook?a=b', strict).port).toBe('8443');
  });

  it('refuses http, credentials and what is no URL', () => {
    expect(() => parseEndpointUrl('http://example.com/', strict)).toThrow('its scheme is "http:"');
    expect(() => parseEndpointUrl('ftp://example.com/', addressPolicy({ allowHttp: true }))).toThrow('ftp:');
    expect(() => parseEndpointUrl('https://a:b@example.com/', strict)).toThrow('credentials');
    expect(() => parseEndpointUrl('example.com', strict)).toThrow('no URL');
    expect(parseEndpointUrl('http://example.com/', addressPolicy({ allowHttp: true })).protocol).toBe(
      'http:',
    );
  });

  it('allows listed networks and nothing beside them', () => {
    const policy = addressPolicy({ allowPrivate: ['10.1.0.0/16', 'fd12::/16'] });
    expect(policy.refusalOfAddress('10.1.2.3')).toBeUndefined();
    expect(policy.refusalOfAddress('::ffff:10.1.2.3')).toBeUndefined();
    expect(policy.refusalOfAddress('fd12::1')).toBeUndefined();
    expect(policy.refusalOfAddress('10.2.0.1')).toBeDefined();
    expect(policy.refusalOfAddress('fd13::1')).toBeDefined();
    expect(() => addressPolicy({ allowPrivate: ['10.1.0.0'] })).toThrow('Cannot allow network "10.1.0.0"');
  });
});
