// The log's way from octets to figures against the recorded behaviour of go-ffmpeg-hls-swarm: its parser, its older events,
// its line pipeline, its progress blocks. Every number that a vector states is looked up in `figuresOf` by the vector's name.
import assert from 'node:assert/strict';
import type { ListingEvent, ParsedFact, ParsedRule } from '../../src/events.ts';
import { InferredDurations } from '../../src/stats/inferred-durations.ts';
import { ParserAccount } from '../../src/stats/parser-account.ts';
import { FigureBook } from '../../src/stats/process-figures.ts';
import { kindByName } from '../../src/stats/request-kinds.ts';
import type { ParserReading, Quantiles } from '../../src/stats/summary.ts';
import { LineBudget } from '../../src/swarm/line-budget.ts';
import { ProgressParser } from '../../src/swarm/progress-parser.ts';
import { usToMs } from '../../src/units.ts';
import { differenceOf } from '../support/peer-differences.ts';
import { dialsOf } from '../support/peer-differences-log.ts';
import { holds, type PeerVector, peerFile } from '../support/peer-vectors.ts';
import { factsOf, type ParsedLog, parseLog, type SeenFact } from './stderr-captures.ts';

/** The peer's names of events -> our rules. */
const RULES: Readonly<Record<string, ParsedRule>> = {
  hls_request: 'hls-request',
  http_open: 'open',
  playlist_open: 'open',
  http_get: 'request',
  http_error: 'http-error',
  keepalive_failed: 'keepalive-failed',
  sequence_change: 'sequence-change',
  segment_failed: 'segment-failed',
  segment_skipped: 'segment-skipped',
  segments_expired: 'segments-expired',
  playlist_failed: 'playlist-failed',
  reconnect: 'reconnect',
  tcp_start: 'tcp-start',
  tcp_connected: 'tcp-connected',
  tcp_failed: 'tcp-failed',
  format_probed: 'format-probed',
  tag_skipped: 'tag-skipped',
  version_skip: 'tag-skipped',
  bandwidth: 'bandwidth',
  content_length: 'content-length',
};
/** The peer's names of fields -> ours. */
const FIELDS: Readonly<Record<string, string>> = {
  url: 'url',
  old: 'from',
  new: 'to',
  segment: 'segment',
  playlist: 'playlist',
  count: 'count',
  code: 'status',
  message: 'text',
  reason: 'reason',
  address: 'address',
  port: 'port',
  bandwidth: 'bitsPerSecond',
};
/** Said about a vector, not stated as a number; or what the peer gets wrong, with the truth beside it. */
const NO_FIGURES = new Set([
  'truth',
  'note',
  'peer_would_report',
  'peer_segment_wall_ms',
  'peer_manifest_wall_ms',
  'must_not_throw',
  // Bodies are not in the log; lab.live_verbose has no GET lines, so its requests are the HLS lines.
  'bytes_segments',
  'segment_ok',
  // FFmpeg's words and their states, checked as events.
  'event',
  'fields',
  'reason',
  'initial',
  'connection',
  'path',
  'kind',
  ...Object.keys(FIELDS),
]);

interface Read {
  readonly log: ParsedLog;
  readonly account: ParserReading;
  readonly tables: ParserAccount['lookup']['table'];
}

/** Lines into the parser as they arrived, its facts into the account, sizes known from the start. */
function read(vector: PeerVector, lineCount: number = Number.POSITIVE_INFINITY): Read {
  const lines: readonly string[] = vector['input_lines'].slice(0, lineCount);
  const arrivals: readonly number[] = vector['line_arrival_ms'] ?? [];
  const file: string | undefined = vector['input_file'];
  const chunks = lines.map((line, index): [Buffer, number] => [Buffer.from(`${line}\n`), arrivals[index] ?? index]);
  const log = parseLog(file === undefined ? chunks : [[peerFile(file), 0]]);
  const account = accountOf(log, vector, folderOfFirst(log));
  return { log, account: account.read(0), tables: account.lookup.table };
}

