// Builds of FFmpeg by what they print: releases, distributions, commits, what they were built without. Stubs stand in for them.
import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  type CapabilitiesResult,
  demuxerNames,
  inputProtocols,
  libraryRelease,
  probeCapabilities,
} from '../../src/swarm/capabilities.ts';
import type { Check } from '../../src/swarm/check.ts';
import { type FfmpegNeeds, ffmpegCheck, ffprobeCheck } from '../../src/swarm/ffmpeg-checks.ts';
import { newCapabilities } from '../support/swarm.ts';

const NEEDS: FfmpegNeeds = { isHttps: false, isTapped: true, isHls: true };
let folder = '';
let stubs = 0;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hls-swarm-builds-'));
});
after(() => rm(folder, { recursive: true, force: true }));

/** `library`: what it prints of libavformat. */
async function stub(version: string, library = '', takesStatsPeriod = true): Promise<string> {
  stubs += 1;
  const path = join(folder, `ffmpeg-${stubs}`);
  const period = takesStatsPeriod ? ';;' : 'exit 1 ;;';
  const text = `#!/bin/sh
case "$*" in
  *stats_period*) ${period}
  *-h\\ full*)
    printf 'http AVOptions:\\n  -http_proxy        <string>     ED......... x\\n\\n'
    printf 'hls demuxer AVOptions:\\n  -max_reload        <int>        .D......... x\\n' ;;
  *-protocols*) printf 'Supported file protocols:\\nInput:\\n  http\\n  https\\n  httpproxy\\n  crypto\\nOutput:\\n  file\\n' ;;
  *-demuxers*) printf ' D  hls             x\\n D  mpegts          x\\n D  mov,mp4,m4a     x\\n' ;;
  *) printf 'ffmpeg version ${version} Copyright (c) 2000-2026 the FFmpeg developers\\nlibavformat    ${library}\\n' ;;
esac
`;
  await writeFile(path, text);
  await chmod(path, 0o755);
  return path;
}

async function checkFor(version: string, library?: string, takesStatsPeriod?: boolean): Promise<Check> {
  const path = await stub(version, library, takesStatsPeriod);
  return ffmpegCheck(await probeCapabilities(path), path, NEEDS);
}

