// How the preflight is told, and who holds a port.
import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { describe, test } from 'node:test';
import type { Options } from '../../src/config/options.ts';
import { CannotMeasure } from '../../src/run/exit-codes.ts';
import type { House } from '../../src/run/house.ts';
import { listenersOn, portHolder } from '../../src/run/port-holder.ts';
import { refusal, takenPortCheck, tellChecks } from '../../src/run/preflight-lines.ts';
import type { Check } from '../../src/swarm/check.ts';

const fine: Check = { name: 'ffmpeg', ok: true, level: 'ok', detail: 'there' };
const tight: Check = { name: 'memory', ok: true, level: 'warn', detail: 'tight', fix: '--clients 5' };
const low: Check = { name: 'file_descriptors', ok: false, level: 'fail', detail: 'too few', fix: 'ulimit -n 2100' };
const gone: Check = { name: 'stream', ok: false, level: 'fail', detail: 'gone' };

function house(isScreenOn: boolean, stderr: { isTTY?: boolean } = {}, env: Record<string, string> = {}) {
  const said: string[] = [];
  const logged: unknown[] = [];
  const log = {
    debug: (facts: object) => logged.push(['debug', facts]),
    warn: (facts: object) => logged.push(['warn', facts]),
  };
  const terminal = { stderr: { ...stderr, write: (text: string) => said.push(text) }, env };
  return { said, logged, house: { log, logLines: { isScreenOn }, terminal } as unknown as House };
}

describe('the lines', () => {
  test('without a screen every check is on stderr, one line each and its fix below', () => {
    const { house: home, said } = house(false);
    tellChecks([fine, tight], home);
    assert.deepEqual(said, ['✓ ffmpeg: there\n⚠ memory: tight\n  Fix: --clients 5\n']);
  });

  test('with a screen nothing is written over it: warnings are in the log', () => {
    const { house: home, said, logged } = house(true);
    tellChecks([fine, tight], home);
    assert.deepEqual(said, []);
    assert.deepEqual(logged, [
      ['debug', { check: 'ffmpeg', level: 'ok', detail: 'there' }],
      ['warn', { check: 'memory', level: 'warn', detail: 'tight' }],
    ]);
  });

  test('colours are for terminals that want them', () => {
    const coloured = (stderr: { isTTY?: boolean }, env: Record<string, string>): boolean => {
      const { house: home, said } = house(false, stderr, env);
      tellChecks([fine], home);
      return said.join('').includes('\u001B[32m✓');
    };
    assert.deepEqual(
      [
        coloured({ isTTY: true }, {}),
        coloured({ isTTY: true }, { NO_COLOR: '1' }),
        coloured({ isTTY: true }, { TERM: 'dumb' }),
        coloured({}, {}),
      ],
      [true, false, false, false],
    );
  });

  test('a refusal shows every check, and the way past it only where there is one', () => {
    const { house: home } = house(false);
    const { message } = refusal([fine, low], home);
    assert.match(
      message,
      /^preflight failed: 1 of 2 checks\n✓ ffmpeg: there\n✗ file_descriptors: too few\n {2}Fix: ulimit -n 2100\n--skip-preflight /,
    );
    assert.doesNotMatch(refusal([low, gone], home).message, /--skip-preflight/);
  });
});

describe('a port', () => {
  test('its holder is named', { skip: process.platform !== 'linux' }, async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    assert.match(portHolder(port) ?? '', new RegExp(`^\\S+ \\(pid ${process.pid}\\)$`));
    const taken = new CannotMeasure(`--metrics: 127.0.0.1:${port} is taken`);
    const check = takenPortCheck(taken, { metrics: { host: '127.0.0.1', port } } as Options);
    assert.equal(check?.ok, false);
    assert.match(check.detail, new RegExp(`^127\\.0\\.0\\.1:${port} is taken by \\S+ \\(pid ${process.pid}\\)$`));
    server.close();
    await new Promise((resolve) => server.once('close', resolve));
    assert.equal(portHolder(port), undefined);
  });

  test('only listeners hold it', () => {
    const table =
      '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n' +
      '   0: 0100007F:42C3 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1 0\n' +
      '   1: 0100007F:42C3 0100007F:1000 01 00000000:00000000 00:00000000 00000000     0        0 222 1 0\n';
    assert.deepEqual(
      [listenersOn(17_091, table), listenersOn(1, table), listenersOn(17_091, 'junk')],
      [['111'], [], []],
    );
  });

  test('what else keeps the recording side from opening is no check of a port', () => {
    assert.equal(takenPortCheck(new CannotMeasure("--report: cannot write 'x'"), {} as Options), undefined);
  });
});
