// hls-parser as a referee over playlists that other projects test with (../shared/fixtures/m3u8, not ours to commit).
// Every difference is listed with its reason; a new one, or one that is gone, fails.
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, it } from 'node:test';
import * as hlsParser from 'hls-parser';
import { type MediaPlaylist, type MultivariantPlaylist, readPlaylist } from '../../src/hls/playlist.ts';

const FOLDER: string = join(import.meta.dirname, '../../../shared/fixtures/m3u8');
const BASE = 'http://example.com/live/index.m3u8';

/** hls-parser skips comments before #EXTM3U; RFC 8216bis makes it the first line, and FFmpeg takes nothing else. */
const NO_FIRST_LINE: ReadonlySet<string> = new Set([
  'master-with-hlsv7.m3u8',
  'media-playlist-with-discontinuity.m3u8',
  '8.10-EXT-X-DATERANGE-carrying-SCTE-35-tags.m3u8',
  '8.6-Master-Playlist-with-Alternative-audio.m3u8',
  '8.7-Master-Playlist-with-Alternative-video.m3u8',
  '8.8-Session-Data-in-a-Master-Playlist.m3u8',
  '8.9-CHARACTERISTICS-attribute-containing-multiple-characteristics.m3u8',
  'SCTE-35_07.m3u8',
  'empty.m3u8',
  'manifestNoExtM3u.m3u8',
  'videojs+m3u8-parser/master.m3u8',
  'start.m3u8',
  'streamInfInvalid.m3u8',
]);

/** hls-parser throws: a URI line without EXTINF, or media and multivariant tags in one list. */
const ORACLE_THROWS: ReadonlySet<string> = new Set([
  'emptyTargetDuration.m3u8',
  'liveMissingSegmentDuration.m3u8',
  'missingExtinf.m3u8',
  'missingSegmentDuration.m3u8',
  'multipleTargetDurations.m3u8',
]);

/** By file: which part differs, and why. */
const DIFFERENCES: Readonly<Record<string, readonly [readonly string[], string]>> = {
  'byteRange.m3u8': [['segments'], 'a range without an offset and without a range before it starts at 0, not at -1'],
  'llhls-byte-range.m3u8': [['segments', 'parts'], 'the same, and ranges of parts go on where the last one ended'],
  'llhls-delta-byte-range.m3u8': [['parts'], 'ranges of parts go on where the last one ended'],
  'extinf.m3u8': [['segments'], 'a URI line without EXTINF is no segment'],
  'headerOnly.m3u8': [['targetDuration'], 'without the tag and without segments it is 0'],
  'invalidTargetDuration.m3u8': [['targetDuration'], 'where the tag is no number, the longest EXTINF counts'],
  'manifestExtTTargetdurationNegative.m3u8': [['targetDuration'], 'a negative duration is no duration'],
  'negativeMediaSequence.m3u8': [['mediaSequence', 'segments'], 'a negative media sequence is no number'],
};

type Range = { readonly offset: number; readonly length: number } | undefined;
type Facts = Record<string, unknown>;

function absolute(uri: string | undefined): string | undefined {
  return uri === undefined ? undefined : URL.parse(uri, BASE)?.href;
}

function rangeText(range: Range): string {
  return range === undefined ? 'all' : `${range.offset}-${range.offset + range.length - 1}`;
}

function ourRange(range: readonly [number, number | null] | undefined): string {
  return range === undefined ? 'all' : `${range[0]}-${range[1]}`;
}

function ourMediaFacts(playlist: MediaPlaylist): Facts {
  return {
    targetDuration: playlist.targetDurationSeconds,
    mediaSequence: playlist.mediaSequence,
    discontinuitySequence: playlist.discontinuitySequence,
    endlist: playlist.endlist,
    segments: playlist.segments.map((segment) =>
      [
        segment.mediaSequence,
        segment.url,
        ourRange(segment.range),
        segment.durationSeconds,
        segment.discontinuity,
        segment.keyUrl,
      ].join(' '),
    ),
    parts: playlist.parts.map((part) => [part.url, ourRange(part.range), part.durationSeconds].join(' ')),
    maps: [...new Set(playlist.maps.map((map) => `${map.url} ${ourRange(map.range)}`))],
  };
}

