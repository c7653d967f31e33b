// What go-ffmpeg-hls-swarm's log lets through and keeps (../shared/peer), held against ours, vector by vector.
// Where we differ is in support/peer-differences-metrics.ts.
import assert from 'node:assert/strict';
import { createLog, type Log } from '../src/log.ts';
import { LogRing } from '../src/run/log-ring.ts';
import { holds } from './support/peer-vectors.ts';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const satisfies readonly (keyof Log)[];

/** What comes out of a log into which `say` wrote: each line as an object. */
function linesOf(verbose: boolean, say: (log: Log) => void): readonly Readonly<Record<string, unknown>>[] {
  const lines: string[] = [];
  say(createLog({ format: 'json', verbose, toStderr: () => false, onLine: (line) => lines.push(line) }));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

holds('logging', {
  filter: ({ input, expected }) => {
    const lines = linesOf(input === 'debug', (log) => {
      for (const level of LEVELS) log[level]({}, 'said');
    });
    assert.deepEqual(
      lines.map(({ level }) => level),
      expected,
    );
  },
  stderr_buffer: ({ input, expected }) => {
    const ring = new LogRing();
    for (const line of input.lines) ring.add(line);
    assert.deepEqual(ring.last(input.ask), expected);
  },
  // A client repeats its FFmpeg's lines at level debug.
  verbose: ({ input, expected }) => {
    const lines = linesOf(input.verbose, (log) => log.debug({ client: 1, text: input.line }, 'ffmpeg_stderr'));
    assert.equal(
      lines.some(({ text }) => text === input.line),
      expected.logged,
    );
  },
});
