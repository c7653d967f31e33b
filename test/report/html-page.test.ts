// The HTML report by its text: whole, alone, bounded, readable without its script, and deaf to what origins and clients say.
// How it looks is for `npm run verify:faces`, in a browser.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { escapeHtml, html } from '../../src/report/html-markup.ts';
import { type PageInput, renderPage } from '../../src/report/html-page.ts';
import { HtmlReport } from '../../src/run/html-report.ts';
import { FINDINGS } from '../../src/stats/findings.ts';
import type { Snapshot } from '../../src/stats/summary.ts';
import { Timeline } from '../../src/stats/timeline.ts';
import { makeEmptySnapshot, makeSnapshot } from '../support/snapshot.ts';
import type { Overrides } from '../support/snapshot-parts.ts';
import { elementsOf, textOf } from './html-text.ts';

const LIBRARY = { script: 'window.uPlot = 1;', style: '.u {}', license: 'May be -- so they say -- copied.\n' };
const HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>`&amp;';

/** `seconds` ticks of a run whose numbers rise. */
function courseOf(seconds: number, clients = 1): Timeline {
  const timeline = new Timeline();
  for (let client = 1; client <= clients; client += 1)
    timeline.observe({ type: 'client', client, process: 1, atMs: client, event: 'start' });
  for (let second = 1; second <= seconds; second += 1)
    timeline.add(
      makeSnapshot({
        atMs: second * 1_000,
        elapsedSeconds: second,
        summary: { proxy: { throughput: { totalBytes: second * 1_234_567 } } },
      }),
    );
  return timeline;
}

function page(overrides: Overrides<Snapshot> = {}, input: Partial<PageInput> = {}): string {
  const snapshot = makeSnapshot(overrides);
  const timeline = courseOf(43).read();
  return renderPage({ snapshot, timeline, command: 'hls-swarm demo', chartLibrary: LIBRARY, ...input });
}

describe('the HTML report', () => {
  test('is well-formed: every element is closed, every id is there once, every link of the contents has its section', () => {
    const elements = elementsOf(page());
    const ids = elements.flatMap(({ attributes }) => attributes.get('id') ?? []);
    assert.equal(new Set(ids).size, ids.length);
    const links = elements.flatMap(({ name, attributes }) => (name === 'a' ? (attributes.get('href') ?? []) : []));
    assert.ok(links.length >= 9);
    for (const link of links) assert.ok(link.startsWith('#') && ids.includes(link.slice(1)), link);
  });

  test('needs nothing from anywhere, and its policy would let nothing in', () => {
    const text = page();
    for (const { name, attributes } of elementsOf(text)) {
      for (const attribute of ['src', 'srcset', 'action', 'data', 'poster', 'style', 'onclick', 'onload'])
        assert.equal(attributes.get(attribute), undefined, `${name} ${attribute}`);
      assert.ok(!['link', 'iframe', 'object', 'embed', 'base', 'form'].includes(name), name);
    }
    assert.doesNotMatch(text, /@import|url\(/);
    const policy =
      elementsOf(text)
        .find(({ attributes }) => attributes.has('http-equiv'))
        ?.attributes.get('content') ?? '';
    assert.match(policy, /^default-src 'none'; script-src 'sha256-/);
    for (const { name, attributes, content } of elementsOf(text)) {
      if (name !== 'script' || attributes.has('type')) continue;
      assert.ok(
        policy.includes(createHash('sha256').update(content).digest('base64')),
        'a script that the policy refuses',
      );
    }
  });

  test('says the verdict with its reasons, the accounts, phases, endings, agreement, clients, findings, command and versions', () => {
    const snapshot = makeSnapshot();
    const text = textOf(page({}, { command: 'hls-swarm run http://o/live.m3u8 --clients 12' }));
    const { run, instrument, proxy, findings, agreement } = snapshot.summary;
    for (const words of [
      ...[instrument.verdict.toUpperCase(), ...instrument.reasons, run.url, run.id, run.version, run.ffmpeg, run.node],
      ...['proxy', 'parser', 'origin', 'residual', 'hls-swarm run http://o/live.m3u8 --clients 12'],
      ...Object.keys(proxy?.terminations ?? {}),
      ...findings.flatMap(({ code, subject, evidence }) => [code, subject, evidence]),
      ...agreement.estimators.map(({ name }) => name),
      (proxy?.throughput?.totalBytes ?? 0).toLocaleString('en-US'),
    ])
      assert.ok(text.includes(words), `'${words}' is missing`);
  });

  test('shows what each chart shows as a table too, with a caption and heads of rows and columns', () => {
    const elements = elementsOf(page());
    const plots = elements.filter(({ attributes }) => attributes.get('class') === 'plot');
    assert.ok(plots.length >= 3);
    for (const { attributes } of plots) {
      assert.equal(attributes.get('tabindex'), '0');
      assert.match(attributes.get('aria-label') ?? '', /from .* to .*, in the end /);
    }
    const count = (wanted: string): number => elements.filter(({ name }) => name === wanted).length;
    assert.equal(count('table'), count('caption'));
    for (const { name, attributes } of elements)
      if (name === 'th') assert.match(attributes.get('scope') ?? '', /^(row|col)$/);
  });

  test('gives its script figures that it can read, unknown ones as null', () => {
    const data = elementsOf(page()).find(({ attributes }) => attributes.get('id') === 'figures')?.content ?? '';
    const figures = JSON.parse(data) as {
      id: string;
      seconds: number[];
      lines: { label: string; values: unknown[] }[];
    }[];
    assert.equal(figures[0]?.id, 'throughput');
    assert.equal(figures[0]?.seconds.length, 43);
    const [proxy] = figures[0]?.lines ?? [];
    assert.deepEqual([proxy?.label, proxy?.values[0]], ['proxy', null]);
    assert.equal(proxy?.values.at(-1), Number(((1_234_567 * 8) / 1e6).toPrecision(4)));
  });

  test('of a run in which nothing happened is a page too', () => {
    const input = {
      snapshot: makeEmptySnapshot(),
      timeline: new Timeline().read(),
      command: '',
      chartLibrary: LIBRARY,
    };
    const text = renderPage(input);
    assert.ok(elementsOf(text).length > 50);
    assert.doesNotMatch(textOf(text), /undefined|NaN|Infinity|\[object/);
  });

  test('of a run without a tap holds nothing against a reference that is not there', () => {
    const { proxy: _untapped, ...summary } = makeSnapshot().summary;
    const text = renderPage({
      ...{ snapshot: { ...makeSnapshot(), summary }, timeline: courseOf(9).read() },
      ...{ command: '', chartLibrary: LIBRARY },
    });
    assert.match(textOf(text), /Nothing was tapped, so there is no reference/);
    assert.doesNotMatch(text, /id="(phases|endings)"/);
    assert.ok(elementsOf(text).length > 50);
  });

  test('shows no figure that is none', () => {
    assert.doesNotMatch(textOf(page()), /undefined|NaN|Infinity|\[object/);
  });

  test('says a finding once, whatever the number of its subjects, and keeps them all', () => {
    const findings = Array.from({ length: 5 }, (_, at) => ({
      code: 'playlist-lost' as const,
      subject: `client ${at}`,
      sinceMs: at,
      count: 1,
      evidence: 'exit 0',
    }));
    const text = page({ summary: { findings } });
    assert.equal(text.split(FINDINGS['playlist-lost'].sentence).length - 1, 1);
    assert.match(text, /client 2: <em>exit 0<\/em><\/p><details><summary>2 more<\/summary>.*client 4/s);
  });

  test('takes what a URL, a finding, a reason or a command says for text, whatever it says', () => {
    const hostile = page(
      {
        summary: {
          run: { url: `http://o/${HOSTILE}`, variant: HOSTILE },
          instrument: { reasons: [HOSTILE] },
          origin: { sources: [HOSTILE] },
          findings: [{ code: 'segment-missing', subject: HOSTILE, sinceMs: 1, count: 1, evidence: HOSTILE }],
          thresholds: [{ expression: HOSTILE, failed: true }],
        },
        clients: makeSnapshot().clients.map((row) => ({ ...row, exitCategory: 'error', exitReason: HOSTILE })),
        recentEvents: [
          { atMs: 1, client: 3, event: 'exit', category: 'error', reason: HOSTILE },
          { atMs: 2, client: 3, event: 'transfer', kind: 'segment', termination: 'SD', url: `http://o/${HOSTILE}` },
          { atMs: 3, event: 'finding', code: 'segment-missing', subject: HOSTILE },
        ],
      } as Overrides<Snapshot>,
      { command: HOSTILE },
    );
    const before = elementsOf(page());
    const scripts = elementsOf(hostile).filter(({ name }) => name === 'script');
    assert.equal(scripts.length, before.filter(({ name }) => name === 'script').length);
    assert.ok(elementsOf(hostile).every(({ attributes }) => !attributes.has('onerror')));
    assert.equal(textOf(hostile).split(HOSTILE).length - 1 >= 12, true, 'it is there, as text');
  });

  test('of a day with a thousand clients is below a megabyte', () => {
    const clients = Array.from({ length: 1_000 }, (_, at) => ({ ...makeSnapshot().clients[0], client: at + 1 }));
    const timeline = courseOf(20_000, 1_000).read();
    const text = page({ clients } as Overrides<Snapshot>, { timeline });
    assert.ok(timeline.seconds.length <= 1_200);
    assert.ok(text.length < 700_000, `${text.length} octets`);
    assert.match(textOf(text), /A point stands for 32 s/);
    assert.match(textOf(text), /40 of 1,000 clients/);
  });

  test('is written for its owner only, whole, with the library that draws', async (context) => {
    const folder = await mkdtemp(join(tmpdir(), 'hls-swarm-html-'));
    context.after(() => rm(folder, { recursive: true, force: true }));
    const path = join(folder, 'page.html');
    await new HtmlReport({ path, command: 'hls-swarm demo' }).write(makeSnapshot());
    const { mode, size } = await stat(path);
    assert.match(
      await readFile(path, 'utf8'),
      /<!-- Of the next script[\s\S]*The MIT License[\s\S]*Leon Sorokin[^<]*-->\n<script>/,
    );
    assert.deepEqual([mode & 0o777, size > 60_000], [0o600, true]);
    const report = new HtmlReport({ path: join(folder, 'none', 'page.html'), command: '' });
    await assert.rejects(report.write(makeSnapshot()), /^Error: --html: cannot write '.*none\/page\.html'/);
  });
});

test('text in a template is that text and nothing else', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const escaped = html`<p title="${text}">${text}</p>`.text;
      const [element, ...others] = elementsOf(escaped);
      assert.equal(others.length, 0);
      assert.equal(element?.attributes.get('title'), text);
      assert.equal(textOf(escaped), text);
      assert.doesNotMatch(escapeHtml(text), /[<>"'`]/);
    }),
  );
});