function accountOf(log: ParsedLog, vector: PeerVector, streamUrl: string): ParserAccount {
  const account = new ParserAccount({
    streamUrl,
    segmentCacheWindow: 300,
    doorPorts: new Map(),
    figures: new FigureBook(),
    durations: new InferredDurations(),
  });
  account.listing(listingOf(vector['segment_sizes'] ?? {}));
  for (const { fact, atMs } of log.facts) account.record({ type: 'parsed', client: 1, process: 1, atMs, ...fact });
  return account;
}

function folderOfFirst(log: ParsedLog): string {
  const urls = log.facts.flatMap(({ fact }) => ('url' in fact && fact.url !== undefined ? [fact.url] : []));
  return urls[0] ?? 'http://o/';
}

function listingOf(sizes: Readonly<Record<string, number>>): ListingEvent {
  const entries = Object.entries(sizes).map(([name, sizeBytes]) => ({ name, sizeBytes }));
  return { type: 'listing', atMs: -1, url: 'http://o/files/json/', ok: true, entries };
}

/** Our value for each name that a vector may state. */
function figuresOf({ log, account, tables }: Read): Readonly<Record<string, unknown>> {
  const { lookup, inferred, sequence, tcp, events, httpErrors } = account;
  const { original } = inferred;
  const opens = factsOf(log, 'open');
  const requests = factsOf(log, 'request').map(({ url }) => url);
  const segments = factsOf(log, 'hls-request');
  const playlistGets = requests.filter((url) => kindByName(url) === 'playlist').length;
  const newPlaylistOpens = opens.filter(
    ({ url, context }) => url.includes('.m3u8') && (context === 'hls' || context === 'AVFormatContext'),
  ).length;
  const failed = Object.values(tcp.failed).reduce((sum, count) => sum + count, 0);
  const bandwidths = factsOf(log, 'bandwidth').map(({ bitsPerSecond }) => bitsPerSecond);
  const errors = (from: number, to: number): number =>
    Object.entries(httpErrors).reduce((sum, [code, count]) => sum + (+code >= from && +code < to ? count : 0), 0);
  const hasGets = requests.length > 0;
  return {
    lines_processed: log.counters.lines,
    records: log.counters.lines,
    events: log.facts.length,
    // The original's inference, kept under its own name.
    segment_count: original.segments,
    segment_wall_ms: original.segmentMs,
    size_lookups: original.segments,
    manifest_count: original.playlists,
    // Requests, opens and answers.
    hls_requests: segments.length,
    http_open: opens.filter(({ context }) => context === 'http').length,
    http_open_count: opens.filter(({ context }) => context === 'http').length,
    playlist_refreshes: newPlaylistOpens,
    opening_playlist: opens.filter(({ url }) => kindByName(url) === 'playlist').length,
    opening_segment: opens.filter(({ url }) => kindByName(url) === 'segment').length,
    get_playlist: playlistGets,
    get_segment: requests.length - playlistGets,
    get_media: requests.length - playlistGets,
    playlist_requests: hasGets ? playlistGets : undefined,
    segment_requests: hasGets ? requests.length - playlistGets : segments.length,
    http_err: events['http-error'] ?? 0,
    http_errors: errors(400, 600),
    http_error_count: events['http-error'] ?? 0,
    http_error_lines: events['http-error'] ?? 0,
    http4xx: errors(400, 500),
    http_4xx: errors(400, 500),
    http5xx: errors(500, 600),
    http_5xx: errors(500, 600),
    reconnects: account.reconnections,
    seg_failed: events['segment-failed'] ?? 0,
    segment_failed: events['segment-failed'] ?? 0,
    seg_skipped: events['segment-skipped'] ?? 0,
    segment_skipped: events['segment-skipped'] ?? 0,
    playlist_failed: events['playlist-failed'] ?? 0,
    expired: factsOf(log, 'segments-expired').reduce((sum, { count }) => sum + count, 0),
    skip_ext_x_version: events['tag-skipped'] ?? 0,
    // Connections.
    tcp_starting: tcp.started,
    tcp_ok: tcp.connected,
    tcp_success: tcp.connected,
    tcp_connected: tcp.connected,
    tcp_connections: tcp.connected,
    tcp_fail: failed,
    tcp_failure: failed,
    tcp_failure_count: failed,
    tcp_refused: tcp.failed['refused'] ?? 0,
    tcp_refused_count: tcp.failed['refused'] ?? 0,
    tcp_timeout: tcp.failed['timeout'] ?? 0,
    tcp_timeout_count: tcp.failed['timeout'] ?? 0,
    tcp_connect_samples: tcp.connectMs.n,
    tcp_connect_ms: tcp.connectMs,
    tcp_health_ratio: tcp.connected / (tcp.connected + failed),
    // Media sequences and playlists.
    // The peer does not count a jump that is the first change it sees; the truth does.
    sequence_skips: sequence.jumps - (isJump(factsOf(log, 'sequence-change')[0]) ? 1 : 0),
    sequence_jumps: sequence.jumps,
    segments_jumped: sequence.segments,
    skips: sequence.jumps,
    media_sequence_changes: factsOf(log, 'sequence-change').map(({ from, to }) => [from, to]),
    manifest_bandwidth: bandwidths.at(-1),
    variant_bandwidths: bandwidths,
    offsets: segments.map(({ offset }) => offset),
    distinct_segments: new Set(segments.map(({ url, offset }) => `${url} ${offset}`)).size,
    playlist_0_gap_ms: gapsOf(log, 0),
    playlist_1_gap_ms: gapsOf(log, 1),
    gap_ms_by_arrival: inferred.segmentMs.max,
    manifest_skip_at_ms_of_second: msOfMinute(log.facts.at(-1)),
    segment_bytes_if_query_is_stripped: sizeOf(tables, opens[0]?.url),
    lookup_attempts: lookup?.attempts,
  };
}

