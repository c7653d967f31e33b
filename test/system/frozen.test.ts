// Segments stall while requests go on: a live origin whose playlist stops advancing while it still answers every reload.
// The founding defect that its dashboards never showed; the run must name it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { vodMedia } from '../support/ffmpeg-media.ts';
import { readJournal } from '../support/journal.ts';
import { assertMeasured, sandbox, startHlsSwarm } from '../support/program.ts';
import { requirement } from '../support/require.ts';
import { live } from '../support/scripted-answers.ts';
import { ScriptedOrigin } from '../support/scripted-origin.ts';

const WINDOW = 3;
const ADVANCES = 3;

test('a playlist that stops advancing is found within seconds, and named with its evidence (frozen playlist)', {
  skip: requirement('ffmpeg'),
}, async () => {
  const media = await vodMedia({ segments: 8, segmentSeconds: 1 });
  const advance = ({ elapsedMs }: { readonly elapsedMs: number }): number =>
    Math.min(ADVANCES, Math.floor(elapsedMs / 1_000));
  await using origin = await ScriptedOrigin.start(
    live({ segments: media.segments, seconds: 1, window: WINDOW, advance }),
  );
  await using box = await sandbox();
  const url = origin.url('/live.m3u8');
  const files = ['--report', box.file('r.json'), '--journal', box.file('j.ndjson')];
  const shape = ['--clients', '2', '--ramp-rate', '50', '--metrics', '127.0.0.1:0', '--ffmpeg', box.ffmpeg];
  await using program = startHlsSwarm([url, ...shape, ...files], box.env);
  const control = await program.controlUrl();
  await program.until(async () => {
    const response = await fetch(`${control}/snapshot`);
    const { findings = [] } = (await response.json()) as { findings?: readonly { readonly code: string }[] };
    return findings.some(({ code }) => code === 'playlist-stalled');
  }, 'the finding');
  program.signal('SIGTERM');
  const ended = await program.ended();
  const { summary, events, transfers } = await readJournal(box.file('j.ndjson'));
  assertMeasured(ended, summary);
  const finding = summary.findings.find((one) => one.code === 'playlist-stalled');
  assert.equal(finding?.subject, url);
  assert.match(finding.evidence, /media sequence 3 and its last segment unchanged .*target duration 1\.00 s/);
  assert.match(ended.stdout, /playlist-stalled/);
  const told = events.find((event) => event.type === 'finding' && event.code === 'playlist-stalled');
  const lastChangeMs = Math.max(
    ...events.map((event) => (event.type === 'playlist' && isNewest(event) ? event.atMs : 0)),
  );
  const reloads = transfers.filter(({ kind, startedAtMs }) => kind === 'media-playlist' && startedAtMs > lastChangeMs);
  assert.ok(reloads.length >= 4, `${reloads.length} reloads of the frozen playlist`);
  assert.ok(told !== undefined && told.type === 'finding' && told.atMs > 3_000);
  const lastSegment = `/seg${WINDOW + ADVANCES - 1}.ts`;
  assert.equal(origin.requests.filter(({ target }) => target === lastSegment).length, 2);
  assert.equal(summary.clients.restarts, 0);
});

function isNewest({ mediaSequence }: { readonly mediaSequence: number }): boolean {
  return mediaSequence === ADVANCES;
}