function oracleMediaFacts(playlist: hlsParser.types.MediaPlaylist): Facts {
  const segments = playlist.segments.filter((segment) => segment.uri !== undefined && segment.uri !== '');
  const parts = playlist.segments.flatMap((segment) => segment.parts).filter((part) => !part.hint);
  const maps = segments.map((segment) => segment.map).filter((map) => map !== undefined && map !== null);
  return {
    targetDuration: playlist.targetDuration,
    mediaSequence: playlist.mediaSequenceBase ?? 0,
    discontinuitySequence: playlist.discontinuitySequenceBase ?? 0,
    endlist: playlist.endlist,
    segments: segments.map((segment) =>
      [
        segment.mediaSequenceNumber,
        absolute(segment.uri),
        rangeText(segment.byterange),
        segment.duration,
        segment.discontinuity ?? false,
        absolute(segment.key?.uri),
      ].join(' '),
    ),
    parts: parts.map((part) => [absolute(part.uri), rangeText(part.byterange), part.duration].join(' ')),
    maps: [...new Set(maps.map((map) => `${absolute(map.uri)} ${rangeText(map.byterange)}`))],
  };
}

function ourMultivariantFacts(playlist: MultivariantPlaylist): Facts {
  return {
    variants: playlist.variants.map((variant) =>
      [variant.url, variant.bandwidthBitsPerSecond, variant.resolution].join(' '),
    ),
    sessionKeys: playlist.sessionKeys,
  };
}

function oracleMultivariantFacts(playlist: hlsParser.types.MasterPlaylist): Facts {
  const variants = playlist.variants.filter((variant) => variant.isIFrameOnly !== true);
  return {
    variants: variants.map(({ uri, bandwidth, resolution }) =>
      [absolute(uri), bandwidth, resolution && `${resolution.width}x${resolution.height}`].join(' '),
    ),
    sessionKeys: playlist.sessionKeyList.map((key) => absolute(key.uri)),
  };
}

/** Undefined when hls-parser throws. */
function oracleFacts(text: string): { isMultivariant: boolean; facts: Facts } | undefined {
  try {
    const playlist = hlsParser.parse(text);
    return playlist.isMasterPlaylist
      ? { isMultivariant: true, facts: oracleMultivariantFacts(playlist as hlsParser.types.MasterPlaylist) }
      : { isMultivariant: false, facts: oracleMediaFacts(playlist as hlsParser.types.MediaPlaylist) };
  } catch {
    return undefined;
  }
}

const skip: string | false = existsSync(FOLDER) ? false : 'the playlists of ../shared/fixtures/m3u8 are not here';

describe('playlists of other projects, against hls-parser', { skip }, () => {
  hlsParser.setOptions({ silent: true });
  for (const file of globSync('*/*.m3u8', { cwd: FOLDER }).sort()) {
    it(`reads ${file} alike, or differs as listed`, () => {
      const name = basename(file);
      const text = readFileSync(join(FOLDER, file), 'utf8');
      const ours = readPlaylist(text, BASE);
      assert.equal(ours === undefined, NO_FIRST_LINE.has(name) || NO_FIRST_LINE.has(file));
      const oracle = oracleFacts(text);
      assert.equal(oracle === undefined, ORACLE_THROWS.has(name));
      if (ours === undefined || oracle === undefined) return;
      assert.equal(ours.kind === 'multivariant', oracle.isMultivariant);
      const facts = ours.kind === 'media' ? ourMediaFacts(ours) : ourMultivariantFacts(ours);
      const listed = DIFFERENCES[name]?.[0] ?? [];
      for (const [part, value] of Object.entries(oracle.facts)) {
        if (listed.includes(part)) assert.notDeepEqual(facts[part], value, `${part} is listed as different`);
        else assert.deepEqual(facts[part], value, part);
      }
    });
  }
});