/** The original's bytes and hits are in its estimator, not in the summary's parser section. */
function originalOf(vector: PeerVector): { readonly segment_bytes: number; readonly size_lookup_hits: number } {
  const { log } = read(vector);
  const account = accountOf(log, vector, 'http://o/');
  const { bytes, successes } = account.original.readLookup();
  return { segment_bytes: bytes, size_lookup_hits: successes };
}

function isJump(change: { readonly from: number; readonly to: number } | undefined): boolean {
  return change !== undefined && change.to > change.from + 1;
}

function gapsOf(log: ParsedLog, playlist: number): readonly number[] {
  const at = log.facts.flatMap(({ fact, atMs }) =>
    fact.rule === 'hls-request' && fact.playlist === playlist ? [atMs] : [],
  );
  return at.slice(1).map((atMs, index) => atMs - (at[index] ?? 0));
}

function msOfMinute(seen: SeenFact | undefined): number | undefined {
  const stamp = seen?.loggedAtWallMs === undefined ? undefined : new Date(seen.loggedAtWallMs);
  return stamp === undefined ? undefined : stamp.getSeconds() * 1_000 + stamp.getMilliseconds();
}

function sizeOf(table: Read['tables'], url: string | undefined): number | undefined {
  const answer = url === undefined ? undefined : table.find(url, undefined);
  return answer !== undefined && 'bytes' in answer ? answer.bytes : undefined;
}

/** Quantiles are held against the list of the values that they should have seen. */
function assertValue(ours: unknown, expected: unknown, name: string): void {
  if (typeof ours === 'object' && ours !== null && 'n' in ours) {
    const values = expected as readonly number[];
    const { n, max = 0 } = ours as Quantiles;
    assert.equal(n, values.length, name);
    assert.ok(Math.abs(max - Math.max(0, ...values)) <= 0.01 * max + 1e-3, `${name}: ${max}`);
  } else if (typeof ours === 'number' && !Number.isInteger(ours)) {
    assert.ok(Math.abs(ours - Number(expected)) <= 0.01 * ours, `${name}: ${ours}`);
  } else {
    assert.deepEqual(ours, expected, name);
  }
}

