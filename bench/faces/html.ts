// The HTML report in Chromium: a page of a real run draws all its charts under its own policy, says what the summary says, is read
// by keyboard, in the dark, on a narrow screen and on paper; a page full of hostile words runs none of them.
// The pictures are for eyes: their paths are printed.
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HtmlReport } from '../../src/run/html-report.ts';
import type { Snapshot, Summary } from '../../src/stats/summary.ts';
import { makeSnapshot } from '../../test/support/snapshot.ts';
import type { Overrides } from '../../test/support/snapshot-parts.ts';
import type { Check } from '../support/checks.ts';
import { ChromiumPage } from '../support/chromium.ts';
import { SwarmRun } from '../support/swarm-run.ts';
import type { Face } from './face.ts';

const CLIENTS = 4;
const DURATION_SECONDS = 15;
const FAULTS = ['kind=segment nth=every:9 status=503', 'kind=segment nth=every:7 truncate=50%'];
const MAX_PAGE_BYTES = 1_000_000;
const NARROW_PIXELS = 420;
const OWNED = 'document.title="owned"';
const HOSTILE = `"><script>${OWNED}</script><img src=x onerror='${OWNED}'><svg onload='${OWNED}'>`;

export const htmlReport: Face = {
  name: 'html',
  needs: ['ffmpeg', 'chromium'],
  headline: `The page of a run of ${CLIENTS} clients and ${DURATION_SECONDS} s with faults, in Chromium`,
  verify,
};

async function verify(): Promise<readonly Check[]> {
  const folder = await mkdtemp(join(tmpdir(), 'hls-swarm-verify-html-'));
  try {
    const [path, report] = [join(folder, 'page.html'), join(folder, 'report.json')];
    const files = ['--html', path, '--report', report, '--duration', `${DURATION_SECONDS}s`];
    const args = [...files, ...FAULTS.flatMap((rule) => ['--fault', rule])];
    const run = new SwarmRun({ clients: CLIENTS, rampPerSecond: CLIENTS, args });
    await using _program = run.program;
    await run.program.ended((DURATION_SECONDS + 30) * 1_000);
    const summary = JSON.parse(readFileSync(report, 'utf8')) as Summary;
    return [...(await realPage(path, summary)), await hostilePage(folder)];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function realPage(path: string, summary: Summary): Promise<readonly Check[]> {
  const size = readFileSync(path).length;
  await using page = await ChromiumPage.open(path);
  const markup = await page.markup();
  const [plots, canvases] = [count(markup, /class="plot"/g), count(markup, /<canvas/g)];
  const legends = count(markup, /<td class="u-value">[^<]*\d[^<]*<\/td>/g);
  const bytes = (summary.proxy?.throughput?.totalBytes ?? 0).toLocaleString('en-US');
  picture('light', await page.picture());
  const keyboard = await byKeyboard(page);
  const dark = await inTheDark(page);
  const narrow = await onANarrowScreen(page);
  const pages = (await page.paper()).toString('latin1').match(/\/Type\s*\/Page[^s]/g)?.length ?? 0;
  return [
    check('size', `${Math.round(size / 1_000)} kB`, 'below 1 MB', size < MAX_PAGE_BYTES),
    check('charts drawn', `${canvases} of ${plots}`, 'all, four at least', canvases === plots && plots >= 4),
    check('figures in the legends', String(legends), 'two per chart', legends >= 2 * plots),
    check('segment bytes as the summary has them', bytes, 'on the page', markup.includes(bytes)),
    check(
      'verdict',
      summary.instrument.verdict,
      'on the page',
      markup.includes(summary.instrument.verdict.toUpperCase()),
    ),
    keyboard,
    dark,
    narrow,
    check('sheets of paper', String(pages), '2 to 12', pages >= 2 && pages <= 12),
    check('the browser complains of', page.complaints.join('; ') || 'nothing', 'nothing', page.complaints.length === 0),
  ];
}

/** Home and two steps to the right: the legend says the third instant. */
async function byKeyboard(page: ChromiumPage): Promise<Check> {
  await page.read("document.getElementById('plot-throughput').focus()");
  for (const key of ['Home', 'ArrowRight', 'ArrowRight']) await page.press(key);
  const shown = String(await page.read("document.querySelector('#plot-throughput .u-value').textContent"));
  const wanted = String(
    await page.read("'0:0' + Math.round(JSON.parse(document.getElementById('figures').textContent)[0].seconds[2])"),
  );
  return check('instant that arrow keys reach', shown, wanted, shown === wanted);
}

async function inTheDark(page: ChromiumPage): Promise<Check> {
  await page.preferDark();
  picture('dark', await page.picture());
  const paper = String(await page.read('getComputedStyle(document.body).backgroundColor'));
  const light = /rgb\((\d+)/.exec(paper)?.[1];
  return check('background in the dark', paper, 'dark', light !== undefined && Number(light) < 64);
}

async function onANarrowScreen(page: ChromiumPage): Promise<Check> {
  await page.resize(NARROW_PIXELS, 1_000);
  picture('narrow', await page.picture());
  const width = Number(await page.read('document.documentElement.scrollWidth'));
  return check('width of the page on a narrow screen', `${width} px`, `${NARROW_PIXELS} px`, width <= NARROW_PIXELS);
}

async function hostilePage(folder: string): Promise<Check> {
  const path = join(folder, 'hostile.html');
  const words: Overrides<Snapshot> = {
    summary: {
      run: { url: `http://origin.example/${HOSTILE}` },
      instrument: { reasons: [HOSTILE] },
      findings: [{ code: 'segment-missing', subject: HOSTILE, sinceMs: 1, count: 1, evidence: HOSTILE }],
    },
  };
  await new HtmlReport({ path, command: HOSTILE }).write(makeSnapshot(words));
  await using page = await ChromiumPage.open(path);
  const markup = await page.markup();
  const title = String(await page.read('document.title'));
  const isInert = title !== 'owned' && count(markup, /<img/g) === 0 && title.includes('<script>');
  return check('hostile words in URL, reason, finding, command', isInert ? 'text' : 'more than text', 'text', isInert);
}

function picture(name: string, octets: Buffer): void {
  const path = join(tmpdir(), `hls-swarm-report-${name}.png`);
  writeFileSync(path, octets);
  console.log(`for eyes: ${path}`);
}

function count(text: string, pattern: RegExp): number {
  return [...text.matchAll(pattern)].length;
}

function check(what: string, measured: string, mustBe: string, holds: boolean): Check {
  return { what, measured, mustBe, holds };
}
