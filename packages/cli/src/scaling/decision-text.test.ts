import { describe, expect, it } from 'vitest';
import { createStyle } from '../terminal/style.ts';
import { decisionLine, explanationText } from './decision-text.ts';
import { recordedDecision, type RecordedDecision } from './recorded-decision.ts';

const NOW_MS = Date.UTC(2026, 10, 23, 14, 2, 20);
const pipe = { style: createStyle(false), columns: Number.POSITIVE_INFINITY, isTerminal: false };
const screen = { ...pipe, columns: 80, isTerminal: true };
const REASON =
  'mail 6 → 9: 412 waiting, oldest 37s, 11/s arriving; 9 clear it by 14:03:10 inside the 1m objective';

function decided(changes: Partial<RecordedDecision> = {}, inputs: object = {}): RecordedDecision {
  const record = {
    limits: ['max'],
    mode: 'apply',
    inputs: {
      desiredBefore: 6,
      backlog: 412,
      oldestWaitMs: 37_000,
      running: 6,
      serviceMs: 2_300,
      isServiceMeasured: true,
      timeInQueueMs: 60_000,
      needed: 11.2,
      recommended: 12,
      ...inputs,
    },
  };
  const plain = {
    service: 'mail',
    atMs: NOW_MS - 10_000,
    desired: 9,
    isChange: true,
    reason: REASON,
    record,
  };
  return { ...recordedDecision(plain), ...changes };
}

const line = (decision: RecordedDecision, on = pipe): string =>
  decisionLine(decision, { serviceColumns: 6, nowMs: NOW_MS, screen: on });

describe('a line of the log', () => {
  it('has time, service, change and the sentence, which does not say them again', () => {
    expect(line(decided())).toBe(
      '2026-11-23T14:02:10.000Z  mail    6 → 9      412 waiting, oldest 37s, 11/s arriving; 9 clear it by 14:03:10 inside the 1m objective\n',
    );
  });

  it('on a terminal keeps its columns and says the day of another day', () => {
    const text = line(decided(), screen);
    expect(text.split('\n')[0]).toBe(
      '14:02:10Z  mail    6 → 9      412 waiting, oldest 37s, 11/s arriving; 9 clear it',
    );
    for (const each of text.trimEnd().split('\n').slice(1)) expect(each).toMatch(/^ {30}\S/);
    expect(line(decided({ atMs: NOW_MS - 86_400_000 }), screen)).toMatch(/^11-22 14:02:20Z/);
  });

  it('of a decision that kept the count, or knew none before, shows the count alone', () => {
    expect(line(decided({ isChange: false }))).toContain('mail    9          412');
    expect(line(decided({ before: undefined }))).toContain('mail    9          412');
  });

  it('says that a shadow carries nothing out', () => {
    expect(line(decided({ mode: 'shadow' }))).toContain('(shadow: not carried out)');
  });

  it('obeys nothing that a record holds', () => {
    const text = line(decided({ service: 'ma\u001B[2Jil', reason: 'mail\u001B]0;x\u0007\nnext' }));
    expect(text).not.toContain('\u001B');
    expect(text.trimEnd()).not.toContain('\n');
  });
});

describe('an explanation', () => {
  const explain = (decision: RecordedDecision, lastChange?: RecordedDecision): string =>
    explanationText({ decision, lastChange }, NOW_MS, pipe);

  it('says what was seen, what is needed, what limits, and the last change', () => {
    const text = explain(decided(), decided({ atMs: NOW_MS - 3_600_000 }));
    for (const part of [
      'mail: 9 tasks  decided at 14:02:10Z, 10s ago',
      /waiting +412 jobs, oldest 37s/,
      /tasks +6 running/,
      /a job takes +2.3s, as workers measure it/,
      /objective +jobs wait at most 1m/,
      /fewest in time +11.2 tasks/,
      /recommended +12 tasks, by demand alone/,
      /max +the most tasks of the fleet file/,
      /6 → 9 +at 13:02:20Z: 412 waiting/,
    ])
      expect(text).toMatch(part);
    expect(text).not.toContain('does the autoscaler run');
  });

  it('names the pin, known events and what the target lacks', () => {
    const pin = { tasks: 9, untilMs: NOW_MS + 7_200_000, by: 'ada' };
    const text = explain(decided({}, { pin, events: ['sale'], shortage: 'RESOURCE:CPU' }));
    expect(text).toMatch(/pin +9 tasks until 2026-11-23 16:02Z \(2h left\), by ada/);
    expect(text).toMatch(/event +sale/);
    expect(text).toMatch(/missing +RESOURCE:CPU/);
  });

  it('without limits says so', () => {
    expect(explain(decided({ limits: [] }, { recommended: 9 }))).toContain(
      'the count is what demand asks for',
    );
    expect(explain(decided({ limits: ['phase_of_moon'] }))).toContain('a limit of a newer version');
  });

  it('of a controller that went silent asks whether it runs', () => {
    expect(explain(decided({ atMs: NOW_MS - 600_000 }))).toContain('does the autoscaler run');
  });

  it('of a record without numbers shows the sentence and what is not known', () => {
    const bare = recordedDecision({
      service: 'mail',
      atMs: NOW_MS,
      desired: 1,
      isChange: false,
      reason: 'mail stays at 1: the queue could not be measured',
      record: {},
    });
    const text = explain(bare);
    expect(text).toContain('the queue could not be measured');
    expect(text).toMatch(/waiting +not measured/);
    expect(text).not.toMatch(/NaN|undefined/);
  });
});
