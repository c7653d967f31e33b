// What an FFmpeg is asked, and what becomes of programs that are none.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import {
  optionLines,
  optionNames,
  parseRelease,
  probeCapabilities,
  verifiesByDefault,
} from '../../src/swarm/capabilities.ts';
import { fakeProgram } from '../support/processes.ts';
import { sandbox } from '../support/program.ts';
import { requirement } from '../support/require.ts';
import { TESTED_FFMPEG } from '../support/second-ffmpeg.ts';

const reasonFor = async (path: string): Promise<string> => {
  const result = await probeCapabilities(path);
  assert.equal(result.ok, false);
  return result.ok ? '' : result.reason;
};

test('the installed FFmpeg tells its version and options, started four times, or five where its stamps are in question', {
  skip: requirement('ffmpeg'),
}, async () => {
  await using box = await sandbox();
  const asked = box.file('asked');
  const counted = box.file('counted-ffmpeg');
  await writeFile(counted, `#!/bin/sh\necho "$*" >> '${asked}'\nexec '${TESTED_FFMPEG}' "$@"\n`, { mode: 0o755 });
  const result = await probeCapabilities(counted);
  assert.ok(result.ok, JSON.stringify(result));
  assert.match(result.capabilities.version, /\d/);
  assert.ok(result.capabilities.hlsOptions.has('max_reload'));
  assert.ok(
    ['http_proxy', 'user_agent', 'headers', 'reconnect'].every((name) => result.capabilities.httpOptions.has(name)),
  );
  assert.equal(result.capabilities.hasStatsPeriod, true);
  const questions = (await readFile(asked, 'utf8')).trim().split('\n');
  const mayHaveStamps = questions.some((question) => question.includes('datetime'));
  assert.equal(questions.length, mayHaveStamps ? 5 : 4, questions.join('; '));
});

test('a newer FFmpeg is known by what it accepts, not by its number', async () => {
  const result = await probeCapabilities(fakeProgram('new-ffmpeg'));
  assert.ok(result.ok);
  assert.deepEqual(result.capabilities.release, [8, 1]);
  assert.equal(result.capabilities.hasDatetimeLevel, true);
  assert.ok(result.capabilities.hlsOptions.has('seg_max_retry'));
  assert.equal(result.capabilities.httpOptions.has('reconnect'), false);
});

test('a program that is not FFmpeg is named with what it printed', async () => {
  const path = fakeProgram('not-ffmpeg');
  assert.equal(await reasonFor(path), `${path} is not FFmpeg: -version printed "hello, I am a banana" and left with 0`);
  assert.equal(await reasonFor('/bin/true'), '/bin/true is not FFmpeg: -version printed nothing and left with 0');
});

test('missing, a folder, not executable: the reason says which', async () => {
  assert.equal(await reasonFor('/no/such/ffmpeg'), 'FFmpeg cannot be used: /no/such/ffmpeg does not exist');
  assert.equal(await reasonFor('/'), 'FFmpeg cannot be used: / is not a file');
  assert.match(await reasonFor(fakeProgram('not-executable')), /not-executable is not executable$/);
});

test('an FFmpeg older than 5.1 is refused with its version and the reason', async () => {
  assert.match(
    await reasonFor(fakeProgram('old-ffmpeg')),
    /is FFmpeg 4\.4\.2-0ubuntu0\.22\.04\.1; 5\.1 or later is needed \(/,
  );
});

test('an FFmpeg that would not answer is not accused of lacking anything', async () => {
  const path = fakeProgram('silent-ffmpeg');
  const result = await probeCapabilities(path);
  assert.ok(!result.ok);
  assert.equal(
    result.reason,
    `${path} (FFmpeg 6.1) could not be asked what it can do: -h full printed "out of files" and left with 127`,
  );
  assert.match(result.fix ?? '', /file_descriptors/);
});

test('releases are read from distribution and upstream spellings, commits have none', () => {
  assert.deepEqual(
    ['5.1.9-0+deb12u1', 'n7.1', '8.0', '7.0.2-static', 'N-109542-g1bf1c1f', 'git-2018-07-01-abc'].map(parseRelease),
    [[5, 1], [7, 1], [8, 0], [7, 0], undefined, undefined],
  );
});

test('option names are taken from the list, not from values and descriptions', () => {
  const help =
    'hls demuxer AVOptions:\n  -max_reload        <int>        .D...... -not_this (default 100)\n     none            0            ED...\n';
  assert.deepEqual([...optionNames(help)], ['max_reload']);
});

test('the options of a part are those under its own heading', () => {
  const help = [
    ...['E-AC-3 AVOptions:', '  -dialnorm  <int>  E.......... x', ''],
    ...['ffrtmphttp AVOptions:', '  -other  <int>  E.......... x', ''],
    ...[
      'http AVOptions:',
      '  -one  <int>  ED......... http AVOptions:',
      '     none  0  ED......... x',
      'tls AVOptions:',
      '  -two  <int>  x',
      '',
    ],
    ...['hls muxer AVOptions:', '  -three  <int>  x'],
  ].join('\n');
  const namesOf = (part: string): readonly string[] => [...optionNames(optionLines(help, part))];
  assert.deepEqual(['http', 'tls', 'hls demuxer', 'hls muxer'].map(namesOf), [['one'], ['two'], [], ['three']]);
});

test('an FFmpeg that verifies certificates unless told otherwise is known by its own help', () => {
  const help = (value: string): string =>
    `tls AVOptions:\n  -tls_verify        <int>        ED......... Verify the peer certificate (from 0 to 1) (default ${value})\n`;
  assert.deepEqual(['0', '1', 'true'].map(help).map(verifiesByDefault), [false, true, true]);
  assert.equal(verifiesByDefault(''), false);
});
