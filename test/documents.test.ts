// What the documents name exists: paths, headings, options, metrics, exit codes, scripts, addresses, variables, figures, findings.
// It judges no sentence. The README's blocks are held by readme.test.ts, the tables of METRICS.md by metrics-document.test.ts.
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { environmentName } from '../src/config/option.ts';
import { keyOfName, optionRows } from '../src/config/options.ts';
import { FINDING_CODES } from '../src/events.ts';
import { METRIC_DEFINITIONS } from '../src/report/metrics.ts';
import { EXIT } from '../src/run/exit-codes.ts';
import { readThreshold } from '../src/stats/threshold.ts';

const ROOT = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** docs/FIGURES.md is written from the schema, and held by figures.test.ts. */
const DOCUMENTS: readonly string[] = ['*.md', 'docs/*.md', 'deploy/*.md']
  .flatMap((pattern) => globSync(pattern, { cwd: ROOT }))
  .filter((path) => path !== 'docs/FIGURES.md');

/** Options of other programs that the documents show, our two words that are in no table, and `--name` for any of ours. */
const FOREIGN_OPTIONS: ReadonlySet<string> = new Set([
  ...['help', 'version', 'name'],
  ...['http-proxy', 'proxy-server', 'proxy-bypass-list'],
  ...['pid', 'nofile', 'pids-limit', 'ulimit', 'build', 'test'],
]);
const HISTOGRAM_SUFFIX = /_(bucket|sum|count)$/;
const METRIC = /hls_swarm_[a-z0-9_]*(?:\{[a-z0-9_,]+\}[a-z0-9_]*)?\*?/g;

/** Blocks and spans of code. */
function codeOf(text: string): readonly string[] {
  const blocks = [...text.matchAll(/^```[a-z]*\n([\s\S]*?)^```/gm)].map(([, code = '']) => code);
  const prose = text.replace(/^```[a-z]*\n[\s\S]*?^```/gm, '');
  return [...blocks, ...[...prose.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code)];
}

/** All that `pattern` captures in these texts. */
function captured(texts: readonly string[], pattern: RegExp): readonly string[] {
  return texts.flatMap((text) => [...text.matchAll(pattern)].map((match) => match[1] ?? match[0]));
}

/** `a_{b,c}_d` is two names. */
function expanded(name: string): readonly string[] {
  const [, start = '', list, end = ''] = /^(.*?)\{(.*?)\}(.*)$/.exec(name) ?? [];
  return list === undefined ? [name] : list.split(',').map((part) => `${start}${part}${end}`);
}

function isOption(name: string): boolean {
  return [name, name.replace(/^no-/, '')].some((word) => keyOfName(word) !== undefined || FOREIGN_OPTIONS.has(word));
}

const metricNames: ReadonlySet<string> = new Set(METRIC_DEFINITIONS.map(({ name }) => name));

/** A name, a series of a histogram, or (`hls_swarm_proxy_*`, or one that goes on in the next line) the beginning of names. */
function isMetric(word: string): boolean {
  const isBeginning = /[_*]$/.test(word);
  if (isBeginning) return [...metricNames].some((name) => name.startsWith(word.replace(/\*$/, '')));
  return metricNames.has(word) || metricNames.has(word.replace(HISTOGRAM_SUFFIX, ''));
}

/** Anchors of a document's headings, as GitHub makes them. */
function anchorsOf(text: string): ReadonlySet<string> {
  const headings = captured([text.replace(/^```[\s\S]*?^```/gm, '')], /^#+ (.*)$/gm);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    ),
  );
}

/** Where a link of a document leads, and whether there is something. */
function leadsSomewhere(document: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? document : join(dirname(document), path);
  if (!existsSync(join(ROOT, target))) return false;
  return anchor === undefined || anchorsOf(read(target)).has(anchor);
}

const scripts = Object.keys((JSON.parse(read('package.json')) as { readonly scripts: object }).scripts);
const sources = ['src', 'test', 'scripts', '.ci', 'deploy', 'bin']
  .flatMap((folder) => globSync(`${folder}/**/*`, { cwd: ROOT, withFileTypes: true }))
  .filter((entry) => entry.isFile() && /\.(ts|js|sh|yaml)$|^(run|Dockerfile)$/.test(entry.name))
  .filter((entry) => entry.name !== 'documents.test.ts')
  .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
const variables: ReadonlySet<string> = new Set([
  ...optionRows.map(([, option]) => environmentName(option)),
  ...captured(sources, /HLS_SWARM_[A-Z0-9_]+/g),
]);
const addresses = read('src/report/control-server.ts');

for (const document of DOCUMENTS)
  describe(document, () => {
    const text = read(document);
    const code = codeOf(text);
    const holds = (what: string, names: readonly string[], exists: (name: string) => boolean): void => {
      test(`names ${what} that exist`, () => {
        assert.deepEqual(
          [...new Set(names)].filter((name) => !exists(name)),
          [],
        );
      });
    };

    holds('links', captured([text], /\]\((?!https?:)([^)]+)\)/g), (link) => leadsSomewhere(document, link));
    holds(
      'paths',
      captured(code, /(?<![\w./-])((?:src|test|bench|deploy|docs|scripts|bin|\.ci)\/[\w./-]*\w)/g),
      (path) => existsSync(join(ROOT, path)),
    );
    holds(
      'options',
      captured(
        code.map((words) => words.replace(/npm run [^\n]*/g, '')),
        /(?<![\w-])--([a-z][a-z0-9-]*)(?![\w.-])/g,
      ),
      isOption,
    );
    holds('metrics', captured([text], METRIC).flatMap(expanded), isMetric);
    holds('exit codes', captured([text], /\bexit(?:s| code)?(?: with)? (\d+)\b/gi), (exitCode) =>
      (Object.values(EXIT) as readonly number[]).includes(Number(exitCode)),
    );
    holds('scripts', captured([text], /npm run ([a-z0-9:-]*[a-z0-9])/g), (script) => scripts.includes(script));
    holds('addresses', captured(code, /GET (\/\w[\w/]*)/g), (address) => addresses.includes(`'${address}'`));
    holds('variables', captured([text], /HLS_SWARM_[A-Z0-9_]*[A-Z0-9]/g), (name) => variables.has(name));
    holds('figures', captured(code, /--fail-if '([^']+)'/g), (expression) => 'threshold' in readThreshold(expression));
    holds('findings', captured([text], /\bfinding `([a-z-]+)`/gi), (finding) =>
      (FINDING_CODES as readonly string[]).includes(finding),
    );
  });

test('docs/MIGRATION.md has a row for every option of go-ffmpeg-hls-swarm, and for no other', () => {
  const rows = read('docs/MIGRATION.md')
    .split('\n')
    .filter((line) => line.startsWith('| `-'))
    .map((line) => line.split('|')[1] ?? '');
  const peer = optionRows.filter(([, { peer: isPeer }]) => isPeer === true).map(([, { name }]) => name);
  assert.deepEqual([...captured(rows, /`-([a-z-]+)`/g)].sort(), peer.sort());
});