function assertFigures(
  vector: PeerVector,
  ours: Readonly<Record<string, unknown>>,
  stated: object,
  truth: object,
): void {
  // biome-ignore lint/suspicious/noExplicitAny: a number, a list or a range
  for (const [name, expected] of Object.entries<any>({ ...stated, ...truth })) {
    if (NO_FIGURES.has(name)) continue;
    if (name.startsWith('min_')) {
      const figure = ours[name.slice('min_'.length)];
      assert.ok(typeof figure === 'number' && figure >= expected, name);
    } else if (name === 'tcp_health_ratio_open_interval') {
      const ratio = ours['tcp_health_ratio'] as number;
      assert.ok(ratio > expected[0] && ratio < expected[1], name);
    } else if (name === 'status_records') {
      assert.equal(statusTexts(vector), expected, name);
    } else if (name === 'playlist_requests' && ours[name] === undefined) {
      // Below level debug playlists are opened, not asked for.
    } else {
      assert.ok(name in ours, `nothing of ours answers ${name}`);
      const isOurs = differenceOf('debug_parser', vector, name) !== undefined;
      assertValue(ours[name], isOurs ? timedOnly(vector, expected) : expected, name);
    }
  }
}

/** What is left of a figure of dials when those without a time between their lines are out: a list, or how many. */
function timedOnly(vector: PeerVector, expected: unknown): unknown {
  const timed = dialsOf(vector).flatMap(({ ms }) => (ms > 0 ? [ms] : []));
  return Array.isArray(expected) ? timed : timed.length;
}

/** Texts of the status line, which are no lines of the log. */
function statusTexts(vector: PeerVector): number {
  const file: string | undefined = vector['input_file'];
  const text = file === undefined ? vector['input_lines'].join('\n') : peerFile(file).toString('utf8');
  return text.match(/frame= *\d+ fps=/g)?.length ?? 0;
}

function checkLog(vector: PeerVector): void {
  const { expected, truth } = vector;
  const lines: readonly string[] = vector['input_lines'];
  const once = read(vector);
  const ours = { ...figuresOf(once), ...originalOf(vector) };
  const told = truth?.event === undefined ? (expected.truth ?? expected) : truth;
  // What the peer counted of a line that it misread is no measure.
  const isMisread = truth?.event !== undefined;
  const {
    counters_added: added = {},
    exact = {},
    ground = {},
    log_counts: counts = {},
    server_truth: served = {},
  } = expected;
  const { timestamp_in_line: isStamped, ...stated } = expected;
  for (const part of ['counters_added', 'exact', 'ground', 'log_counts', 'server_truth', 'id_note'])
    delete stated[part];
  if (vector['input_file'] !== undefined) assert.deepEqual(once.log.unparsedLines, []);
  if (once.log.facts.length > 0 && isStamped !== undefined)
    assert.equal(once.log.facts[0]?.loggedAtWallMs !== undefined, isStamped);
  assertFigures(vector, ours, isMisread ? {} : { ...added, ...stated }, {
    ...exact,
    ...ground,
    ...counts,
    ...served,
    ...Object.fromEntries(Object.entries({ ...expected.truth, ...truth }).filter(([name]) => name !== 'fields')),
  });
  if (lines.length === 1 && told.event !== undefined) checkEvent(once.log, told);
  for (const { after_line: after, ...figures } of vector['checkpoints'] ?? [])
    assertFigures(vector, figuresOf(read(vector, after)), figures, {});
}

function checkEvent(log: ParsedLog, told: PeerVector['told']): void {
  const rules = log.facts.map(({ fact }) => fact.rule);
  // A name that is not in the table is one event all the same.
  const wanted = told.event === null ? [] : [RULES[told.event] ?? rules[0]];
  assert.deepEqual(rules, wanted);
  const fact = log.facts[0]?.fact as (ParsedFact & Record<string, unknown>) | undefined;
  for (const [name, value] of Object.entries({ ...told, ...told.fields })) {
    const ours = FIELDS[name];
    // The peer's "error" is our "other".
    if (ours !== undefined && name !== 'port') assert.equal(fact?.[ours], value === 'error' ? 'other' : value, name);
    if (name === 'port' || name === 'ip')
      assert.ok(`${fact?.['address']} ${fact?.['port']} ${fact?.['target']}`.includes(String(value)), name);
    if (name === 'path') assert.ok(String(fact?.['url']).endsWith(String(value)));
    if (name === 'kind') assert.equal(kindByName(String(fact?.['url'])), value);
    if (name === 'connection') assert.equal(fact?.['isNewConnection'], value !== 'reused');
    if (name === 'initial') assert.equal(fact?.['isNewConnection'], value);
  }
}

