// Which rules hold for which bracketed context of FFmpeg's log lines, and which contexts must be understood.
// It keeps no state, knows neither stamps nor levels, and gives no opinion on lines that no rule begins like.
import {
  BANDWIDTH_RULES,
  FORMAT_PROBED,
  harmless,
  numberOf,
  OPEN,
  type StderrRule,
  textOf,
  verbatim,
} from './stderr-rule.ts';
import { HLS_RULES } from './stderr-rules-hls.ts';
import { AVIO_RULES, HTTP_RULES, TCP_RULES, TLS_RULES } from './stderr-rules-network.ts';

/** Rules by context: `[http @ 0x..]` -> `http`; `` = a line without context; `in` = `in#0`, `in#0/hls`. */
export function rulesFor(context: string): readonly StderrRule[] | undefined {
  return RULES.get(context) ?? (context.startsWith('in#') ? INPUT_RULES : undefined);
}

/** Contexts whose lines at level verbose or worse are expected to be understood (MEASURING section 8: unparsed lines). */
export const EVENT_CONTEXTS: ReadonlySet<string> = new Set(['http', 'https', 'hls', 'tcp', 'tls', 'AVIOContext']);

/** Contexts whose last words end a client: no context at all, or the input itself. */
export function isFatalContext(context: string): boolean {
  return context === '' || context.startsWith('in#');
}

const END_OF_INPUT: StderrRule = verbatim('eof', 'EOF while reading input');

/** Printed once, when the process leaves in good order. */
const TOTAL_RULES: readonly StderrRule[] = [
  {
    rule: 'stream-total',
    starts: '  Input stream #',
    pattern: /^ {2}Input stream #(\d{1,4}:\d{1,4}) \(\w+\): (\d{1,15}) packets read \((\d{1,15}) bytes\)/,
    build: ([, stream, packets, bytes]) => ({
      rule: 'stream-total',
      stream: textOf(stream),
      packets: numberOf(packets),
      bytes: numberOf(bytes),
    }),
  },
  {
    rule: 'stream-total',
    starts: '  Total: ',
    pattern: /^ {2}Total: (\d{1,15}) packets \((\d{1,15}) bytes\) (?:(demuxed)|muxed)/,
    // What went to the null output is what was read.
    build: ([, packets, bytes, demuxed]) =>
      demuxed === undefined ? undefined : { rule: 'stream-total', packets: numberOf(packets), bytes: numberOf(bytes) },
  },
];

/** `in#0`: the input as FFmpeg 6 and later name it. */
const INPUT_RULES: readonly StderrRule[] = [END_OF_INPUT, FORMAT_PROBED, OPEN, ...TOTAL_RULES];

const BARE_RULES: readonly StderrRule[] = [
  {
    rule: 'input-opened',
    starts: 'Input #',
    pattern: /^Input #\d+, (.+), from '(.*)':$/s,
    build: ([, format, url]) => ({ rule: 'input-opened', format: textOf(format), url: textOf(url) }),
  },
  FORMAT_PROBED,
  // FFmpeg 5.1's only word at the end of an input.
  verbatim('eof', 'No more output streams to write to'),
  END_OF_INPUT,
  // What a second SIGTERM leaves behind: our own stop sequence, not a failure.
  harmless('Error closing progress log'),
  ...TOTAL_RULES,
  ...BANDWIDTH_RULES,
  {
    rule: 'exit-reason',
    starts: 'Exiting normally',
    pattern: /^Exiting normally(?:, received signal (\d{1,3}))?/,
    build: ({ input, 1: signal }) => ({
      rule: 'exit-reason',
      text: textOf(input),
      ...(signal === undefined ? {} : { signal: numberOf(signal) }),
    }),
  },
  // `Received > 3 system signals, hard exiting`
  verbatim('exit-reason', 'Received > '),
  // Said before the level flag is read, so that no level tells their weight.
  ...[
    'Unrecognized option ',
    'Error splitting the argument list',
    'Invalid loglevel ',
    'Missing argument for option ',
    'Option ',
    'Failed to set value ',
    'Error parsing option',
    'Error parsing global options',
  ].map((starts) => verbatim('fatal', starts)),
];

const RULES: ReadonlyMap<string, readonly StderrRule[]> = new Map([
  ['http', HTTP_RULES],
  ['https', HTTP_RULES],
  ['httpproxy', HTTP_RULES],
  ['hls', HLS_RULES],
  ['tcp', TCP_RULES],
  ['tls', TLS_RULES],
  ['AVIOContext', AVIO_RULES],
  ['NULL', [OPEN, FORMAT_PROBED]],
  ['AVFormatContext', [OPEN, FORMAT_PROBED]],
  ['crypto', [OPEN]],
  ['', BARE_RULES],
]);
