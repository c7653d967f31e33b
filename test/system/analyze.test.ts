// `replay` and `analyze` as a user runs them: after a run of the demo its journal gives the same numbers again, and the log of
// each of its clients, saved by --stderr-dir, gives the same score. And what cannot be read is said, with the right code.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Analysis } from '../../src/report/analysis.ts';
import type { Summary } from '../../src/stats/summary.ts';
import { readSummary } from '../support/journal.ts';
import {
  assertMeasured,
  type Ended,
  hlsSwarm,
  PROGRAM,
  type Sandbox,
  sandbox,
  startShell,
} from '../support/program.ts';
import { requirement } from '../support/require.ts';

const CLIENTS = 2;
const LOG = fileURLToPath(new URL('../fixtures/ffmpeg/17-start-404-ff51/stderr.txt', import.meta.url));
const KINDS = ['segment', 'playlist', 'init', 'key'] as const;

describe('after a run of the demo', { skip: requirement('ffmpeg') }, () => {
  let box: Sandbox;
  let ended: Ended;
  let report: Summary;

  before(async () => {
    box = await sandbox();
    const args = ['demo', '--clients', String(CLIENTS), '--duration', '6s', '--ramp-rate', '10', '--no-tui'];
    const files = ['--report', box.file('r.json'), '--journal', box.file('j.ndjson'), '--stderr-dir', box.file('logs')];
    ended = await hlsSwarm([...args, ...files, '--metrics', '127.0.0.1:0', '--ffmpeg', box.ffmpeg], box.env);
    report = await readSummary(box.file('r.json'));
    assertMeasured(ended, report);
  });

  after(() => box[Symbol.asyncDispose]());

  test('replay gives proxy, parser, agreement and reconciliation as the report has them', async () => {
    const replayed = await hlsSwarm(['replay', box.file('j.ndjson'), '--json'], box.env);
    assert.equal(replayed.code, ended.code, replayed.stderr);
    const summary = JSON.parse(replayed.stdout) as Summary;
    for (const part of ['proxy', 'parser', 'agreement', 'reconciliation', 'run', 'clients', 'origin'] as const) {
      assert.deepEqual(summary[part], report[part], part);
    }
    assert.match(
      replayed.stderr,
      /^hls-swarm: proxy, parser, agreement, reconciliation equal the run's own summary\n$/,
    );
  });

  test('replay for people is the summary of the run', async () => {
    const replayed = await hlsSwarm(['replay', box.file('j.ndjson')], box.env);
    assert.match(replayed.stdout, /hls-swarm: summary of the run/);
    assert.ok(replayed.stdout.includes(report.run.id));
  });

  test('the logs of all clients, each against the journal, add up to the agreement of the run', async () => {
    const analyses: Analysis[] = [];
    for (const log of readdirSync(box.file('logs'))) {
      const args = ['analyze', '--stderr', `${box.file('logs')}/${log}`, '--truth', box.file('j.ndjson'), '--json'];
      const { code, stdout, stderr } = await hlsSwarm(args, box.env);
      assert.equal(code, 0, stderr);
      analyses.push(JSON.parse(stdout) as Analysis);
    }
    assert.deepEqual(
      analyses.map(({ truth }) => truth?.client),
      Array.from({ length: CLIENTS }, (_, at) => at + 1),
    );
    for (const kind of KINDS) {
      for (const figure of ['matched', 'missed', 'spurious', 'deadConnection', 'excludedAtStop'] as const) {
        const sum = analyses.reduce((total, { agreement }) => total + (agreement[kind][figure] ?? 0), 0);
        assert.equal(sum, report.agreement[kind][figure], `${kind} ${figure}`);
      }
      const requests = analyses.reduce((total, { parser }) => total + parser.requests[kind], 0);
      assert.equal(requests, report.parser.requests?.[kind]);
    }
    const timed = analyses.reduce((total, { agreement }) => total + agreement.segment.startErrorMs.n, 0);
    assert.equal(timed, report.agreement.segment.startErrorMs.n);
  });

  test('a log from a pipe, for people', async () => {
    const [log = ''] = readdirSync(box.file('logs'));
    const page = await analyzePiped(readFileSync(`${box.file('logs')}/${log}`), box);
    assert.match(page, /What the log says/);
    assert.match(page, /No truth to hold it against/);
  });
});

/** A shell line, because the program's own stdin must be a pipe. */
async function analyzePiped(log: Buffer, box: Sandbox): Promise<string> {
  writeFileSync(box.file('piped.log'), log);
  await using program = startShell('cat "$0" | "$@" analyze --stderr -', [box.file('piped.log'), ...PROGRAM], box.env);
  const { code, stdout, stderr } = await program.ended();
  assert.equal(code, 0, stderr);
  return stdout;
}

describe('what cannot be read is said on one line, with 1', { concurrency: 2 }, () => {
  const refusals: Readonly<Record<string, readonly [args: readonly string[], message: RegExp]>> = {
    'a log that is not there': [['analyze', '--stderr', '/none/a.log'], /--stderr: "\/none\/a.log" cannot be read/],
    'a journal that is not there': [['replay', '/none/j.ndjson'], /JOURNAL: "\/none\/j.ndjson" cannot be read/],
    'a journal that is none': [['replay', import.meta.filename], /line 1: .* is not JSON/],
    'a truth that is none': [
      ['analyze', '--stderr', LOG, '--truth', import.meta.filename],
      /--truth: .* line 1: .* is not JSON/,
    ],
    'a log that is none': [
      ['analyze', '--stderr', import.meta.filename],
      /--stderr: .* is no log of FFmpeg: none of its/,
    ],
  };
  for (const [name, [args, message]] of Object.entries(refusals)) {
    test(name, async () => {
      const { code, stdout, stderr } = await hlsSwarm([...args, '--json']);
      assert.deepEqual([code, stdout], [1, '']);
      assert.match(stderr, message);
      assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
    });
  }
});
