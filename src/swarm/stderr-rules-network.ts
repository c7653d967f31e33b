// What the network contexts say: http and https requests and answers, tcp dials, octets of a closed input. Pure data.
// It does not join a request with its fields, nor a failed dial with its attempts; the parser does.
import { harmless, numberOf, OPEN, type StderrRule, textOf, verbatim } from './stderr-rule.ts';

const STATISTICS_RULES: readonly StderrRule[] = [
  {
    rule: 'http-statistics',
    starts: 'Statistics: ',
    pattern:
      /^Statistics: (\d{1,15}) connections?(?:, (\d{1,15}) requests?, (\d{1,15}) retr\w+, (\d{1,15}) reconnections?, (\d{1,15}) redirects?)?/,
    build: ({ input, 1: connections, 2: requests, 3: retries, 4: reconnections, 5: redirects }) => ({
      rule: 'http-statistics',
      text: textOf(input),
      connections: numberOf(connections),
      ...(requests === undefined
        ? {}
        : {
            requests: numberOf(requests),
            retries: numberOf(retries),
            reconnections: numberOf(reconnections),
            redirects: numberOf(redirects),
          }),
    }),
  },
  {
    rule: 'http-statistics',
    starts: 'Latency: ',
    pattern: /^Latency: (?:(\d{1,12}(?:\.\d+)?) ms avg, (\d{1,12}(?:\.\d+)?) ms max)?/,
    build: ({ input, 1: average, 2: max }) => ({
      rule: 'http-statistics',
      text: textOf(input),
      ...(average === undefined ? {} : { averageMs: numberOf(average), maxMs: numberOf(max) }),
    }),
  },
];

export const HTTP_RULES: readonly StderrRule[] = [
  OPEN,
  {
    rule: 'request',
    starts: 'request: ',
    pattern: /^request: ([A-Z]+) (.+) HTTP\/\d\.\d$/s,
    build: ([, method, target]) => ({ rule: 'request', method: textOf(method), url: textOf(target) }),
  },
  {
    rule: 'content-length',
    starts: "header='",
    pattern: /^header='(?:Content-Length: *(\d{1,15})'$)?/i,
    build: ([, bytes]) => (bytes === undefined ? undefined : { rule: 'content-length', bytes: numberOf(bytes) }),
  },
  harmless('http_code='),
  harmless('Setting default whitelist'),
  {
    rule: 'http-error',
    starts: 'HTTP error ',
    pattern: /^HTTP error (\d{3})(?: (.*))?$/s,
    build: ([, status, reason]) => ({ rule: 'http-error', status: numberOf(status), text: textOf(reason).trim() }),
  },
  {
    rule: 'premature-end',
    starts: 'Stream ends prematurely',
    pattern: /^Stream ends prematurely at (\d{1,15}), should be (\d+)/,
    // An answer without a length "should be" 2^64 - 1 octets long: a clean end that FFmpeg only calls premature.
    build: ([, at, expected]) =>
      textOf(expected).length > 15
        ? undefined
        : { rule: 'premature-end', atByte: numberOf(at), expectedBytes: numberOf(expected) },
  },
  // The second wording is that of newer sources.
  ...['Will reconnect at ', 'Will retry at '].map(
    (starts): StderrRule => ({
      rule: 'reconnect',
      starts,
      pattern: /^Will re(?:connect|try) at (\d{1,20}) in (\d{1,6}) second/,
      build: ([, offset, delay]) => ({
        rule: 'reconnect',
        // 2^64 - 1: FFmpeg does not know.
        ...(textOf(offset).length > 15 ? {} : { offset: numberOf(offset) }),
        delaySeconds: numberOf(delay),
      }),
    }),
  ),
  ...STATISTICS_RULES,
  verbatim('read-failed', 'URL read error'),
  verbatim('read-failed', 'Error reading HTTP response'),
  verbatim('read-failed', 'Unexpected offset'),
  verbatim('read-failed', 'Failed to reconnect at '),
  ...[
    'overlong headers',
    'Invalid chunk size',
    'Malformed HTTP ',
    'HTTP status code ',
    'inflate return value',
    'Error during zlib ',
    'Compressed (',
  ].map((starts) => verbatim('read-failed', starts)),
  // Not on FFmpeg's whitelist, or on its blacklist.
  verbatim('refused', "Protocol '"),
  // An option of `-headers` and its kin that the protocol does not take: said at the start only.
  verbatim('fatal', 'Unable to parse option value'),
  verbatim('fatal', 'Error setting option '),
  ...[
    'Chunked encoding data size',
    'Last chunk received',
    'No trailing CRLF found in HTTP header',
    'Metadata update for ',
    'Cannot reuse HTTP connection for different ',
    'Soft-seeking to offset ',
    'Unknown content coding',
    'Unable to parse ',
    'No auth method set',
  ].map(harmless),
];

