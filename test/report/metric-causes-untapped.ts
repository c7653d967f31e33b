// The names that the log feeds where there is no tap, and what makes them move. Data only; as in metric-causes.ts.
import type { Event } from '../../src/events.ts';
import { listing, PLAYLIST, parsed, sample, segment, segmentBytes } from '../stats/ledger-traffic.ts';
import { type Cause, INIT, STARTED } from './metric-causes.ts';

const UNTAPPED = { isTapped: false } as const;

const asked = (atMs: number, url: string): Event => parsed(1, atMs, { rule: 'request', method: 'GET', url });

const logged = (number: number, atMs: number): readonly Event[] =>
  segment(1, number, atMs).filter(({ type }) => type === 'parsed');

export const UNTAPPED_CAUSES: readonly Cause[] = [
  {
    what: 'without a tap the log names requests, a listing their sizes',
    run: UNTAPPED,
    given: [...STARTED, listing(100, [1, 2, 3]), sample(0, [])],
    events: [
      asked(400, 'http://127.0.0.1:8080/live/what'),
      asked(500, PLAYLIST),
      ...[1, 2, 3].flatMap((number) => logged(number, number * 600)),
      parsed(1, 1_900, { rule: 'hls-request', url: INIT, offset: 0, playlist: 0 }),
      asked(1_900, INIT),
      parsed(1, 1_920, { rule: 'init-section', bytes: 900 }),
      sample(2_000, []),
    ],
    readAtMs: [200, 2_000],
    moves: {
      manifest_requests_total: [0, 1],
      segment_requests_total: [0, 3],
      init_requests_total: [0, 1],
      unknown_requests_total: [0, 1],
      manifest_requests_per_second: [0, 0.5],
      segment_requests_per_second: [0, 1.5],
      bytes_downloaded_total: [0, segmentBytes(1)],
      throughput_bytes_per_second: [undefined, segmentBytes(1) / 2],
    },
  },
  {
    what: 'without a tap the log names failures',
    run: UNTAPPED,
    given: [...STARTED, ...[1, 2, 3, 4].flatMap((number) => logged(number, number * 600))],
    events: [
      parsed(1, 3_000, { rule: 'http-error', status: 404, text: 'Not Found' }),
      parsed(1, 3_500, { rule: 'timeout', text: 'Connection timed out' }),
    ],
    readAtMs: [2_500, 4_000],
    moves: { 'http_errors_total{status_code="404"}': [0, 1], timeouts_total: [0, 1], error_rate: [0, 0.5] },
  },
];
