// What goes wrong at an origin, through the whole program with real clients: numbers that start over, a listing that lags, and an
// origin that says nothing of itself. Each is named in the report and on the page; none is mistaken for another.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { vodMedia } from '../support/ffmpeg-media.ts';
import { readJournal } from '../support/journal.ts';
import { assertMeasured, hlsSwarm, sandbox } from '../support/program.ts';
import { requirement } from '../support/require.ts';
import { live, withLength } from '../support/scripted-answers.ts';
import { type Script, ScriptedOrigin } from '../support/scripted-origin.ts';

const WINDOW = 3;
const SECONDS = 1;
const CLIENTS = 3;
/** The encoder's first number: then it begins again with 0. No list from before can be taken for an older copy of one after,
 *  however slow a client is. */
const FIRST_NUMBER = 12;
/** As often the list is asked for before the encoder begins again: by requests and not by time, so that clients have had a
 *  list by then, however late a loaded machine lets them begin. The look before the start asks at most three times. */
const RELOADS_BEFORE_RESTART = 3 + 2 * CLIENTS;
/** A segment is listed so much later than the playlist has it; clients ask for it some seconds after that at the latest. */
const LAG_MS = 6_000;
const skip = requirement('ffmpeg');
const SEGMENTS = 20;

type Advance = Parameters<typeof live>[0]['advance'];

describe('troubles of an origin', { skip, concurrency: true }, () => {
  test('an encoder that begins again is named with its numbers, once for all clients (numbers start over)', {
    skip,
  }, async () => {
    let beganAgainAtMs: number | undefined;
    const advance: Advance = ({ reloads, elapsedMs }) => {
      if (reloads >= RELOADS_BEFORE_RESTART) beganAgainAtMs ??= elapsedMs;
      const [first, sinceMs] = beganAgainAtMs === undefined ? [FIRST_NUMBER, 0] : [0, beganAgainAtMs];
      return first + Math.floor((elapsedMs - sinceMs) / 1_000);
    };
    const { summary, stdout, events, url } = await playing(8, () => streamed(advance));
    const found = summary.findings.filter(({ code }) => code === 'encoder-restarted');
    assert.deepEqual(
      found.map(({ subject, count }) => [subject, count]),
      [[url, 1]],
    );
    const [, from, to, last] =
      /^media sequence fell from (\d+) to (\d+) \(client \d\), the last segment is now .*\/seg(\d+)\.ts$/.exec(
        found[0]?.evidence ?? '',
      ) ?? [];
    assert.ok(Number(from) >= FIRST_NUMBER && Number(to) < FIRST_NUMBER, found[0]?.evidence);
    assert.equal(Number(last), Number(to) + WINDOW - 1);
    const lists = events.filter((event) => event.type === 'playlist');
    const fallen = lists.find(({ mediaSequence }) => mediaSequence < FIRST_NUMBER);
    assert.equal(found[0]?.sinceMs, fallen?.atMs);
    assert.match(stdout, /! encoder-restarted: http/);
    assert.equal(
      summary.findings.some(({ code }) => code === 'sequence-went-back'),
      false,
    );
  });

  test('a listing that lags behind the playlist is named with the lag as it was measured', async () => {
    const advance: Advance = ({ elapsedMs }) => Math.floor(elapsedMs / 1_000);
    const { summary, stdout } = await playing(12, () => laggingListing(advance), '--segment-sizes-interval', '500ms');
    const found = summary.findings.find(({ code }) => code === 'listing-lags');
    const [, late, settled, listed, median, unit] =
      /^(\d+) of (\d+) segments were asked for before the listing showed them; (\d+) came later, after ([\d.]+) (ms|s)/.exec(
        found?.evidence ?? '',
      ) ?? [];
    assert.ok(Number(settled) >= 20 && Number(late) > Number(settled) / 4, found?.evidence ?? 'no finding');
    assert.ok(Number(listed) > 0);
    // From the request to the listing: what the client was behind the playlist is no part of it.
    const medianMs = Number(median) * (unit === 's' ? 1_000 : 1);
    assert.ok(medianMs > 500 && medianMs < LAG_MS + 2_000, `${medianMs} ms`);
    assert.match(stdout, /! listing-lags/);
    assert.ok((summary.parser.lookup?.misses.notYetListed ?? 0) > 0);
  });

  test('an origin that nobody may ask (behind a CDN) is not available, with the reason; all else is measured', {
    skip,
  }, async () => {
    const advance: Advance = ({ elapsedMs }) => Math.floor(elapsedMs / 1_000);
    const { summary, stdout } = await playing(4, () => streamed(advance));
    const { available, sources, reason } = summary.origin;
    assert.deepEqual([available, sources, reason], [false, [], 'no origin metrics were read']);
    const { source, originBytes, residualBytes, explained } = summary.reconciliation;
    assert.deepEqual([source, originBytes, residualBytes], [undefined, undefined, undefined]);
    assert.equal(explained?.segmentContent, summary.proxy?.byKind.segment?.contentBytes);
    assert.ok((explained?.segmentContent ?? 0) > 0);
    assert.deepEqual([summary.agreement.segment.precision, summary.agreement.segment.recall], [1, 1]);
    assert.match(stdout, /source +not available: no origin metrics were read/);
  });
});

async function playing(
  durationSeconds: number,
  open: () => Promise<{ readonly origin: ScriptedOrigin; readonly listing?: string }>,
  ...more: readonly string[]
) {
  const { origin, listing } = await open();
  await using _ = origin;
  await using box = await sandbox();
  const url = origin.url('/live.m3u8');
  const sizes = listing === undefined ? [] : ['--segment-sizes-url', listing];
  const shape = ['--clients', String(CLIENTS), '--ramp-rate', '50', '--duration', `${durationSeconds}s`];
  const place = ['--metrics', '127.0.0.1:0', '--ffmpeg', box.ffmpeg, '--journal', box.file('j.ndjson')];
  const ended = await hlsSwarm([url, ...shape, ...place, ...sizes, ...more], box.env, (durationSeconds + 20) * 1_000);
  const { summary, events } = await readJournal(box.file('j.ndjson'));
  assertMeasured(ended, summary);
  return { summary, events, stdout: ended.stdout, url };
}

async function streamed(advance: Advance): Promise<{ readonly origin: ScriptedOrigin }> {
  const { segments } = await vodMedia({ segments: SEGMENTS, segmentSeconds: SECONDS });
  return { origin: await ScriptedOrigin.start(live({ segments, seconds: SECONDS, window: WINDOW, advance })) };
}

/** The stream, and beside it a listing that knows of its segments some seconds late. */
async function laggingListing(advance: Advance) {
  const { segments } = await vodMedia({ segments: SEGMENTS, segmentSeconds: SECONDS });
  const stream = live({ segments, seconds: SECONDS, window: WINDOW, advance });
  let startedAtMs: number | undefined;
  const script: Script = (request) => {
    if (request.target !== '/files/json/') {
      if (request.target.includes('live.m3u8')) startedAtMs ??= request.atMs;
      return stream(request);
    }
    const elapsedMs = startedAtMs === undefined ? 0 : request.atMs - startedAtMs - LAG_MS;
    const listed = elapsedMs < 0 ? 0 : WINDOW + advance({ elapsedMs, reloads: 0 });
    const files = segments
      .slice(0, Math.max(1, listed))
      .map((octets, number) => ({ name: `seg${number}.ts`, type: 'file', size: octets.length }));
    return withLength(JSON.stringify(files), { fields: { 'Content-Type': 'application/json' } });
  };
  const origin = await ScriptedOrigin.start(script);
  return { origin, listing: origin.url('/files/json/') };
}