describe('versions', { concurrency: 4 }, () => {
  const levels: readonly (readonly [level: Check['level'], version: string, library?: string])[] = [
    ['fail', '4.4'],
    ['fail', '4.4.2-0ubuntu0.22.04.1'],
    ['fail', 'n5.0.3'],
    ['ok', '5.1'],
    ['ok', '5.1.9-0+deb12u1'],
    ['ok', '6.1.1-3ubuntu5'],
    ['ok', 'n7.1-7-g0e9c9b1'],
    ['ok', '7.0.2-static https://johnvansickle.com/ffmpeg/'],
    ['ok', '8.0'],
    ['ok', '8.1.2'],
    ['warn', '9.0'],
    ['warn', '10.2.1-1'],
    ['fail', 'N-100000-g1bf1c1f', '58. 76.100 / 58. 76.100'],
    ['fail', 'git-2022-01-10-f37e66b', '59. 16.100 / 59. 16.100'],
    ['ok', 'N-109542-g1bf1c1f', '59. 34.102 / 59. 34.102'],
    ['ok', '2024-11-25-git-04ce01df0b-full_build-www.gyan.dev', '61.  9.100 / 61.  9.100'],
    ['warn', 'N-130000-gabcdef0', '63.  0.100 / 63.  0.100'],
  ];
  for (const [level, version, library] of levels) {
    test(`${version}${library === undefined ? '' : ` with libavformat ${library}`} is ${level}`, async () => {
      const check = await checkFor(version, library);
      assert.deepEqual([check.level, check.ok], [level, level !== 'fail'], check.detail);
      assert.ok(check.detail.includes(version.split(' ')[0] ?? ''), check.detail);
      if (level === 'fail') assert.match(check.detail, /5\.1 or later is needed \(/);
    });
  }

  test('a commit without a library to go by is judged by what it takes', async () => {
    assert.equal((await checkFor('N-1-gabc')).level, 'ok');
    assert.equal((await checkFor('N-1-gabc', '', false)).level, 'fail');
  });

  test('a library older than all that we know belongs to no release', () => {
    assert.deepEqual(libraryRelease('libavformat    62. 12.100 / 62. 12.100'), [8, 0]);
    assert.deepEqual([libraryRelease('libavformat 57. 1.100'), libraryRelease('')], [undefined, undefined]);
  });
});

describe('what a build has', () => {
  test('protocols are those of inputs, and a text that lists none says nothing', () => {
    const text = 'Supported file protocols:\nInput:\n  file\n  http\nOutput:\n  md5\n';
    assert.deepEqual([...(inputProtocols(text) ?? [])], ['file', 'http']);
    assert.deepEqual([...(inputProtocols('Input:\n  tls\n') ?? [])], ['tls']);
    assert.equal(inputProtocols('ffmpeg version 8.0'), undefined);
  });

  test('demuxers of several names are known by each, devices and muxers are not mistaken for them', () => {
    const text =
      'File formats:\n D. = Demuxing supported\n .E = Muxing supported\n ---\n D   hls             Apple HTTP Live Streaming\n' +
      ' D   mov,mp4,m4a     QuickTime / MOV\n D d alsa            ALSA audio input\n';
    const names = demuxerNames(text);
    assert.deepEqual(
      ['hls', 'mov', 'm4a', 'Apple'].map((name) => names?.has(name)),
      [true, true, true, false],
    );
    assert.equal(demuxerNames('nothing of the kind'), undefined);
  });
});

describe('what a build lacks', () => {
  const all = {
    ...newCapabilities,
    protocols: new Set(['http', 'https', 'httpproxy', 'crypto']),
    demuxers: new Set(['hls', 'mpegts', 'mov', 'mp4']),
  };
  const detailOf = (build: Partial<typeof all>, needs: Partial<FfmpegNeeds>): string => {
    const probed: CapabilitiesResult = { ok: true, capabilities: { ...all, ...build } };
    const check = ffmpegCheck(probed, '/usr/bin/ffmpeg', { ...NEEDS, ...needs });
    return check.ok ? 'ok' : check.detail;
  };
  const without = (names: ReadonlySet<string>, name: string): Set<string> =>
    new Set([...names].filter((one) => one !== name));

  test('matters only to a run that needs it', () => {
    const noTls = { protocols: without(all.protocols, 'https') };
    assert.equal(detailOf(noTls, {}), 'ok');
    assert.match(detailOf(noTls, { isHttps: true }), /without the protocol https: it has no TLS library$/);
    const noProxy = { protocols: without(all.protocols, 'httpproxy') };
    assert.match(detailOf(noProxy, { isHttps: true }), /https cannot be tapped/);
    assert.equal(detailOf(noProxy, { isHttps: true, isTapped: false }), 'ok');
    const noTs = { demuxers: without(all.demuxers, 'mpegts') };
    assert.match(
      detailOf(noTs, { segmentDemuxers: ['mpegts'] }),
      /without the demuxer mpegts: it cannot read the segments/,
    );
    assert.equal(detailOf(noTs, { segmentDemuxers: ['mov', 'mp4'] }), 'ok');
    assert.match(detailOf(noTs, { isHls: false }), /without the demuxer mpegts/);
    assert.match(detailOf({ protocols: without(all.protocols, 'crypto') }, { isEncrypted: true }), /are encrypted/);
  });

  test('a client that cannot be sent through its door is no client', () => {
    const build = { httpOptions: new Set(['user_agent']) };
    assert.match(detailOf(build, {}), /does not take -http_proxy/);
    assert.equal(detailOf(build, { isTapped: false }), 'ok');
  });

  test('ffprobe is missed only where it chooses the variant', () => {
    const absent = { failure: 'ffprobe was not found in PATH (/bin)' };
    assert.deepEqual([ffprobeCheck(absent, false).level, ffprobeCheck(absent, true).level], ['ok', 'warn']);
    assert.equal(ffprobeCheck({ path: '/usr/bin/ffprobe' }, true).detail, '/usr/bin/ffprobe');
  });
});
