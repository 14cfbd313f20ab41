import { describe, expect, it } from 'vitest';
import type { ResultSeries, SimulationResult } from '../result.ts';
import { readXml } from './fixtures/check-xml.ts';
import { sampleResult, sampleSeries } from './fixtures/sample-result.ts';
import { resultChart } from './result-chart.ts';

const options = { reference: 'clairvoyant', objectiveSeconds: 60 };
const charted = (
  policy: string,
  series: ResultSeries,
  changes: Partial<SimulationResult> = {},
): SimulationResult => sampleResult(policy, { ...changes, series });
const clairvoyant = charted('clairvoyant', sampleSeries(100));

function readPage(html: string) {
  const page = readXml(html.replace('<!DOCTYPE html>\n', ''));
  expect(html).not.toMatch(/NaN|Infinity|undefined/);
  return page;
}

describe('the page of a simulation', () => {
  it('is well-formed and stands alone: no script, no address but the name of the format', () => {
    const html = resultChart([clairvoyant, charted('ours', sampleSeries(100))], {
      ...options,
      note: 'Take ours',
    });
    const { elements, text } = readPage(html);
    expect(text).toContain('Take ours');
    expect(elements.map(({ name }) => name)).not.toContain('script');
    expect(html.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|url\((?!#)|@import|src=/);
    expect(html).toContain('prefers-color-scheme:dark');
  });

  it('says in words what each plot shows, with ids that exist once', () => {
    const { elements } = readPage(resultChart([clairvoyant, charted('ours', sampleSeries(100))], options));
    const ids = elements.flatMap(({ attributes }) => attributes['id'] ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    const plots = elements.filter(({ attributes }) => attributes['role'] === 'img');
    expect(plots).toHaveLength(1 + 2 * 2 + 1);
    for (const { attributes } of plots) {
      for (const id of attributes['aria-labelledby']?.split(' ') ?? []) expect(ids).toContain(id);
    }
    const used = elements.flatMap(
      ({ attributes }) => attributes['href'] ?? /url\((.*)\)/.exec(attributes['clip-path'] ?? '')?.[1] ?? [],
    );
    expect(used.length).toBeGreaterThan(0);
    for (const reference of used) expect(ids).toContain(reference.slice(1));
  });

  it('shows names as text, whatever is in them', () => {
    const name = `<img src=x onerror="alert('1')">&\u0000`;
    const { elements, text } = readPage(
      resultChart(
        [clairvoyant, charted(name, sampleSeries(5))].map((each) => ({ ...each, trace: '</title><script>' })),
        options,
      ),
    );
    expect(text).toContain(`<img src=x onerror="alert('1')">&\uFFFD`);
    expect(elements.map(({ name: element }) => element)).not.toContain('script');
  });

  it('tells lines of a shared plot apart by more than colour', () => {
    const many = Array.from({ length: 12 }, (_, index) => charted(`policy-${index}`, sampleSeries(5)));
    const html = resultChart([clairvoyant, ...many], options);
    const style = (index: number): string =>
      new RegExp(`\\.line-${index}\\{([^}]*)\\}`).exec(html)?.[1] ?? '';
    const styles = Array.from({ length: 13 }, (_, index) => style(index));
    expect(new Set(styles).size).toBe(13);
    const patterns = styles.slice(0, 5).map((each) => each.split('stroke-dasharray:')[1]);
    expect(new Set(patterns).size).toBe(5);
  });

  it('stays below 500 kB for 72 h in seconds of a dozen policies, with every spike', () => {
    const steps = 72 * 3_600;
    const noisy = (seed: number): ResultSeries => {
      const wave = (index: number): number => Math.round(20 + 19 * Math.sin(index * (0.7 + seed / 10)));
      const list = Array.from({ length: steps }, (_, index) => wave(index));
      const running = [...list];
      running[100_000] = 40;
      return {
        ...sampleSeries(0),
        arrivals: list,
        desired: list,
        running,
        visible: list,
        oldestAgeSeconds: list,
        taskSeconds: list,
      };
    };
    const results = ['clairvoyant', ...Array.from({ length: 12 }, (_, index) => `policy-${index}`)].map(
      (name, index) => charted(name, noisy(index), { jobs: 5_184_000 }),
    );
    const html = resultChart(results, options);
    expect(Buffer.byteLength(html)).toBeLessThan(500_000);
    readPage(html);
    // The top of the axis of tasks is 40, and only the spike of one second reaches it.
    const paths = [...html.matchAll(/class="running" d="M0 (\d+)([hv][^"]*)"/g)];
    expect(paths).toHaveLength(13);
    for (const [, start = '', moves = ''] of paths) {
      let y = Number(start);
      const ys = [...moves.matchAll(/v(-?\d+)/g)].map(([, by]) => (y += Number(by)));
      expect(ys.filter((each) => each === 0)).toHaveLength(1);
    }
  });

  it('draws a trace of no jobs, and one of a single step', () => {
    const empty = charted('clairvoyant', sampleSeries(3, { arrivals: [0, 0, 0], taskSeconds: [0, 0, 0] }), {
      jobs: 0,
      taskSeconds: 0,
      p50WaitSeconds: NaN,
      p99WaitSeconds: NaN,
      maxWaitSeconds: NaN,
    });
    expect(readPage(resultChart([empty], options)).text).toContain('nothing to compare with');
    readPage(resultChart([charted('clairvoyant', sampleSeries(1))], options));
  });

  it('draws policies that end at different times', () => {
    const html = resultChart([clairvoyant, charted('slow', sampleSeries(250))], options);
    expect(readPage(html).text).toContain('4 min');
    // The first 100 of 250 s are two fifths of 600 columns.
    expect(html).toMatch(/class="running" d="M0 \d+h240"/);
    expect(html).toMatch(/class="running" d="M0 \d+h600"/);
  });

  it.each<[string, SimulationResult, string]>([
    ['no series', sampleResult('x'), 'Cannot draw policy "x": its result has no series'],
    ['an empty series', charted('x', sampleSeries(0)), 'its series are empty'],
    [
      'a negative value',
      charted('x', sampleSeries(2, { running: [1, -1] })),
      'running[1] is -1, expected a number from 0',
    ],
    ['no number', charted('x', sampleSeries(2, { desired: [NaN, 1] })), 'desired[0] is NaN'],
    ['a short list', charted('x', sampleSeries(2, { visible: [1] })), 'visible has 1 entries, expected 2'],
    ['no step', charted('x', sampleSeries(2, { stepSeconds: 0 })), 'stepSeconds is 0'],
  ])('refuses %s', (_what, result, message) => {
    expect(() => resultChart([clairvoyant, result], options)).toThrow(message);
  });

  it('refuses an objective that is none', () => {
    expect(() => resultChart([clairvoyant], { ...options, objectiveSeconds: 0 })).toThrow(
      'objectiveSeconds is 0',
    );
  });
});
