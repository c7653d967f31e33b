// The option table, row by row: spellings, environment, file, defaults, help, and its promises to go-ffmpeg-hls-swarm.
// What single values and combinations mean is in parse.test.ts.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Command, defaultText, environmentName, GROUPS, type Option } from '../../src/config/option.ts';
import { optionRows, optionTable } from '../../src/config/options.ts';
import { parseValue } from '../../src/config/value.ts';
import { errorsOf, optionsOf, parse, STREAM } from '../support/command-line.ts';

type ItemForm = NonNullable<Extract<Option, { type: 'list' }>['itemForm']>;
const ITEM_SAMPLES: Readonly<Record<ItemForm, string>> = {
  header: 'X-Test: -value=1',
  'field-name': 'X-Served-By',
  cookie: 'session=-a=b c',
  fault: 'kind=segment nth=7 status=404',
  threshold: 'proxy.byKind.segment.phases.waitMs.p95>=300ms',
  device: 'eth0,bond0.100',
  'log-fields': 'remotePort=client.port,requestIndex=k+1',
};

/** A value that is allowed and is not the default. */
function sample(option: Option): string {
  switch (option.type) {
    case 'boolean':
      return String(option.default !== 'true');
    case 'integer':
      return String(Math.min(option.maximum, Math.max(option.minimum, 7)));
    case 'number':
      return '0.5';
    case 'duration':
      return option.name === 'origin-metrics-window' ? '45s' : '700ms';
    case 'enum':
      return option.choices.find((choice) => choice !== option.default) ?? '';
    case 'url':
      return 'http://exporter.example:9100/metrics';
    case 'host':
      return '192.0.2.7';
    case 'hostport':
      return '127.0.0.1:18000';
    case 'list':
      return ITEM_SAMPLES[option.itemForm ?? 'header'];
    case 'string':
      return option.name === 'origin-bytes-metric' ? 'nginx_bytes_total{direction="out"}' : '/tmp/some.file';
    default:
      return '/tmp/some.file';
  }
}

/** Values that are out of range or of another kind. */
function refusedBy(option: Option): readonly string[] {
  switch (option.type) {
    case 'boolean':
      return ['maybe', '2'];
    case 'integer':
      return [String(option.minimum - 1), String(option.maximum + 1), '1.5', 'x', '0x10'];
    case 'number':
      return [String(option.minimum - 1), String(option.maximum + 1), 'x'];
    case 'duration':
      return ['-1ns', '9999h', '7', 'soon'];
    case 'enum':
      return ['nonsense', `${option.choices[0]?.toUpperCase()}!`];
    case 'url':
      return ['host:9100', 'ftp://host/'];
    case 'host':
      return ['http://192.0.2.7', '192.0.2.7:80', 'a b'];
    case 'hostport':
      return ['127.0.0.1', 'a:70000'];
    case 'list':
      return option.itemForm === 'threshold' ? ['proxy.transfer>1'] : ['no colon, no equals sign'];
    case 'path':
      return [];
    case 'string':
      return ['a\u0007b'];
  }
}

/** A command line on which the option may stand. */
function commandLine(option: Option): { command: Command; words: string[] } {
  const command = option.commands[0] ?? 'run';
  const words = command === 'run' ? [STREAM] : [command];
  if (command === 'analyze' && option.name !== 'stderr') words.push('--stderr=a.log');
  if (command === 'analyze' && option.name.startsWith('log-')) words.push('--truth=t.jsonl');
  if (option.name.startsWith('upstream-')) words.push('--upstream=shared');
  if (option.name === 'json' && command === 'run') words.push('--check');
  if (option.name === 'origin-access-log-fields') words.push('--origin-access-log=a.log');
  if (option.name === 'origin-metrics-device' || option.name === 'origin-bytes-metric')
    words.push('--origin-metrics=http://origin.example:9100/metrics');
  return { command, words: option.name === 'resolve' ? [...words, '--dangerous'] : words };
}