/** Words of GnuTLS and of FFmpeg's own checks; what other libraries say is known by its level (see the parser). */
export const TLS_RULES: readonly StderrRule[] = [
  'Peer certificate failed verification',
  'Unable to verify peer certificate',
  "The certificate's owner does not match hostname ",
  'An unexpected TLS packet was received',
  'Error in the p',
  'IO error',
  'IO Error',
  'error:',
  'TLS: Failed to ',
].map((starts) => verbatim('tls-failed', starts));

export const TCP_RULES: readonly StderrRule[] = [
  harmless('Address '),
  harmless('setsockopt('),
  harmless('Original list of addresses'),
  harmless('Interleaved list of addresses'),
  {
    rule: 'tcp-start',
    starts: 'Starting connection attempt to ',
    pattern: /^Starting connection attempt to (\S+) port (\d{1,5})$/,
    build: ([, address, port]) => ({ rule: 'tcp-start', address: textOf(address), port: numberOf(port) }),
  },
  {
    rule: 'tcp-connected',
    starts: 'Successfully connected to ',
    pattern: /^Successfully connected to (\S+) port (\d{1,5})$/,
    build: ([, address, port]) => ({ rule: 'tcp-connected', address: textOf(address), port: numberOf(port) }),
  },
  {
    rule: 'tcp-failed',
    starts: 'Connection attempt to ',
    pattern: /^Connection attempt to (.+) failed: (.+)$/s,
    build: ([, target, reason]) => ({
      rule: 'tcp-failed',
      target: textOf(target),
      reason: connectFailureReason(textOf(reason)),
    }),
  },
  {
    rule: 'tcp-failed',
    starts: 'Connection to ',
    pattern: /^Connection to (.+?) failed(?:: (.+)| \((.+)\), trying next address)$/s,
    build: ([, target, reason, other]) => ({
      rule: 'tcp-failed',
      target: textOf(target),
      reason: connectFailureReason(textOf(reason ?? other)),
    }),
  },
  {
    rule: 'tcp-failed',
    starts: 'Failed to resolve hostname ',
    pattern: /^Failed to resolve hostname (.+): /s,
    build: ([, target]) => ({ rule: 'tcp-failed', target: textOf(target), reason: 'resolve' }),
  },
  // Short forms without a target, as other programs quote them.
  ...['Connection refused', 'Connection timed out', 'connection refused', 'connection timed out'].map(
    (starts): StderrRule => ({
      rule: 'tcp-failed',
      starts,
      pattern: /^connection (?:refused|timed out)$/i,
      build: ([whole]) => ({ rule: 'tcp-failed', target: '', reason: connectFailureReason(textOf(whole)) }),
    }),
  ),
  // Said before any attempt: that of an address without a port, or of an interface that is not there.
  ...['Port missing in uri', 'Failed to bind'].map(
    (starts): StderrRule => ({
      rule: 'tcp-failed',
      starts,
      pattern: /^/,
      build: () => ({ rule: 'tcp-failed', target: '', reason: 'other' }),
    }),
  ),
  {
    rule: 'tcp-failed',
    starts: 'Failed to connect to ',
    pattern: /^Failed to connect to (.+)$/s,
    build: ([, target]) => ({ rule: 'tcp-failed', target: textOf(target), reason: 'other' }),
  },
];

export const AVIO_RULES: readonly StderrRule[] = [
  {
    rule: 'avio-statistics',
    starts: 'Statistics: ',
    pattern: /^Statistics: (\d{1,15}) bytes (?:read, (\d{1,15}) seeks|written, )/,
    // Octets written are those of the null output or of the progress pipe.
    build: ([, bytes, seeks]) =>
      seeks === undefined ? undefined : { rule: 'avio-statistics', bytesRead: numberOf(bytes), seeks: numberOf(seeks) },
  },
];

/** A cause in the system's words -> the closed list of the field. */
function connectFailureReason(text: string): 'refused' | 'timeout' | 'unreachable' | 'resolve' | 'other' {
  if (/refused/i.test(text)) return 'refused';
  if (/timed out/i.test(text)) return 'timeout';
  if (/unreachable|no route to host/i.test(text)) return 'unreachable';
  return 'other';
}
