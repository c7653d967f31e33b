// Clients that give up on an origin which is silent, through the whole program: each request that stays without an answer is a
// timeout in the tap's account, though it was FFmpeg that left. The truth is what the origin left unanswered.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { vodMedia } from '../support/ffmpeg-media.ts';
import { readJournal } from '../support/journal.ts';
import { assertMeasured, sandbox, startHlsSwarm } from '../support/program.ts';
import { requirement } from '../support/require.ts';
import { live } from '../support/scripted-answers.ts';
import { type Script, ScriptedOrigin } from '../support/scripted-origin.ts';

const CLIENTS = 3;
/** Asked for after some seconds, and never answered. */
const MUTE = /\/seg4\.ts$/;
const skip = requirement('ffmpeg');

test('a client that leaves after its --timeout is a timeout of the origin, in report, metrics and summary', {
  skip,
}, async () => {
  const { segments } = await vodMedia({ segments: 20, segmentSeconds: 1 });
  const advance = ({ elapsedMs }: { readonly elapsedMs: number }): number => Math.floor(elapsedMs / 1_000);
  const stream = live({ segments, seconds: 1, window: 3, advance });
  const script: Script = (request) => (MUTE.test(request.target) ? undefined : stream(request));
  await using origin = await ScriptedOrigin.start(script);
  await using box = await sandbox();
  const shape = ['--clients', String(CLIENTS), '--ramp-rate', '50', '--duration', '8s', '--timeout', '1s'];
  const place = ['--metrics', '127.0.0.1:0', '--ffmpeg', box.ffmpeg, '--journal', box.file('j'), '--no-calibrate'];
  await using program = startHlsSwarm([origin.url('/live.m3u8'), ...shape, ...place], box.env);
  const silent = (): number => origin.requests.filter(({ target }) => MUTE.test(target)).length;
  const url = await program.controlUrl();
  const scraped = await program.until(async () => {
    const text = await (await fetch(`${url}/metrics`)).text();
    const found = Number(/^hls_swarm_timeouts_total (\d+)$/m.exec(text)?.[1] ?? 0);
    return found >= CLIENTS && found;
  }, 'every client to have waited in vain');
  const ended = await program.ended();
  const { summary, events } = await readJournal(box.file('j'));
  assertMeasured(ended, summary);
  const left = events.filter((event) => event.type === 'transfer' && event.termination === 'CH').length;
  assert.deepEqual([summary.proxy?.timeouts, left], [silent(), silent()]);
  assert.ok(scraped <= silent(), `${scraped} scraped of ${silent()}`);
  assert.match(ended.stdout, new RegExp(`timeouts ${silent()}\\b`));
});
