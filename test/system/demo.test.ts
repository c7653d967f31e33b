// One run of the demo from outside: the files it writes, the pages it serves, and every byte against the origin's own log.
// It judges no speed and no `valid`: other work on the machine may rightly degrade a run, but nothing may make it invalid.
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { Check } from 'typebox/schema';
import type { Summary } from '../../src/stats/summary.ts';
import { elementsOf, textOf } from '../report/html-text.ts';
import { joinByPort, type ReadJournal, readJournal, requestDifferences } from '../support/journal.ts';
import { assertMeasured, type Ended, hlsSwarm, type Sandbox, sandbox, startHlsSwarm } from '../support/program.ts';
import { requirement } from '../support/require.ts';
import { proxyOf } from '../support/tapped.ts';

const CLIENTS = 4;
const schema = JSON.parse(readFileSync(new URL('../../summary.schema.json', import.meta.url), 'utf8')) as object;

interface Page {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

interface Seen {
  readonly pages: ReadonlyMap<string, Page>;
  /** `/snapshot` and `/metrics` asked for at once by two readers, again and again. */
  readonly readings: readonly (readonly [Page, Page])[];
  /** `/metrics/performance` at the end of it. */
  readonly performance: Page;
}

async function get(base: string, path: string): Promise<Page> {
  const response = await fetch(`${base}${path}`, { headers: { connection: 'close' } });
  return { status: response.status, type: response.headers.get('content-type') ?? '', text: await response.text() };
}

describe('a run of the demo', { skip: requirement('ffmpeg') }, () => {
  let box: Sandbox;
  let ended: Ended;
  let seen: Seen;
  let journal: ReadJournal;
  let report: Summary;

  before(async () => {
    box = await sandbox();
    const args = ['demo', '--clients', String(CLIENTS), '--duration', '9s', '--ramp-rate', '10', '--no-tui'];
    const written = ['--report', box.file('r.json'), '--journal', box.file('j.ndjson'), '--html', box.file('r.html')];
    const files = [...written, '--prom-client-metrics'];
    const program = startHlsSwarm([...args, ...files, '--metrics', '127.0.0.1:0', '--ffmpeg', box.ffmpeg], box.env);
    seen = await lookAround(await program.controlUrl(), program.until);
    ended = await program.ended();
    journal = await readJournal(box.file('j.ndjson'));
    report = JSON.parse(readFileSync(box.file('r.json'), 'utf8')) as Summary;
  });

  after(() => box[Symbol.asyncDispose]());

  test('ends with 0, balanced, nothing lost and nothing past the tap; leaves nothing running and nothing in the temporary folder', () => {
    assertMeasured(ended, report);
    assert.deepEqual(box.processes(), []);
    assert.deepEqual(box.leftovers(), []);
  });

  test('the journal begins with the run, ends with the summary of the report, and only its owner may read it', () => {
    assert.equal(journal.first.type, 'run');
    assert.deepEqual(journal.summary, report);
    assert.equal(statSync(box.file('j.ndjson')).mode & 0o777, 0o600);
  });

  test('the report is what summary.schema.json says, and so is every /snapshot', () => {
    assert.ok(Check(schema, report));
    for (const [snapshot] of seen.readings) assert.ok(Check(schema, JSON.parse(snapshot.text)));
  });

  test("every completed transfer equals the origin's own log to the byte, joined by port and request index", () => {
    const logged = journal.events.filter((event) => event.type === 'origin-request');
    const clients = logged.filter(({ userAgent }) => userAgent?.startsWith('hls-swarm-') !== true);
    const join = joinByPort(journal.transfers, clients);
    assert.deepEqual([join.different, join.missingAtOrigin, join.missingAtProxy], [[], [], []]);
    assert.ok(join.joined >= CLIENTS * 6, `${join.joined} joined`);
    assert.deepEqual(report.reconciliation.joined, {
      transfers: join.joined,
      matched: join.joined,
      equal: join.equal,
      different: 0,
      missingAtOrigin: 0,
      missingAtProxy: 0,
      aborted: join.aborted,
      outOfBounds: 0,
    });
    assert.equal(report.reconciliation.residualBytes, 0);
  });

  test('every request that FFmpeg made is in the journal, and agreement on segments and playlists is 1 and 1', () => {
    assert.deepEqual(requestDifferences(journal), []);
    assert.equal(report.proxy?.transfers, journal.transfers.length);
    for (const kind of ['segment', 'playlist'] as const) {
      const { matched = 0, precision, recall, missed, spurious } = report.agreement[kind];
      assert.deepEqual(
        { kind, precision, recall, missed, spurious },
        { kind, precision: 1, recall: 1, missed: 0, spurious: 0 },
      );
      assert.ok(matched >= CLIENTS * 2, `${kind}: ${matched} matched`);
    }
  });

  test('the estimators lookup and statistics are scored', () => {
    for (const name of ['lookup', 'statistics']) {
      const score = report.agreement.estimators.find((estimator) => estimator.name === name);
      assert.equal(score?.status, 'ok', name);
      assert.ok((score.bytes ?? 0) > 0 && score.errorRatio !== undefined, name);
    }
    const { attempts = 0, successes = 0 } = report.parser.lookup ?? {};
    assert.ok(attempts > 0 && attempts === successes, `${successes} of ${attempts} looked up`);
  });

  test('the instrument lost nothing: every connection in balance, every transfer ended once, no line dropped', () => {
    assert.equal(report.parser.droppedLines, 0);
    const imbalances = journal.events.filter((event) => event.type === 'connection' && event.imbalanceBytes !== 0);
    assert.deepEqual(imbalances, []);
    const endings = Object.values(proxyOf(report).terminations).reduce((sum, count) => sum + count, 0);
    assert.equal(endings, report.proxy?.transfers);
  });

  test('numbers do not vanish when a second reader polls: both see the same tick, and totals only grow (double drain)', () => {
    assert.ok(seen.readings.length >= 20, `${seen.readings.length} readings`);
    let lastBytes = 0;
    let compared = 0;
    for (const [snapshot, metrics] of seen.readings) {
      const { proxy, parser, tick } = JSON.parse(snapshot.text) as Summary;
      const bytes = proxy?.throughput?.totalBytes ?? 0;
      assert.ok(bytes >= lastBytes, `tick ${tick}`);
      lastBytes = bytes;
      // A tick may fall between the two answers of one pair; then nothing can be compared.
      if (seriesValue(metrics.text, 'hls_swarm_instrument_ticks_total') !== tick) continue;
      compared += 1;
      assert.equal(seriesValue(metrics.text, 'hls_swarm_segment_bytes_downloaded_total'), parser.segmentBytes);
    }
    assert.ok(compared >= seen.readings.length / 2, `${compared} of ${seen.readings.length} pairs of one tick`);
    assert.ok(lastBytes > 0);
  });

  test('what is done over and over is counted: fetches, readings, scrapes, lines, batches and ticks', () => {
    const { window_seconds, operations } = JSON.parse(seen.performance.text) as {
      window_seconds: number;
      operations: Record<string, { count: number; success_rate: number | null; p95_ms: number | null }>;
    };
    assert.equal(window_seconds, 60);
    const none = ['hls_key_fetch', 'mpegts_chunk_read', 'tui_render'];
    for (const [name, { count, success_rate, p95_ms }] of Object.entries(operations)) {
      if (none.includes(name)) assert.deepEqual([name, count, success_rate], [name, 0, null]);
      else assert.ok(count > 0 && success_rate === 100 && (p95_ms ?? 0) > 0, `${name}: ${count}, ${success_rate} %`);
    }
    const last = seen.readings.at(-1)?.[1].text ?? '';
    assert.match(last, /^hls_swarm_operation_completed_total\{operation="hls_segment_fetch"\} [1-9]/m);
  });

  test('the page says what the report says, stands alone and is for its owner; the replayed journal makes one too', async () => {
    const page = readFileSync(box.file('r.html'), 'utf8');
    assert.equal(statSync(box.file('r.html')).mode & 0o777, 0o600);
    assert.ok(elementsOf(page).length > 200 && page.length < 1_000_000);
    const text = textOf(page);
    const bytes = (report.proxy?.throughput?.totalBytes ?? 0).toLocaleString('en-US');
    for (const words of [report.run.id, report.instrument.verdict.toUpperCase(), bytes, 'hls-swarm demo --clients 4'])
      assert.ok(text.includes(words), words);
    assert.doesNotMatch(text, /undefined|NaN|Infinity/);
    const replayed = await hlsSwarm(['replay', box.file('j.ndjson'), '--html', box.file('again.html')]);
    assert.match(replayed.stderr, /equal the run's own summary/);
    assert.ok(textOf(readFileSync(box.file('again.html'), 'utf8')).includes(bytes));
  });

  test('what it serves while it runs: health, readiness, a client, and a list of pages for any other path', () => {
    const status = (path: string): number | undefined => seen.pages.get(path)?.status;
    for (const path of ['/metrics', '/snapshot', '/health', '/healthz', '/ready', '/readyz', '/debug/client/1']) {
      assert.equal(status(path), 200, `${path}: ${seen.pages.get(path)?.text}`);
    }
    assert.match(seen.pages.get('/metrics')?.type ?? '', /^text\/plain/);
    assert.equal(status('/debug/client/5'), 404);
    assert.match(seen.pages.get('/debug/client/5')?.text ?? '', /'5'.*1 to 4/);
    assert.equal(status('/nothing'), 404);
    assert.match(seen.pages.get('/nothing')?.text ?? '', /\/snapshot/);
    const client = JSON.parse(seen.pages.get('/debug/client/1')?.text ?? '') as Record<string, unknown>;
    assert.deepEqual([client['client'], client['state'], client['process']], [1, 'running', 1]);
  });
});

/** From the first segment on, for some three seconds. */
async function lookAround(
  base: string,
  until: (condition: () => Promise<boolean>, what: string) => Promise<boolean>,
): Promise<Seen> {
  await until(async () => {
    const { status, text } = await get(base, '/snapshot');
    return status === 200 && ((JSON.parse(text) as Summary).proxy?.throughput?.totalBytes ?? 0) > 0;
  }, 'the first segment');
  const paths = ['/metrics', '/snapshot', '/health', '/healthz', '/ready', '/readyz', '/nothing'];
  const pages = new Map<string, Page>();
  for (const path of [...paths, '/debug/client/1', '/debug/client/5']) pages.set(path, await get(base, path));
  const readings: (readonly [Page, Page])[] = [];
  const endsAt = performance.now() + 3_000;
  while (performance.now() < endsAt) {
    readings.push(await Promise.all([get(base, '/snapshot'), get(base, '/metrics')]));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { pages, readings, performance: await get(base, '/metrics/performance?window=60') };
}

/** The value of a series without labels. */
function seriesValue(metrics: string, name: string): number | undefined {
  const line = metrics.split('\n').find((text) => text.startsWith(`${name} `));
  return line === undefined ? undefined : Number(line.slice(name.length + 1));
}

test('version and help print to stdout and leave with 0', async () => {
  const [version, help, helpOfProxy] = await Promise.all([
    hlsSwarm(['version']),
    hlsSwarm(['-h']),
    hlsSwarm(['help', 'proxy']),
  ]);
  assert.deepEqual([version.code, help.code, helpOfProxy.code], [0, 0, 0]);
  assert.match(version.stdout, /^hls-swarm \d+\.\d+\.\d+\n$/);
  assert.match(help.stdout, /^Usage: hls-swarm \[run\] URL/);
  assert.match(helpOfProxy.stdout, /^Usage: hls-swarm proxy[\s\S]*--doors/);
  assert.equal(version.stderr + help.stderr + helpOfProxy.stderr, '');
});
