import { describe, expect, it } from 'vitest';
import { endpointAt, regionalEndpoint } from './endpoint.ts';

describe('regionalEndpoint', () => {
  it.each([
    ['eu-west-1', 'sqs.eu-west-1.amazonaws.com'],
    ['us-gov-west-1', 'sqs.us-gov-west-1.amazonaws.com'],
    ['cn-north-1', 'sqs.cn-north-1.amazonaws.com.cn'],
    ['us-iso-east-1', 'sqs.us-iso-east-1.c2s.ic.gov'],
    ['us-isob-east-1', 'sqs.us-isob-east-1.sc2s.sgov.gov'],
    ['eusc-de-east-1', 'sqs.eusc-de-east-1.amazonaws.eu'],
  ])('knows where SQS of %s is', (region, host) => {
    expect(regionalEndpoint('sqs', region)).toEqual({
      host,
      hostHeader: host,
      port: 443,
      tls: true,
      path: '/',
    });
  });

  it.each(['', 'Europe', 'eu-west-1.evil.example', 'eu west 1'])('refuses the region "%s"', (region) => {
    expect(() => regionalEndpoint('sqs', region)).toThrow(/expected one like/);
  });
});

describe('endpointAt', () => {
  it('reads the parts of a URL', () => {
    expect(endpointAt('http://[::1]:9324/queues')).toEqual({
      host: '::1',
      hostHeader: '[::1]:9324',
      port: 9324,
      tls: false,
      path: '/queues',
    });
  });

  it.each(['localhost:9324', 'ftp://a', ''])('refuses "%s"', (url) => {
    expect(() => endpointAt(url)).toThrow(/is no URL/);
  });
});
