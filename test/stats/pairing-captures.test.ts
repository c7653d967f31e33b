// Pairing on real FFmpeg logs against what the server saw: every real request matched, nothing invented.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseRange } from '../../src/hls/resource.ts';
import { ATTEMPT_GROUPS } from '../../src/stats/pairing-tally.ts';
import { parseLog } from '../swarm/stderr-captures.ts';
import { type Arrival, lineArrival, NOTHING_OPEN, play, transfer, transferArrival } from './pairing-traffic.ts';

interface Truth {
  readonly url: string;
  readonly conn: number;
  readonly range?: string;
  readonly tStart: number;
  readonly tEnd: number;
}

/** Only the laboratory's folder has the instants at which each chunk of every log arrived. */
const LABORATORY = new URL('../../../shared/ffmpeg/captures/', import.meta.url);

const readLines = <Line>(capture: string, file: string): Line[] =>
  readFileSync(new URL(`${capture}/${file}`, LABORATORY), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

const pathOf = (url: string): string => url.replace(/^https?:\/\/[^/]+/, '');

/** Epoch seconds of the captures to milliseconds of a run that began with the first of them. */
function arrivalsOf(capture: string): Arrival[] {
  const chunks = readLines<{ t: number; off: number; len: number }>(capture, 'arrivals.jsonl');
  const originS = chunks[0]?.t ?? 0;
  const ms = (epochS: number): number => (epochS - originS) * 1000;
  const log = readFileSync(new URL(`${capture}/stderr.log`, LABORATORY));
  const { facts } = parseLog(chunks.map(({ t, off, len }) => [log.subarray(off, off + len), ms(t)] as const));
  let hasDialled = false;
  const arrivals: Arrival[] = [];
  for (const { fact, atMs } of facts) {
    if (fact.rule === 'tcp-start') hasDialled = true;
    if (fact.rule !== 'request') continue;
    const line = { type: 'parsed', client: 1, process: 1, atMs, ...fact, url: pathOf(fact.url) } as const;
    arrivals.push(lineArrival(line, { guess: 'other', isNewConnection: hasDialled }));
    hasDialled = false;
  }
  for (const { url, conn, range, tStart, tEnd } of readLines<Truth>(capture, 'truth.jsonl')) {
    const asked = parseRange(range);
    const startedAtMs = ms(tStart);
    const facts = { url: pathOf(url), connection: conn, startedAtMs, totalMs: ms(tEnd) - startedAtMs };
    arrivals.push(transferArrival(transfer({ ...facts, ...(asked === undefined ? {} : { range: asked }) })));
  }
  return arrivals;
}

/** Requests that the server saw, and GET lines that it never did because the kept connection was gone. */
const CAPTURES: readonly (readonly [capture: string, matched: number, deadConnection: number])[] = [
  ['01-live-ts-debug-ff51', 48, 0],
  ['04-live-ts-debug-datetime-ff8', 46, 0],
  ['07-live-ts-re-ff51', 20, 0],
  ['11-vod-seg404-prefetch-storm-ff51', 20, 0],
  ['14-vod-seg503-twice-ff51', 11, 0],
  ['15-live-playlist503-midrun-ff51', 10, 0],
  ['19-live-keepalive-idle-close-ff51', 28, 23],
  ['21-vod-truncated-and-reset-ff51', 11, 1],
  ['31-vod-aes128-ff51', 32, 0],
  ['32-vod-byterange-ff51', 31, 0],
  ['35-live-frozen-playlist-ff51', 17, 0],
  ['36-live-trace-ff51', 16, 0],
  ['37-forward-proxy-http-ff51', 34, 0],
];

for (const [capture, matched, deadConnection] of CAPTURES) {
  test(`${capture}: ${matched} requests matched, ${deadConnection} on dead connections, none missed, none spurious`, {
    skip: existsSync(LABORATORY) ? false : 'the captures with arrival times are only in ../shared, which is absent',
  }, () => {
    for (const open of [NOTHING_OPEN, undefined]) {
      const pairing = play(arrivalsOf(capture), open);
      pairing.finish();
      const { groups } = pairing.read();
      const sum = (field: 'matched' | 'missed' | 'spurious' | 'deadConnection'): number =>
        ATTEMPT_GROUPS.reduce((total, group) => total + groups[group][field], 0);
      assert.deepEqual(
        { matched: sum('matched'), missed: sum('missed'), spurious: sum('spurious'), dead: sum('deadConnection') },
        { matched, missed: 0, spurious: 0, dead: deadConnection },
      );
      const errors = groups.segment.startErrorMs;
      assert.ok((errors.absP95 ?? Number.POSITIVE_INFINITY) < 5, `95 % of the start errors within ${errors.absP95} ms`);
    }
  });
}
