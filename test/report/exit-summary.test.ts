// The exit summary and the status line: golden pages at 80 columns, and what must hold for any snapshot and width.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { FINDING_CODES, TERMINATIONS } from '../../src/events.ts';
import { renderSummary, statusLine } from '../../src/report/exit-summary.ts';
import { TERMINATION_WORDS } from '../../src/stats/termination-words.ts';
import { makeEmptySnapshot, makeSnapshot } from '../support/snapshot.ts';

const OPTIONS = {
  width: 80,
  nextSteps: {
    'playlist-stalled': 'look at the encoder: FFmpeg keeps asking, and the list it gets has not moved for a while',
  },
  metricsUrl: 'http://127.0.0.1:17091',
  files: [
    ['Report', 'r.json'],
    ['Journal', 'j.ndjson'],
  ],
} as const;
const asText = { serializers: [(value: string): string => value] };
const golden = (name: string): string => join(import.meta.dirname, 'golden', name);

describe('the exit summary', () => {
  test('of a full run is this page', (t) => {
    t.assert.fileSnapshot(renderSummary(makeSnapshot(), OPTIONS), golden('summary-full.txt'), asText);
  });

  test('of a run in which nothing happened is this page, with `-` for all that is unknown', (t) => {
    t.assert.fileSnapshot(renderSummary(makeEmptySnapshot(), { width: 80 }), golden('summary-empty.txt'), asText);
  });

  test('never exceeds its width, and frames itself with 79 double rules at 80 columns', () => {
    for (const width of [80, 100, 132]) {
      for (const snapshot of [makeSnapshot(), makeEmptySnapshot()]) {
        const lines = renderSummary(snapshot, { ...OPTIONS, width }).split('\n');
        assert.equal(lines[0], '═'.repeat(width - 1));
        for (const line of lines) assert.ok(line.length < width, line);
      }
    }
  });

  test('cuts no word that cannot be wrapped: a long URL stays whole', () => {
    const url = `http://origin.example/${'long/'.repeat(30)}stream.m3u8`;
    assert.ok(renderSummary(makeSnapshot({ summary: { run: { url } } }), OPTIONS).includes(url));
  });

  test('states each verdict in one sentence with its reasons', () => {
    const page = (verdict: 'valid' | 'degraded' | 'invalid', reasons: readonly string[]): string =>
      renderSummary(makeSnapshot({ summary: { instrument: { verdict, reasons } } }), { width: 132 });
    assert.match(page('valid', []), /^VALID: the numbers of this run can be trusted\.$/m);
    assert.match(page('degraded', ['a', 'b']), /^DEGRADED: .*: a; b\.$/m);
    assert.match(page('invalid', ['2 records lost']), /^INVALID: do not use .*: 2 records lost\.$/m);
  });

  test('words every ending, and gives the next step of every finding it is handed', () => {
    const terminations = Object.fromEntries(TERMINATIONS.map((code, index) => [code, index + 1]));
    const findings = FINDING_CODES.map((code) => ({ code, subject: 's', sinceMs: 0, count: 1, evidence: 'e' }));
    const nextSteps = Object.fromEntries(FINDING_CODES.map((code) => [code, `step for ${code}`]));
    const page = renderSummary(makeSnapshot({ summary: { proxy: { terminations }, findings } }), {
      width: 100,
      nextSteps,
    });
    for (const words of Object.values(TERMINATION_WORDS)) assert.ok(page.includes(words), words);
    for (const step of Object.values(nextSteps)) assert.ok(page.includes(step), step);
  });
});

describe('the status line', () => {
  test('is one line with the figures that a person looks for', () => {
    assert.equal(
      statusLine(makeSnapshot()),
      '00:00:43 of 00:01:00 | clients 11/12 | segments 250, 24.3 Mbit/s | wait p95 1.49 ms | stalled 1 | ' +
        'HTTP errors 11 | restarts 4 | degraded; tap loop delay p99 12.4 ms is above 10 ms',
    );
  });

  test('shows what is unknown as unknown, and no end for an endless run', () => {
    assert.equal(
      statusLine(makeEmptySnapshot({ remainingSeconds: undefined })),
      '00:00:00 | clients 0/12 (ramping) | segments 0, - | wait p95 - | stalled 0 | HTTP errors 0 | restarts 0 | valid',
    );
  });
});
