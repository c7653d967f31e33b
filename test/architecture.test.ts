// Guards the house of DESIGN section 7: floors, doors, sizes, names. Each rule is shown to fail on a planted bad file.
// It reads the tree's text and runs none of it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  functionBodies,
  type Import,
  lineAt,
  readSources,
  type SourceFile,
  sourceFile,
} from './support/source-code.ts';

interface Rule {
  readonly name: string;
  /** One sentence per breach; empty when the house is in order. */
  readonly find: (files: readonly SourceFile[]) => string[];
  /** Path and text of files that break it, each alone or all together. */
  readonly planted: readonly (readonly [path: string, text: string])[];
  /** And one that does not. */
  readonly sound: readonly [path: string, text: string];
}

const MAXIMUM_FILE_LINES = 300;
const MAXIMUM_FUNCTION_LINES = 60;
/** Pure data and types, exempt from the sizes by name. */
const TABLES: readonly string[] = ['src/events.ts', 'src/stats/summary.ts'];
/** May write out a conversion beside units.ts: the clock's own grain. */
const CONVERSIONS: readonly string[] = ['src/units.ts', 'src/clock.ts'];

const GROUND = [
  ...[
    'events',
    'meters',
    'loop-delay',
    'clock',
    'units',
    'random',
    'log',
    'process',
    'group-guard',
    'group-guard-main',
    'process-group',
    'fetch',
    'fetch-answer',
    'fetch-cookies',
    'fetch-fields',
    'fetch-sockets',
    'trust',
  ],
  ...[
    'launcher',
    'launcher-main',
    'launcher-messages',
    'launched-program',
    'character-sets',
    'temporary-folder',
    'named-pipes',
  ],
];
const PURE = /^src\/(stats|hls|faults|proxy\/http1)\//;
/** Known to every room, and to one another not at all. */
const SHARED = ['hls', 'faults'];
const ROOMS = ['proxy', 'swarm', 'origin', 'scrape', 'report', 'tui'];
/** Parts of the ground that do something; the pure floors take only their types. */
const ACTIVE_GROUND = /^src\/(clock|log|process(-group)?|fetch|launcher(-main)?)\.ts$/;
const PURE_MODULES = ['node:buffer', 'node:crypto', 'node:path', 'node:url', 'node:util', 'node:zlib'];

/** Who may import what from outside; a package that is not here may not be imported at all. */
const DOORS: Readonly<Record<string, RegExp>> = {
  undici: /^src\/fetch\.ts$/,
  execa: /^src\/process\.ts$/,
  'prom-client': /^src\/report\//,
  blessed: /^src\/tui\/screen\.ts$/,
  fastify: /^src\/(report|origin)\//,
  '@peculiar/x509': /^src\/proxy\/tls\//,
  'reflect-metadata': /^src\/proxy\/tls\//,
  'hdr-histogram-js': /^src\/stats\/quantiles\.ts$/,
  pino: /^src\/log\.ts$/,
  yaml: /^src\/config\//,
  // Its file for pages is read as text into the HTML report; nothing of ours runs it.
  uplot: /^$/,
  typebox: /^src\/(stats|report)\//,
  'node:child_process': /^src\/(process|launcher-main|group-guard-main)\.ts$/,
  'node:worker_threads': /^src\/(proxy\/|process\.ts$|group-guard)/,
  'node:cluster': /^$/,
  // To serve with; our own requests go through fetch.
  'node:http': /^src\/origin\//,
  'node:https': /^$/,
};

const floorOf = (path: string): string => {
  const [, room, ...rest] = path.split('/');
  const name = (room ?? '').replace(/\.ts$/, '');
  // The composition root may be a folder.
  if (rest.length > 0) return name === 'run' ? 'top' : name;
  return GROUND.includes(name) ? 'ground' : 'top';
};

/** Why a file on one floor may not import a file on another; undefined when it may. */
function floorBreach(from: string, to: Import & { readonly path: string }): string | undefined {
  const floor = floorOf(from);
  const target = floorOf(to.path);
  // What is published beside the program is data.
  if (to.path.endsWith('.json')) return undefined;
  if (PURE.test(from) && ACTIVE_GROUND.test(to.path) && !to.isTypeOnly) return 'a pure file takes only types of it';
  if (floor === target || target === 'ground' || floor === 'top') return undefined;
  if (floor === 'ground') return 'the ground imports nothing above it';
  if (target === 'top' || target === 'config') return 'main, run and config are above it';
  if (floor === 'config') return ['faults', 'stats'].includes(target) ? undefined : 'config knows no room';
  if (SHARED.includes(floor)) return `${floor} is below all but the ground`;
  if (SHARED.includes(target)) return undefined;
  if (target === 'stats') return floor === 'proxy' || floor === 'swarm' ? 'it is handed emit' : undefined;
  return ROOMS.includes(target) ? 'rooms never import one another' : 'no such floor';
}

