// Every figure that --fail-if can name: found by its path, read from a summary, listed in docs/FIGURES.md.
// `HLS_SWARM_WRITE_GOLDEN=1` writes that page from the schema.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { type Figure, findFigure, keysAt, listFigures, readFigure } from '../../src/stats/figures.ts';
import type { Summary } from '../../src/stats/summary.ts';
import { makeEmptySnapshot, makeSnapshot } from '../support/snapshot.ts';

const PAGE = new URL('../../docs/FIGURES.md', import.meta.url);
const full = makeSnapshot().summary;
const empty = makeEmptySnapshot().summary;

function figureAt(path: string): Figure {
  const found = findFigure(path);
  assert.ok('path' in found, JSON.stringify(found));
  return found;
}

const read = (path: string, summary: Summary): number | undefined => readFigure(figureAt(path), summary);

test('a path leads to the number at its end, through records by key and lists by name or code', () => {
  assert.equal(read('clients.target', full), full.clients.target);
  assert.equal(read('proxy.byKind.segment.phases.waitMs.p95', full), full.proxy?.byKind.segment?.phases.waitMs.p95);
  assert.equal(read('proxy.terminations.--', full), full.proxy?.terminations['--']);
  assert.equal(read('agreement.estimators.lookup.bytes', full), estimator(full, 'lookup')?.bytes);
  for (const { code, count } of full.findings) assert.equal(read(`findings.${code}.count`, full), count);
});

test('what never happened is 0 where it would have been counted; what nobody measured is unknown', () => {
  for (const path of [
    'proxy.terminations.SD',
    'proxy.byKind.part.transfers',
    'proxy.byKind.segment.statusCodes.418',
    'proxy.byKind.part.phases.waitMs.n',
    'findings.bypass.count',
  ])
    assert.equal(read(path, empty), 0, path);
  for (const path of [
    'proxy.byKind.part.phases.waitMs.p95',
    'findings.bypass.sinceMs',
    'parser.lookup.attempts',
    'agreement.estimators.lookup.bytes',
    'instrument.calibration.addedMsP50',
    'origin.cpuRatio',
  ])
    assert.equal(read(path, empty), undefined, path);
});

describe('a path that leads nowhere is told where it left, and what would be there', () => {
  for (const [path, problem] of [
    ['proxi.transfers', /^the summary has no "proxi"; allowed: tick, run, clients, proxy,/],
    ['proxy.byKind.segments.transfers', /^proxy\.byKind has no "segments"; allowed: multivariant-playlist, media-pl/],
    ['proxy.byKind.segment.p95', /^proxy\.byKind\.segment has no "p95"; allowed: transfers, complete,/],
    ['proxy.byKind', /^"proxy\.byKind" has further parts; allowed: multivariant-playlist/],
    ['parser.httpErrors', /^"parser\.httpErrors" has further parts; allowed: a status from 400 to 599, or other$/],
    ['parser.httpErrors.200', /^parser\.httpErrors has no "200"; allowed: a status from 400 to 599, or other$/],
    [
      'proxy.byKind.segment.statusCodes.5xx',
      /^proxy\.byKind\.segment\.statusCodes has no "5xx"; allowed: a status, or/,
    ],
    [
      'proxy.byKind.segment.statusCodes.',
      /^proxy\.byKind\.segment\.statusCodes has no ""; allowed: a status, or none$/,
    ],
    ['parser.events.htp-error', /^parser\.events has no "htp-error"; allowed: .*http-error/],
    [
      'parser.tcp.failed.typo',
      /^parser\.tcp\.failed has no "typo"; allowed: refused, timeout, unreachable, resolve, ot/,
    ],
    ['instrument.verdict', /^"instrument\.verdict" is no number$/],
    ['proxy.byAddress.192', /^proxy\.byAddress has no parts that can be named$/],
    ['clients.target.n', /^clients\.target has no parts that can be named$/],
    ['', /^the summary has no ""; allowed/],
    ['proxy..transfers', /^proxy has no ""; allowed/],
    ['__proto__.constructor', /^the summary has no "__proto__"/],
    ['findings.constructor.count', /^findings has no "constructor"; allowed: playlist-stalled/],
  ] as const)
    test(`the path ${JSON.stringify(path)}`, () => {
      const found = findFigure(path);
      assert.ok('problem' in found);
      assert.match(found.problem, problem);
    });
});

