// Small logs in FFmpeg's form, written line by line with their instants, and `analyze` over them.
// It asserts nothing; the folders it makes are removed by whoever made them.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Options } from '../../src/config/options.ts';
import type { Analysis } from '../../src/report/analysis.ts';
import { analyze } from '../../src/run/analyze.ts';

const ORIGIN = 'origin.example:8080';
export const BASE: string = `http://${ORIGIN}`;
export const PLAYLIST = '/live/stream.m3u8';
/** Unix seconds of instant 0. */
export const START = 1_795_221_358;

export interface Line {
  /** Seconds. */
  readonly at: number;
  readonly text: string;
}

export const opening = (at: number, path: string, context = 'hls'): Line => ({
  at,
  text: `[${context} @ 0x1] [info] Opening '${BASE}${path}' for reading`,
});
export const asked = (at: number, path: string, host: string = ORIGIN): Line => ({
  at,
  text: `[http @ 0x2] [debug] request: GET ${path} HTTP/1.1\nUser-Agent: x\nHost: ${host}\n\n`,
});
export const announced = (at: number, path: string): Line => ({
  at,
  text: `[hls @ 0x1] [verbose] HLS request for url '${BASE}${path}', offset 0, playlist 0`,
});
export const request = (at: number, path: string, context?: string): Line[] => [
  opening(at, path, context),
  asked(at, path),
];
export const media = (at: number, path: string, context?: string): Line[] => [
  announced(at, path),
  ...request(at, path, context),
];
export const said = (at: number, text: string): Line => ({ at, text });
/** The last words of a process that ended by itself, and of one that was told to. */
export const totals = (at: number): Line =>
  said(at, '[info] video:195kB audio:41kB subtitle:0kB other streams:0kB global headers:0kB muxing overhead: unknown');
export const exited = (at: number): Line[] => [totals(at), said(at, '[info] Exiting normally, received signal 15.')];

export const row = (at: number, url: string, more: object = {}): object => ({
  client: '1',
  url,
  kind: url.endsWith('.m3u8') ? 'playlist' : 'segment',
  status: 200,
  bodyBytes: 1000,
  contentLength: 1000,
  tStart: START + at + 0.0005,
  tEnd: START + at + 0.01,
  ...more,
});

export const HEALTHY: readonly Line[] = [
  ...request(0, PLAYLIST),
  ...media(0.1, '/live/a1.ts'),
  ...media(2, '/live/a2.ts'),
];
export const HEALTHY_ROWS: readonly object[] = [row(0, PLAYLIST), row(0.1, '/live/a1.ts'), row(2, '/live/a2.ts')];

export type Files = Partial<Record<'truth.jsonl' | 'sizes.json' | 'events.jsonl' | 'arrivals.jsonl', string>>;
export interface AnalysisInput {
  readonly log?: readonly Line[];
  readonly rows?: readonly object[];
  /** Texts in place of what `rows` and the log's instants make. */
  readonly files?: Files;
  readonly options?: Partial<Options>;
  /** The log comes through a pipe: nobody knows when. */
  readonly isPiped?: boolean;
}

/** Makes a folder with the log, its arrivals and what else is given, and analyzes it. */
export async function analysisOf({
  log,
  rows,
  files = {},
  options,
  isPiped = false,
}: AnalysisInput): Promise<Analysis> {
  const folder = mkdtempSync(join(tmpdir(), 'hls-swarm-analyze-'));
  const put = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const text = (log ?? []).map((line) => `${line.text}\n`).join('');
  const truth = files['truth.jsonl'] ?? rows?.map((item) => JSON.stringify(item)).join('\n');
  const { 'sizes.json': sizes, 'events.jsonl': events, 'arrivals.jsonl': arrivals = arrivalsOf(log ?? []) } = files;
  if (log !== undefined && !isPiped) put('arrivals.jsonl', arrivals);
  try {
    return await analyze(
      {
        ...(log === undefined ? {} : { stderr: isPiped ? '-' : put('stderr.log', text) }),
        ...(truth === undefined ? {} : { truth: put('truth.jsonl', truth) }),
        ...(sizes === undefined ? {} : { sizes: put('sizes.json', sizes) }),
        ...(events === undefined ? {} : { events: put('events.jsonl', events) }),
        ...options,
      },
      isPiped ? once(text) : once(),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** One chunk per line. */
export function arrivalsOf(log: readonly Line[]): string {
  let offset = 0;
  const arrivals = log.map(({ at, text }) => {
    const len = Buffer.byteLength(text) + 1;
    offset += len;
    return JSON.stringify({ t: START + at, off: offset - len, len });
  });
  return arrivals.join('\n');
}

/** `requests.segment -1 redirect`, in the order in which they are told. */
export function differencesOf({ differences }: Analysis): string[] {
  return differences.flatMap(({ of, reasons }) => reasons.map(({ code, count }) => `${of} ${count} ${code}`));
}

async function* once(...texts: readonly string[]): AsyncIterable<Buffer> {
  for (const text of texts) yield Buffer.from(text);
}
