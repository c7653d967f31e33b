// What go-ffmpeg-hls-swarm answers to its command lines (../shared/peer), held against ours: vectors, and all of its flags.
// Where we differ is in ../support/peer-differences.ts; a vector that is neither equal nor listed fails.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { environmentName } from '../../src/config/option.ts';
import { keyOfName, optionTable } from '../../src/config/options.ts';
import { parseValue } from '../../src/config/value.ts';
import { errorsOf, optionsOf, parse, STREAM } from '../support/command-line.ts';
import { differenceOf } from '../support/peer-differences.ts';
import { holds } from '../support/peer-vectors.ts';

type Flags = Readonly<Record<string, string | number | boolean>>;

describe('recorded behaviour', () => {
  holds('config_validation', {
    // The order of errors is no promise: ours come by source, the stream's URL after the options.
    validate: (vector) => {
      const { input, expected, truth } = vector;
      const argv = input.url === '' ? wordsOf(input.flags) : [...wordsOf(input.flags), input.url];
      const fields = errorsOf(argv).map((error) => /^(?:--)?([\w-]+):/.exec(error)?.[1]?.replaceAll('-', '_'));
      const stated: string[] = (truth ?? expected).error_fields;
      const wanted = stated.map((field) => (field === 'stream_url' ? 'URL' : field));
      const mayHaveMore = differenceOf('config_validation', vector, 'more_errors') !== undefined;
      assert.deepEqual(fields.filter((field) => !mayHaveMore || wanted.includes(field ?? '')).sort(), wanted.sort());
    },
    header_list: ({ input, expected }) => {
      const { headers } = optionsOf([...input.flatMap((header: string) => ['-header', header]), STREAM]);
      assert.deepEqual(headers, input);
      assert.equal(headers.length, expected.length);
    },
    origin_enabled: ({ input, expected }) => {
      const { originMetricsUrl, nginxMetricsUrl } = optionsOf([...wordsOf(input), STREAM]);
      assert.equal(originMetricsUrl !== undefined || nginxMetricsUrl !== undefined, expected);
    },
    origin_urls: ({ input, expected }) => {
      const { originMetricsUrl = '', nginxMetricsUrl = '' } = optionsOf([...wordsOf(input), STREAM]);
      assert.deepEqual({ node: originMetricsUrl, nginx: nginxMetricsUrl }, expected);
    },
    segment_sizes: ({ input, expected }) => {
      const { segmentSizesUrl } = optionsOf([...wordsOf(input), STREAM]);
      assert.deepEqual({ enabled: segmentSizesUrl !== undefined, url: segmentSizesUrl ?? '' }, expected);
    },
    exit_code: (vector) => {
      const isOurs = differenceOf('config_validation', vector, 'code') !== undefined;
      assert.equal(parse(vector['input']).ok ? 0 : 2, isOurs ? 2 : vector['expected']);
    },
  });
});

interface PeerFlag {
  readonly flag: string;
  readonly type: string;
  readonly default: unknown;
  readonly group: string;
}

const flagsFile = new URL('../../../shared/peer/flags.json', import.meta.url);
const skip = existsSync(flagsFile) ? false : 'the shared folder is not here';
const peerFlags = skip === false ? (JSON.parse(readFileSync(flagsFile, 'utf8')) as readonly PeerFlag[]) : [];

/** A value of the flag's own kind, in go-ffmpeg-hls-swarm's words. */
function givenFor({ flag, type, default: byDefault }: PeerFlag): string {
  const choices = /^enum\((.*)\)$/.exec(type)?.[1]?.split('|');
  if (choices !== undefined) return choices.at(-1) ?? '';
  if (type === 'bool') return String(byDefault !== true);
  if (type.startsWith('duration')) return flag === '-origin-metrics-window' ? '1m' : '1.5s';
  if (type.startsWith('int')) return '12';
  if (type === 'float') return '0.25';
  if (type === 'url') return 'http://exporter.example:9100/metrics';
  if (type === 'host' || flag === '-resolve') return '192.0.2.7';
  if (type === 'host:port') return '127.0.0.1:18000';
  if (type === 'path') return '/opt/ffmpeg';
  if (flag === '-header') return 'X-Test: value';
  return flag === '-stats-loglevel' ? 'verbose' : 'player/2.0';
}

describe('the flags of go-ffmpeg-hls-swarm', { skip }, () => {
  const flags = peerFlags.filter(({ group }) => group !== 'Positional' && group !== 'Meta');

  test('there are 42', () => assert.equal(flags.length, 42));

  for (const peer of flags) {
    test(`${peer.flag} means the same on the command line in three spellings, in the environment and in a file`, () => {
      const name = peer.flag.slice(1);
      const key = keyOfName(name);
      assert.ok(key !== undefined);
      const option = optionTable[key];
      const text = givenFor(peer);
      const parsed = parseValue(option, text);
      assert.ok('value' in parsed, JSON.stringify(parsed));
      const line = name === 'resolve' ? [STREAM, '--dangerous'] : [STREAM];
      const spellings = [
        [`-${name}=${text}`],
        [`--${name}=${text}`],
        peer.type === 'bool' ? [text === 'true' ? `--${name}` : `--no-${name}`] : [`-${name}`, text],
      ];
      for (const words of spellings)
        assert.deepEqual(optionsOf([...words, ...line])[key], parsed.value, words.join(' '));
      const environment = { [environmentName(option)]: text };
      assert.deepEqual(optionsOf(line, { environment })[key], parsed.value);
      const files = { 'c.yaml': `${name}: ${JSON.stringify(text)}\n` };
      assert.deepEqual(optionsOf([...line, '--config', 'c.yaml'], { files })[key], parsed.value);
    });
  }
});

/** Go's own spelling; a list stands for a flag that is given again and again. */
function wordsOf(flags: Flags): readonly string[] {
  return Object.entries(flags).flatMap(([name, value]) => [value].flat().map((item) => `-${name}=${item}`));
}