for (const [key, option] of optionRows) {
  const text = sample(option);
  const { command, words } = commandLine(option);
  const flag = option.name;
  const parsedValue = parseValue(option, text);
  const spellings = [
    [`-${flag}=${text}`],
    [`--${flag}=${text}`],
    ...(option.type === 'boolean'
      ? []
      : [
          [`-${flag}`, text],
          [`--${flag}`, text],
        ]),
    ...(option.type === 'boolean' && text === 'true' ? [[`-${flag}`], [`--${flag}`]] : []),
    ...(option.type === 'boolean' && text === 'false' ? [[`--no-${flag}`]] : []),
  ];

  test(`--${flag} is taken in every spelling, from environment and file, or refused with one line`, () => {
    assert.ok('value' in parsedValue, JSON.stringify(parsedValue));
    const ways = [
      ...spellings.flatMap((spelling) => [
        { argv: [...words, ...spelling] },
        { argv: command === 'run' ? [...spelling, ...words] : [...words, ...spelling] },
      ]),
      ...(flag === 'config'
        ? []
        : [
            { argv: words, sources: { environment: { [environmentName(option)]: text } } },
            {
              argv: [...words, '--config=c.yaml'],
              sources: { files: { 'c.yaml': `${flag}: ${JSON.stringify(text)}\n` } },
            },
          ]),
    ];
    for (const { argv, sources } of ways as { argv: string[]; sources?: object }[]) {
      const given = { files: { '/tmp/some.file': '' }, ...sources };
      const value = optionsOf(argv, given)[key];
      if (flag === 'check') assert.equal(value, true);
      else assert.deepEqual(value, parsedValue.value, argv.join(' '));
    }
  });

  test(`--${flag} refuses what is not allowed from each source, once, with the option, the value and what is allowed`, () => {
    for (const wrong of refusedBy(option)) {
      const name = environmentName(option);
      for (const [argv, sources, source] of [
        [[...words, `--${flag}=${wrong}`], {}, 'command line'],
        [words, { environment: { [name]: wrong } }, `environment ${name}`],
        [
          [...words, '--config=c.yaml'],
          { files: { 'c.yaml': `\n${flag}: ${JSON.stringify(wrong)}\n` } },
          'file c.yaml, line 2',
        ],
      ] as const) {
        const errors = errorsOf(argv, sources);
        assert.equal(errors.length, 1, errors.join('\n'));
        const start = `--${flag}: ${JSON.stringify(wrong)} (${source}) `;
        assert.ok(errors[0]?.startsWith(start), `${errors[0]} does not start with ${start}`);
        assert.match(errors[0] ?? '', /; allowed: .+/);
      }
    }
  });

  test(`--${flag} has a default that is allowed, and the help of each of its commands names it in its group`, () => {
    for (const itsCommand of option.commands) {
      const byDefault = defaultText(option, itsCommand);
      if (byDefault !== undefined) assert.ok('value' in parseValue(option, byDefault), byDefault);
      const help = parse(['help', itsCommand]);
      assert.ok(help.ok && 'text' in help);
      const [, rest = ''] = help.text.split(`\n${option.group}:\n`);
      const section = rest.split('\n\n')[0] ?? '';
      assert.match(section, new RegExp(`^ {2}--(\\[no-\\])?${flag}( |$)`, 'm'));
      const words = option.helpFor?.[itsCommand] ?? option.help;
      assert.ok(help.text.replace(/\s+/g, ' ').includes(words), `help of ${itsCommand}`);
    }
  });
}

test('every group has options, and every option a group of the help', () => {
  assert.deepEqual([...new Set(optionRows.map(([, option]) => option.group))].sort(), [...GROUPS].sort());
});

test('names are unique, and no name hides another in the environment', () => {
  const names = optionRows.map(([, option]) => option.name);
  assert.equal(new Set(names).size, names.length);
  assert.equal(new Set(optionRows.map(([, option]) => environmentName(option))).size, names.length);
});

test('the help of a command says what an option does there, and nothing of what it does elsewhere', () => {
  const help = (command: string): string => {
    const parsed = parse(['help', command]);
    assert.ok(parsed.ok && 'text' in parsed);
    return parsed.text.replace(/\s+/g, ' ');
  };
  for (const absent of ['--resolve', '-rw_timeout', 'first start']) assert.ok(!help('proxy').includes(absent), absent);
  for (const present of ['--resolve', '-rw_timeout', 'first start']) assert.ok(help('run').includes(present), present);
  assert.ok(!help('run').includes('checks of machine and stream'), 'the stream is looked at in any case');
});

test('help lines fit a terminal of 80 columns', () => {
  for (const command of ['run', 'demo', 'check', 'origin', 'proxy']) {
    const help = parse(['help', command]);
    assert.ok(help.ok && 'text' in help);
    assert.deepEqual(
      help.text.split('\n').filter((line) => line.length > 80),
      [],
    );
  }
});

interface PeerFlag {
  readonly flag: string;
  readonly type: string;
  readonly default: unknown;
  readonly group: string;
}

/** Where our default differs from the original's on purpose (CHANGELOG names each). */
const CHANGED_DEFAULTS = [
  'metrics',
  'seg-retry',
  'user-agent',
  'origin-metrics-interval',
  'segment-sizes-interval',
  'segment-cache-window',
];
const SAME_TYPE: Readonly<Record<string, RegExp>> = {
  integer: /^int/,
  number: /^float/,
  boolean: /^bool/,
  duration: /^duration/,
  enum: /^enum|^string/,
  list: /^string \(repeatable\)/,
  url: /^url/,
  host: /^(host|string)$/,
  hostport: /^host:port/,
  string: /^string$/,
  path: /^path$/,
};
const flagsFile = new URL('../../../shared/peer/flags.json', import.meta.url);

test('all 42 options of go-ffmpeg-hls-swarm are there, of the same type and default', {
  skip: existsSync(flagsFile) ? false : 'the shared folder is not here',
}, () => {
  const peer = (JSON.parse(readFileSync(flagsFile, 'utf8')) as PeerFlag[]).filter(
    ({ group }) => group !== 'Positional' && group !== 'Meta',
  );
  assert.equal(peer.length, 42);
  const ours = optionRows.filter(([, option]) => option.peer === true).map(([, option]) => `-${option.name}`);
  assert.deepEqual(ours.sort(), peer.map(({ flag }) => flag).sort());
  for (const { flag, type, default: peerDefault } of peer) {
    const option = Object.values(optionTable).find(({ name }) => `-${name}` === flag);
    assert.ok(option);
    assert.match(type, SAME_TYPE[option.type] ?? /^$/, flag);
    if (CHANGED_DEFAULTS.includes(option.name)) continue;
    const expected = Array.isArray(peerDefault) || peerDefault === '' ? undefined : String(peerDefault);
    assert.equal(option.default, expected, flag);
  }
});