const isProduct = ({ path }: SourceFile): boolean => path.startsWith('src/');
const at = (file: SourceFile, offset: number): string => `${file.path}:${lineAt(file.text, offset)}`;

/** A breach wherever the pattern is in the code (or in the whole text) of the chosen files. */
const never =
  (pattern: RegExp, applies: (file: SourceFile) => boolean, part: 'code' | 'text' = 'code') =>
  (files: readonly SourceFile[]): string[] =>
    files
      .filter(applies)
      .flatMap((file) =>
        [...file[part].matchAll(pattern)].map((match) => `${at(file, match.index)}: ${match[0].trim()}`),
      );

function findCycles(files: readonly SourceFile[]): string[] {
  const edges = new Map(
    files.map((file) => [file.path, file.imports.flatMap((item) => (item.isTypeOnly ? [] : (item.path ?? [])))]),
  );
  const finished = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) cycles.push([...trail.slice(trail.indexOf(path)), path].join(' -> '));
    if (trail.includes(path) || finished.has(path)) return;
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path]);
    finished.add(path);
  };
  for (const path of edges.keys()) visit(path, []);
  return cycles;
}

const UNFINISHED = new RegExp(
  `\\b(${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X', 'HA' + 'CK'].join('|')})\\b|\\bfor ${'now'}\\b`,
  'g',
);
const HEADER = '// What this file is and what it does not do.\n';
const lines = (count: number): string => 'step();\n'.repeat(count);

