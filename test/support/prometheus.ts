// A real Prometheus with the configuration and the rules of deploy/prometheus, scraping what a test names, and its answers.
// It keeps its data in a folder of its own that goes with it; it judges nothing.
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startService } from './service.ts';

/** One series of an answer: its labels and its samples as (seconds since 1970, value). */
export interface QueriedSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [seconds: number, value: number])[];
}

export interface Prometheus {
  readonly pid: number;
  url(path: string): string;
  /** Now. Throws with Prometheus' own words when the expression is wrong. */
  query(expression: string): Promise<readonly QueriedSeries[]>;
  /** Every second of the last `seconds`. */
  queryRange(expression: string, seconds: number): Promise<readonly QueriedSeries[]>;
  /** Resolves with the first answer that has a series; fails after the deadline. */
  waitFor(expression: string): Promise<readonly QueriedSeries[]>;
  /** Rules, alerts among them, that it could not evaluate or has not yet, with its reasons. */
  brokenRules(): Promise<readonly string[]>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Job to the address of its target. */
export type Targets = Readonly<Record<string, string>>;

export const PROMETHEUS_FOLDER: string = fileURLToPath(new URL('../../deploy/prometheus', import.meta.url));
const DEADLINE_MS = 20_000;
const POLL_MS = 100;

/** The shipped configuration with other targets, and everything each second where it says 5. */
export async function startPrometheus(targets: Targets): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'hls-swarm-prometheus-'));
  const removeFolder = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    await cp(PROMETHEUS_FOLDER, folder, { recursive: true });
    const file = join(folder, 'prometheus.yml');
    const shipped = await readFile(file, 'utf8');
    await writeFile(file, shipped.replace(/(_interval): 5s/g, '$1: 1s').replace('timeout: 4s', 'timeout: 1s'));
    const groups = Object.entries(targets).map(([job, target]) => ({ labels: { job }, targets: [target] }));
    await writeFile(join(folder, 'targets.yml'), JSON.stringify(groups));
    const service = await startService({
      command: 'prometheus',
      args: (port) => [
        `--config.file=${file}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--log.level=warn',
      ],
      readyPath: '/-/ready',
    });
    const ask = (path: string): Promise<readonly QueriedSeries[]> => answerOf(service.url(`/api/v1/${path}`));
    const query: Prometheus['query'] = (expression) => ask(`query?${new URLSearchParams({ query: expression })}`);
    return {
      pid: service.pid,
      url: service.url,
      query,
      queryRange: (expression, seconds) => {
        const end = Date.now() / 1_000;
        const range = { query: expression, start: String(end - seconds), end: String(end), step: '1' };
        return ask(`query_range?${new URLSearchParams(range)}`);
      },
      waitFor: async (expression) => {
        const endsAt = performance.now() + DEADLINE_MS;
        for (;;) {
          const series = await query(expression);
          if (series.length > 0) return series;
          if (performance.now() > endsAt) throw new Error(`no data within ${DEADLINE_MS} ms: ${expression}`);
          await pause(POLL_MS);
        }
      },
      brokenRules: () => brokenRules(service.url('/api/v1/rules')),
      [Symbol.asyncDispose]: async () => {
        await service.stop();
        await removeFolder();
      },
    };
  } catch (error) {
    await removeFolder();
    throw error;
  }
}

interface ApiAnswer {
  readonly status: string;
  readonly error?: string;
  readonly data?: {
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly value?: readonly [number, string];
      readonly values?: readonly (readonly [number, string])[];
    }[];
  };
}

async function answerOf(url: string): Promise<readonly QueriedSeries[]> {
  const answer = (await (await fetch(url)).json()) as ApiAnswer;
  if (answer.data === undefined) throw new Error(`Prometheus: ${answer.error ?? answer.status}`);
  return answer.data.result.map(({ metric, value, values }) => ({
    metric,
    values: (values ?? (value === undefined ? [] : [value])).map(([seconds, text]) => [seconds, Number(text)] as const),
  }));
}

async function brokenRules(url: string): Promise<readonly string[]> {
  const { data } = (await (await fetch(url)).json()) as {
    readonly data: {
      readonly groups: readonly {
        readonly rules: readonly { readonly name: string; readonly health: string; readonly lastError?: string }[];
      }[];
    };
  };
  const all = data.groups.flatMap(({ rules }) => rules);
  if (all.length === 0) return ['no rules at all'];
  return all.flatMap(({ name, health, lastError }) => (health === 'ok' ? [] : [`${name}: ${lastError ?? health}`]));
}