holds('debug_parser', { '': checkLog });

/** The peer's classes of URLs -> our kinds. */
const CLASSES: Readonly<Record<string, string>> = { manifest: 'playlist', unknown: 'other' };

holds('hls_events', {
  classify_url: ({ input, expected, truth }) => {
    const wanted = truth ?? expected;
    assert.equal(kindByName(input), CLASSES[wanted] ?? wanted);
  },
  counters: (vector) => {
    const { account } = read({ id: '', op: '', input_lines: vector['input'] });
    const ours: Readonly<Record<string, unknown>> = {
      manifest: account.opens.playlist,
      segment: account.opens.segment,
      init: account.opens.init,
      unknown: account.opens.other,
      http_errors: account.httpErrors,
      timeouts: account.timeouts,
      reconnections: account.reconnections,
    };
    for (const [name, value] of Object.entries({ ...vector['expected'], ...vector['truth'] })) {
      if (differenceOf('hls_events', vector, name) !== undefined) continue;
      assert.ok(name in ours, `nothing of ours answers ${name}`);
      assert.deepEqual(ours[name] ?? 0, value, name);
    }
  },
});

holds('pipeline', {
  // Lines of a stalled reader arrive in one instant, those of a fast one as they come.
  '': ({ input, expected }) => {
    const budget = new LineBudget(input.buffer_lines);
    let parsed = 0;
    for (let line = 0; line < input.lines; line += 1)
      if (budget.take((input.parser_delay_ms ?? 0) > 0 ? 0 : 100 * line)) parsed += 1;
    const { dropped } = budget;
    const rate = input.lines === 0 ? 0 : dropped / input.lines;
    if (expected.read !== undefined) assert.equal(parsed + dropped, expected.read);
    if (expected.parsed !== undefined) assert.equal(parsed, expected.parsed);
    if (expected.dropped !== undefined) assert.equal(dropped, expected.dropped);
    if (expected.dropped_gt !== undefined) assert.ok(dropped > expected.dropped_gt);
    if (expected.degraded !== undefined) assert.equal(rate > input.threshold, expected.degraded);
    if (expected.drop_rate !== undefined) assert.equal(rate, expected.drop_rate);
  },
});

function blocksOf(lines: readonly string[]) {
  const blocks: Parameters<ConstructorParameters<typeof ProgressParser>[0]>[0][] = [];
  const parser = new ProgressParser((block) => blocks.push(block));
  for (const line of lines) parser.line(line, 0);
  return blocks;
}

holds('progress_parser', {
  // The peer's 0 for what FFmpeg does not tell is absent here.
  speed: ({ input, expected }) =>
    assert.equal(blocksOf([`speed=${input}`, 'progress=continue'])[0]?.speed ?? 0, expected),
  is_end: ({ input, expected }) => assert.equal(blocksOf([`progress=${input}`])[0]?.isEnd, expected),
  out_time_duration: ({ input, expected }) => {
    const [block] = blocksOf([`out_time_us=${input}`, 'progress=continue']);
    assert.equal(usToMs(block?.outTimeUs ?? Number.NaN), expected);
  },
  blocks: (vector) => {
    const { input, expected, repeat = 1 } = vector;
    const blocks = blocksOf(Array<readonly string[]>(repeat).fill(input).flat());
    assert.equal(blocks.length, expected.updates_count ?? expected.updates.length);
    for (const [index, update] of (expected.updates ?? []).entries()) {
      const { speed = 0, outTimeUs = 0, totalSizeBytes = 0, isEnd } = blocks[index] ?? {};
      if ('speed' in update) assert.equal(speed, update.speed);
      const isOurs = differenceOf('progress_parser', vector, 'out_time_us') !== undefined;
      if ('out_time_us' in update && !isOurs) assert.equal(outTimeUs, update.out_time_us);
      if ('total_size' in update) assert.equal(totalSizeBytes, update.total_size);
      if ('progress' in update) assert.equal(isEnd, update.progress === 'end');
    }
  },
});
