import { describe, expect, it } from 'vitest';
import { readXml } from './fixtures/check-xml.ts';
import { scalingChart } from './scaling-chart.ts';

const START_MS = Date.UTC(2026, 10, 23, 10);

describe('the chart of a scaling log', () => {
  it('is one well-formed file that says its figures in words', () => {
    const svg = scalingChart('mail', [
      { atMs: START_MS, desired: 2, running: 2, backlog: 0 },
      { atMs: START_MS + 1_800_000, desired: 9, running: 2, backlog: 412 },
      { atMs: START_MS + 3_600_000, desired: 9, running: 9, backlog: 3 },
    ]);
    const { elements, text } = readXml(svg);
    expect(elements[0]).toMatchObject({ name: 'svg', attributes: { role: 'img' } });
    expect(text).toContain('3 decisions from 2026-11-23 10:00 to 2026-11-23 11:00 UTC');
    expect(text).toContain('Up to 9 tasks are asked for and up to 9 run. Up to 412 jobs wait.');
    expect(text).toContain('10:30');
    expect(svg).not.toMatch(/NaN|undefined/);
  });

  it('draws one decision, and goes on with the last count where one was not known', () => {
    const svg = scalingChart('mail', [
      { atMs: START_MS, desired: 2, running: 1, backlog: 7 },
      { atMs: START_MS + 60_000, desired: 2 },
    ]);
    readXml(svg);
    expect(svg).toMatch(/class="running" d="M0 150h600"/);
    readXml(scalingChart('mail', [{ atMs: START_MS, desired: 0 }]));
  });

  it('shows a name as text', () => {
    expect(readXml(scalingChart('<b>&', [{ atMs: START_MS, desired: 1 }])).text).toContain('Scaling of <b>&');
  });

  it.each([
    [[], 'there is no decision in this time'],
    [[{ atMs: NaN, desired: 1 }], 'the time of decision 0 is NaN'],
    [[{ atMs: START_MS, desired: -1 }], 'desired of decision 0 is -1'],
    [[{ atMs: START_MS, desired: 1, backlog: Infinity }], 'backlog of decision 0 is Infinity'],
    [
      [
        { atMs: START_MS, desired: 1 },
        { atMs: START_MS - 1, desired: 1 },
      ],
      'decision 1 is older than the one before it',
    ],
  ])('refuses %j', (points, message) => {
    expect(() => scalingChart('mail', points)).toThrow(message);
  });
});
