// The log parser against the vectors and logs of the peer; differences on purpose are in ../scrape/peer-differences.ts.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { ParsedRule } from '../../src/events.ts';
import { PEER_DIFFERENCES } from '../scrape/peer-differences.ts';
import { factsOf, type ParsedLog, parseLog, parseText } from './stderr-captures.ts';

const PEER = new URL('../../../shared/peer/', import.meta.url);
const skip = existsSync(PEER) ? false : 'the vectors in ../shared/peer are absent';

interface Told {
  readonly event?: string | null;
  readonly fields?: Readonly<Record<string, string | number>>;
  readonly reason?: string;
}
interface Vector {
  readonly id: string;
  readonly input_lines: readonly string[];
  readonly input_file?: string;
  readonly expected: Told & {
    readonly truth?: Told;
    readonly ground?: Readonly<Record<string, number | readonly (readonly number[])[]>>;
    readonly exact?: Readonly<Record<string, number>>;
    readonly log_counts?: Readonly<Record<string, number>>;
  };
  readonly truth?: Told;
}

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
};

function allVectors(): readonly Vector[] {
  const text = readFileSync(new URL('cases/debug_parser.json', PEER), 'utf8');
  return (JSON.parse(text) as { cases: readonly Vector[] }).cases;
}

test('single lines are read as the vectors say, and as their truth says where the peer is wrong', { skip }, () => {
  let checked = 0;
  for (const vector of allVectors()) {
    const told = vector.truth?.event === undefined ? (vector.expected.truth ?? vector.expected) : vector.truth;
    if (vector.input_lines.length !== 1 || told.event === undefined || vector.id in PEER_DIFFERENCES) continue;
    const { facts } = parseText(vector.input_lines.join('\n'));
    const rule = told.event === null ? undefined : RULES[told.event];
    assert.deepEqual(
      facts.map(({ fact }) => fact.rule),
      rule === undefined ? [] : [rule],
      vector.id,
    );
    const fact = facts[0]?.fact as Record<string, unknown> | undefined;
    for (const [name, value] of Object.entries(told.fields ?? {})) {
      const ours = FIELDS[name];
      if (ours !== undefined) assert.equal(fact?.[ours], value, `${vector.id} ${name}`);
      if (name === 'ip') assert.ok([fact?.['address'], fact?.['target']].join(' ').includes(String(value)), vector.id);
    }
    // The peer's "error" is our "other".
    if (told.reason !== undefined) assert.equal(fact?.['reason'], told.reason.replace('error', 'other'), vector.id);
    checked += 1;
  }
  assert.ok(checked >= 50, `${checked} vectors`);
});

test('several lines give as many facts as the truth of the vectors counts', { skip }, () => {
  const byId = new Map(allVectors().map((vector) => [vector.id, vector.input_lines]));
  const log = (id: string): ParsedLog => parseText((byId.get(id) ?? []).join('\n'));
  const ipv6 = log('truth.ipv6_pair');
  assert.deepEqual(factsOf(ipv6, 'tcp-connected'), [{ rule: 'tcp-connected', address: '::1', port: 18_181 }]);
  assert.deepEqual(
    factsOf(log('truth.timeout_real'), 'tcp-failed').map(({ reason }) => reason),
    ['timeout'],
  );
  assert.deepEqual(
    factsOf(log('truth.byterange'), 'hls-request').map(({ offset }) => offset),
    [0, 34_216, 68_808],
  );
  assert.deepEqual(
    factsOf(log('truth.two_playlists'), 'hls-request').map(({ playlist }) => playlist),
    [0, 1, 0, 1],
  );
  const glued = log('truth.cr_glued');
  const seconds = glued.facts.map(({ loggedAtWallMs }) => new Date(loggedAtWallMs ?? 0).getSeconds());
  assert.deepEqual(
    glued.facts.map(({ fact }) => fact.rule),
    ['open', 'tag-skipped'],
  );
  assert.deepEqual(seconds, [31, 31], 'the glued record keeps its own stamp');
  assert.equal(factsOf(log('seq.http.rapid_fire'), 'open').length, 5);
  assert.equal(factsOf(log('seq.get.four'), 'request').length, 4);
  assert.deepEqual(log('seq.fast_path.progress_text').facts, []);
  assert.deepEqual(log('seq.fast_path.irrelevant').facts, []);
});

test('the logs of the peer and its laboratory give the counts of their ground truth', { skip }, () => {
  let checked = 0;
  for (const { id, input_file: file, expected } of allVectors()) {
    if (file === undefined) continue;
    const log = parseLog([[readFileSync(new URL(file, PEER)), 0]]);
    assert.deepEqual(log.unparsedLines, [], id);
    const requests = factsOf(log, 'request').map(({ url }) => url);
    const playlists = requests.filter((url) => url.includes('.m3u8')).length;
    const counts = { ...expected.ground, ...expected.exact, ...expected.log_counts };
    const ours: Readonly<Record<string, unknown>> = {
      get_playlist: playlists,
      get_segment: requests.length - playlists,
      get_media: requests.length - playlists,
      tcp_connected: factsOf(log, 'tcp-connected').length,
      tcp_success: factsOf(log, 'tcp-connected').length,
      tcp_starting: factsOf(log, 'tcp-start').length,
      tcp_failure: factsOf(log, 'tcp-failed').length,
      http_error_lines: factsOf(log, 'http-error').length,
      hls_requests: factsOf(log, 'hls-request').length,
      skip_ext_x_version: factsOf(log, 'tag-skipped').length,
      media_sequence_changes: factsOf(log, 'sequence-change').map(({ from, to }) => [from, to]),
    };
    for (const [name, value] of Object.entries(counts)) {
      if (!(name in ours)) continue;
      assert.deepEqual(ours[name], value, `${id} ${name}`);
      checked += 1;
    }
  }
  assert.ok(checked > 40, `${checked} counts`);
});