const rules: readonly Rule[] = [
  {
    name: 'floors: nothing imports upwards or sideways',
    find: (files) =>
      files.filter(isProduct).flatMap((file) =>
        file.imports.flatMap((item) => {
          const { path } = item;
          const breach = path === undefined ? undefined : floorBreach(file.path, { ...item, path });
          return breach === undefined ? [] : [`${file.path} imports ${path}: ${breach}`];
        }),
      ),
    planted: [
      ['src/units.ts', "import { a } from './stats/a.ts';\n"],
      ['src/proxy/a.ts', "import type { A } from '../swarm/a.ts';\n"],
      ['src/proxy/b.ts', "import type { A } from '../stats/a.ts';\n"],
      ['src/stats/a.ts', "import { clockFrom } from '../clock.ts';\n"],
      ['src/stats/b.ts', "import { a } from '../report/a.ts';\n"],
      ['src/hls/a.ts', "import { a } from '../stats/a.ts';\n"],
      ['src/tui/a.ts', "import { a } from '../config/a.ts';\n"],
      ['src/config/a.ts', "import { a } from '../proxy/a.ts';\n"],
      ['src/report/a.ts', "const a = await import('../run.ts');\n"],
      ['src/scrape/a.ts', "import { a } from '../run/a.ts';\n"],
    ],
    sound: ['src/stats/c.ts', "import type { Clock } from '../clock.ts';\nimport { a } from '../hls/a.ts';\n"],
  },
  {
    name: 'doors: a package is imported only where its one door is',
    find: (files) =>
      files.filter(isProduct).flatMap((file) =>
        file.imports.flatMap(({ specifier, path, isTypeOnly }) => {
          if (path !== undefined) return [];
          const door = DOORS[specifier] ?? (specifier.startsWith('node:') ? /./ : /^$/);
          const isTypeOfModule = isTypeOnly && specifier.startsWith('node:');
          return door.test(file.path) || isTypeOfModule ? [] : [`${file.path} imports ${specifier}`];
        }),
      ),
    planted: [
      ['src/scrape/a.ts', "import { request } from 'undici';\n"],
      ['src/swarm/a.ts', "import { spawn } from 'node:child_process';\n"],
      ['src/swarm/b.ts', "import leftPad from 'left-pad';\n"],
      ['src/tui/view.ts', "import blessed from 'blessed';\n"],
    ],
    sound: ['src/fetch.ts', "import { request } from 'undici';\nimport type { A } from 'node:http';\n"],
  },
  {
    name: 'purity: stats, hls and http1 open nothing and set no timer',
    find: (files) => [
      ...files
        .filter(({ path }) => PURE.test(path))
        .flatMap((file) =>
          file.imports
            .filter(
              (item) =>
                item.specifier.startsWith('node:') && !item.isTypeOnly && !PURE_MODULES.includes(item.specifier),
            )
            .map((item) => `${file.path} imports ${item.specifier}`),
        ),
      ...never(
        /(?<![.\w#])(setTimeout|setInterval|setImmediate|fetch)\(|(?<![.\w#])process\.(env|argv|hrtime|cwd|memoryUsage|cpuUsage|nextTick|stdout|stderr)\b/g,
        ({ path }) => PURE.test(path),
      )(files),
    ],
    planted: [
      ['src/stats/a.ts', "import { readFileSync } from 'node:fs';\n"],
      ['src/hls/a.ts', 'setTimeout(() => {}, 1);\n'],
      ['src/proxy/http1/a.ts', 'const a = process.env;\n'],
    ],
    sound: ['src/hls/b.ts', "import { Buffer } from 'node:buffer';\nconst a = { process: 1 }; a.process;\n"],
  },
  {
    name: 'no import cycle',
    find: (files) => findCycles(files.filter(isProduct)),
    planted: [
      ['src/hls/a.ts', "import { b } from './b.ts';\n"],
      ['src/hls/b.ts', "import { a } from './a.ts';\n"],
    ],
    sound: ['src/hls/c.ts', "import { a } from './d.ts';\n"],
  },
  {
    name: `no file of the product is over ${MAXIMUM_FILE_LINES} lines`,
    find: (files) =>
      files
        .filter(({ path }) => !path.startsWith('test/') && !TABLES.includes(path))
        .map((file) => ({ path: file.path, count: file.text.trimEnd().split('\n').length }))
        .filter(({ count }) => count > MAXIMUM_FILE_LINES)
        .map(({ path, count }) => `${path} has ${count} lines`),
    planted: [['src/a.ts', lines(MAXIMUM_FILE_LINES + 1)]],
    sound: ['src/b.ts', lines(MAXIMUM_FILE_LINES)],
  },
  {
    name: `no function of the product is over ${MAXIMUM_FUNCTION_LINES} lines`,
    find: (files) =>
      files
        .filter(({ path }) => !path.startsWith('test/') && !TABLES.includes(path))
        .flatMap((file) =>
          functionBodies(file.code)
            .filter((body) => body.lines > MAXIMUM_FUNCTION_LINES)
            .map((body) => `${file.path}:${body.line} has a function of ${body.lines} lines`),
        ),
    planted: [
      ['src/a.ts', `function a(b: number): { c: number } {\n${lines(MAXIMUM_FUNCTION_LINES)}}\n`],
      ['src/b.ts', `const a = async (b: string) => {\n${lines(MAXIMUM_FUNCTION_LINES)}};\n`],
      [
        'src/c.ts',
        `class A {\n  async b<T>(c: Map<string, T>): Promise<Map<string, T>> {\n${lines(MAXIMUM_FUNCTION_LINES)}  }\n}\n`,
      ],
      ['src/d.ts', `class A {\n  constructor(b: string) {\n${lines(MAXIMUM_FUNCTION_LINES)}  }\n}\n`],
    ],
    sound: [
      'src/e.ts',
      `const f = (a: number): { b: number } => ({ b: a });\n\nclass A extends B {\n${'  b() {\n    c("}");\n  }\n'.repeat(MAXIMUM_FUNCTION_LINES)}}\n`,
    ],
  },
  {
    name: 'every file begins with a comment that says what it is',
    find: (files) => files.filter(({ text }) => !/^(#!.*\n)?(\/\/ .{20}|\/\*\*)/.test(text)).map(({ path }) => path),
    planted: [['src/a.ts', 'export const a = 1;\n']],
    sound: ['bin/a.js', `#!/usr/bin/env node\n${HEADER}`],
  },
  {
    name: 'no barrel, no re-export, no default export',
    find: (files) => [
      ...never(/^export\s+(\*|(type\s+)?\{[^}]*\}\s*from\b|default\b)/gm, isProduct)(files),
      ...files.filter(({ path }) => /(^|\/)index\.ts$/.test(path)).map(({ path }) => path),
    ],
    planted: [
      ['src/a.ts', "export * from './b.ts';\n"],
      ['src/b.ts', "export { c } from './c.ts';\n"],
      ['src/c.ts', 'export default 1;\n'],
      ['src/hls/index.ts', 'export const a = 1;\n'],
    ],
    sound: ['src/d.ts', 'const a = 1;\nexport { a };\n'],
  },
  {
    name: 'no file named after nothing in particular',
    find: (files) =>
      files.map(({ path }) => path).filter((path) => /(^|\/)(utils?|helpers?|misc|common|shared)(\.|\/)/.test(path)),
    planted: [
      ['src/utils.ts', HEADER],
      ['src/helpers/a.ts', HEADER],
    ],
    sound: ['src/units.ts', HEADER],
  },
  {
    name: 'process.exit is called in main only',
    find: never(
      /\bprocess\s*\.\s*(exit|abort|reallyExit)\s*\(/g,
      (file) => isProduct(file) && file.path !== 'src/main.ts',
    ),
    planted: [['src/run.ts', 'process.exit(1);\n']],
    sound: ['src/main.ts', 'process.exit(1);\n'],
  },
  {
    name: 'arithmetic with 8, 1000, 1024 and 1e6 is in units only',
    find: never(
      /^(?!\s*(export )?const (?!\w*_PER_)[A-Z0-9_]+(: number)? = [\d_]+;$).*((?<![\w.])(1_?000|1024|1_?000_?000|1_?048_?576|1_?000_?000_?000|1e[369])(?![\w.])|[*/] 8\b|\b8 \* (?![A-Z])).*$/gm,
      (file) => isProduct(file) && !CONVERSIONS.includes(file.path),
    ),
    planted: [
      ['src/a.ts', 'const seconds = ms / 1000;\n'],
      ['src/b.ts', 'const LIMIT = 64 * 1024;\n'],
      ['src/c.ts', 'const bits = bytes * 8;\n'],
      ['src/d.ts', 'const MS_PER_S = 1000;\n'],
      ['src/e.ts', `const a = \`$${'{bytes / 1e6}'} MB\`;\n`],
    ],
    sound: ['src/f.ts', "const MAXIMUM_LINES = 1000;\nconst SIZE = 8 * KIB;\nconst text = '1000'; // 1024\n"],
  },
  {
    name: 'the time is read in clock only',
    find: never(
      /\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\.(now|timeOrigin)\b|\bhrtime\b/g,
      (file) => isProduct(file) && file.path !== 'src/clock.ts',
    ),
    planted: [
      ['src/a.ts', 'const a = Date.now();\n'],
      ['src/b.ts', 'const a = new Date();\n'],
      ['src/c.ts', 'const a = process.hrtime.bigint();\n'],
    ],
    sound: ['src/d.ts', 'const a = new Date(wallMs).toISOString();\n'],
  },
  {
    name: 'nothing is left unfinished',
    find: never(UNFINISHED, ({ path }) => !path.startsWith('test/fixtures/'), 'text'),
    planted: [
      ['src/a.ts', `// ${'TO' + 'DO'}: this\n`],
      ['test/a.test.ts', `// good enough for ${'now'}\n`],
    ],
    sound: ['src/b.ts', '// what is to be done is done\n'],
  },
  {
    name: 'no test is skipped without a reason, none runs alone',
    find: never(/\b(skip|todo|only): true\b|\b(test|it|describe)\.(skip|todo|only)\(/g, ({ path }) =>
      path.startsWith('test/'),
    ),
    planted: [
      ['test/a.test.ts', "test('a', { skip: true }, () => {});\n"],
      ['test/b.test.ts', "test.only('a', () => {});\n"],
    ],
    sound: ['test/c.test.ts', "test('a', { skip: requirement('ffmpeg') }, () => {});\n"],
  },
];

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const tree = readSources(root, ['src', 'test', 'bench', 'bin', 'scripts']);

for (const rule of rules) {
  test(`the house: ${rule.name}`, () => {
    assert.deepEqual(rule.find(tree), []);
  });

  test(`the house test notices a breach: ${rule.name}`, () => {
    const planted = rule.planted.map(([path, text]) => sourceFile(path, text));
    const found = rule.find(planted).join('\n');
    for (const { path } of planted) assert.ok(found.includes(path), `${path} is not among:\n${found}`);
    const [path, text] = rule.sound;
    assert.deepEqual(rule.find([sourceFile(path, text)]), []);
  });
}

test('the house test reads the whole tree', () => {
  assert.ok(tree.some(({ path }) => path === 'src/events.ts'));
  assert.ok(tree.some(({ path }) => path === 'test/architecture.test.ts'));
  const packages = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as { dependencies: Record<string, string> };
  assert.deepEqual(
    Object.keys(packages.dependencies).filter((name) => DOORS[name] === undefined),
    [],
    'a dependency without a door',
  );
});
