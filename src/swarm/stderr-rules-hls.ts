// What the HLS demuxer says: requests, playlists, segments given up. Pure data and small builders.
// What the HTTP requests underneath say is in the tables of the network contexts.
import { FORMAT_PROBED, harmless, numberOf, OPEN, type StderrRule, textOf, verbatim } from './stderr-rule.ts';

export const HLS_RULES: readonly StderrRule[] = [
  {
    rule: 'hls-request',
    starts: 'HLS request for url ',
    pattern: /^HLS request for url '(.*)', offset (\d{1,15}), playlist (\d{1,9})$/s,
    build: ([, url, offset, playlist]) => ({
      rule: 'hls-request',
      url: textOf(url),
      offset: numberOf(offset),
      playlist: numberOf(playlist),
    }),
  },
  {
    rule: 'tag-skipped',
    starts: 'Skip (',
    pattern: /^Skip \('(.*)'\)$/s,
    build: ([, tag]) => ({ rule: 'tag-skipped', tag: textOf(tag) }),
  },
  {
    rule: 'sequence-change',
    starts: 'Media sequence change',
    pattern: /^Media sequence change(?: \(|d unexpectedly: )(\d{1,15}) -> (\d{1,15})/,
    build: ([, from, to]) => ({ rule: 'sequence-change', from: numberOf(from), to: numberOf(to) }),
  },
  OPEN,
  {
    rule: 'segment-failed',
    starts: 'Failed to open segment ',
    pattern: /^Failed to open segment (\d{1,15}) of playlist (\d{1,9})/,
    build: ([, segment, playlist]) => ({
      rule: 'segment-failed',
      segment: numberOf(segment),
      playlist: numberOf(playlist),
    }),
  },
  {
    rule: 'keepalive-failed',
    starts: 'keepalive request failed for ',
    pattern: /^keepalive request failed for '(.*)' with error: '(.*)' when /s,
    build: ([, url, reason]) => ({ rule: 'keepalive-failed', url: textOf(url), reason: textOf(reason) }),
  },
  {
    rule: 'playlist-failed',
    starts: 'Failed to reload playlist ',
    pattern: /^Failed to reload playlist (\d{1,9})/,
    build: ([, playlist]) => ({ rule: 'playlist-failed', playlist: numberOf(playlist) }),
  },
  {
    rule: 'segment-skipped',
    starts: 'Segment ',
    pattern: /^Segment (\d{1,15}) of playlist (\d{1,9}) failed too many times/,
    build: ([, segment, playlist]) => ({
      rule: 'segment-skipped',
      segment: numberOf(segment),
      playlist: numberOf(playlist),
    }),
  },
  {
    rule: 'segments-expired',
    starts: 'skipping ',
    pattern: /^skipping (\d{1,9}) segments? ahead, expired from playlists/,
    build: ([, count]) => ({ rule: 'segments-expired', count: numberOf(count) }),
  },
  {
    rule: 'no-longer-receiving',
    starts: 'No longer receiving playlist ',
    pattern: /^No longer receiving playlist (\d{1,9}) \('(.*)'\)/s,
    build: ([, playlist, url]) => ({ rule: 'no-longer-receiving', playlist: numberOf(playlist), url: textOf(url) }),
  },
  FORMAT_PROBED,
  // A key, an init section or a first segment that cannot be had: at the start of a process these are its last words.
  verbatim('fatal', 'Unable to open key file'),
  verbatim('fatal', 'Failed to open an initialization section'),
  verbatim('fatal', 'Error when loading first segment'),
  ...[
    'Now receiving playlist ',
    'Downloading an initialization section',
    'Before avformat_find_stream_info',
    'After avformat_find_stream_info',
    'All info found',
    'new_program:',
    'stream ',
    'format: ',
    // Troubles of the media, not of its delivery.
    'Packet corrupt (',
    'DTS ',
    'Could not find codec parameters',
    'start time for stream ',
    'Estimating duration',
    'Stream #',
  ].map(harmless),
];