test("units follow the field's own name, or that of its distribution", () => {
  for (const [path, unit] of [
    ['proxy.byKind.segment.phases.waitMs.p95', 'ms'],
    ['proxy.byKind.segment.phases.waitMs.window.max', 'ms'],
    ['proxy.byKind.segment.phases.waitMs.n', 'number'],
    ['agreement.segment.startErrorMs.bias', 'ms'],
    ['instrument.eventLoopDelayMs.tapP99', 'ms'],
    ['instrument.calibration.addedMsP50', 'ms'],
    ['run.durationSeconds', 's'],
    ['clients.playback.stallSeconds', 's'],
    ['clients.playback.stallRatio', 'ratio'],
    ['parser.segmentBytes', 'bytes'],
    ['agreement.estimators.lookup.bytes', 'bytes'],
    ['proxy.throughput.bytesPerSecond30s', 'bytes/s'],
    ['proxy.throughput.totalBytes', 'bytes'],
    ['clients.active', 'number'],
    ['clients.averageSpeed', 'number'],
  ] as const)
    assert.equal(figureAt(path).unit, unit, path);
});

test('every listed figure is found under each key that it may have', () => {
  const listed = listFigures();
  assert.ok(listed.length > 200, `${listed.length}`);
  for (const { path, unit } of listed) {
    const found = figureAt(withKeys(path));
    assert.equal(found.unit, unit, path);
    readFigure(found, full);
    readFigure(found, empty);
  }
});

test('docs/FIGURES.md lists every figure with its unit', () => {
  const wanted = page();
  if (process.env['HLS_SWARM_WRITE_GOLDEN'] === '1') writeFileSync(PAGE, wanted);
  const isSame = readFileSync(PAGE, 'utf8') === wanted;
  assert.ok(isSame, 'the schema has changed: HLS_SWARM_WRITE_GOLDEN=1 node --test test/stats/figures.test.ts');
});

/** One of the keys for each `*`. */
function withKeys(path: string): string {
  const names = path.split('.');
  return names.map((name, at) => (name === '*' ? aKeyOf(names.slice(0, at + 1).join('.')) : name)).join('.');
}

function aKeyOf(path: string): string {
  const keys = keysAt(path);
  return typeof keys === 'string' ? '404' : (keys[0] ?? '');
}

function estimator(summary: Summary, name: string): Summary['agreement']['estimators'][number] | undefined {
  return summary.agreement.estimators.find((score) => score.name === name);
}

function page(): string {
  const figures = listFigures();
  const keyed = new Set(
    figures.flatMap(({ path }) => {
      const names = path.split('.');
      return names.flatMap((name, at) => (name === '*' ? [names.slice(0, at + 1).join('.')] : []));
    }),
  );
  return [
    '# Figures that `--fail-if` can name',
    '',
    'Made from the schema of the summary (`summary.schema.json`); test/stats/figures.test.ts keeps the two together.',
    '`--fail-if FIGURE>NUMBER` with `>`, `>=`, `<`, `<=`, `==` or `!=`; the summary at the end of the run is judged.',
    '',
    'A number without a unit is in the unit of the figure: `ms`, `s`, `bytes`, `bytes/s`, or none. Units that are taken:',
    'for times `us`, `ms`, `s`, `m`, `h` (`1m30s`), for bytes `B`, `kB`, `KiB`, `MB`, `MiB`, `GB`, `GiB`, for rates the same',
    'and `kbit`, `Mbit`, `Gbit` with `/s`, for ratios `%`.',
    '',
    'A count of something that did not happen is 0. A figure that nobody could measure has no value: it holds nothing, and',
    'the end of the run says so. What each figure means is in the README and METRICS.md.',
    '',
    '## What `*` stands for',
    '',
    '| path | keys |',
    '|---|---|',
    ...[...keyed].map(
      (path) =>
        `| \`${path}\` | ${[keysAt(path)].flatMap((keys) => (typeof keys === 'string' ? keys : keys.map((key) => `\`${key}\``))).join(' ')} |`,
    ),
    '',
    '## Figures',
    '',
    '| figure | unit |',
    '|---|---|',
    ...figures.map(({ path, unit }) => `| \`${path}\` | ${unit === 'number' ? '' : unit} |`),
    '',
  ].join('\n');
}
