// What cannot be written is refused before anything starts, with the option, the path and what would do.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { checkOutputPlaces } from '../../src/run/output-places.ts';

const folder = mkdtempSync(join(tmpdir(), 'hls-swarm-places-'));
after(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'file');
writeFileSync(file, '');

test('places that can be written pass, and a new folder for raw logs is made', async () => {
  const stderrDir = join(folder, 'logs');
  await checkOutputPlaces({ report: join(folder, 'r.json'), logFile: file, stderrDir });
  assert.ok(existsSync(stderrDir));
  await checkOutputPlaces({ stderrDir });
  await checkOutputPlaces({});
});

for (const [asked, message] of [
  [{ report: '/no/such/r.json' }, /^--report: cannot write '\/no\/such\/r.json': ENOENT.*; name a file in a writable/],
  [{ report: folder }, /^--report: cannot write '.*': it is a folder;/],
  [
    { logFile: '/no/such/log' },
    /^--log-file: cannot write '\/no\/such\/log': ENOENT.*; name a file in a writable folder$/,
  ],
  [
    { html: '/no/such/p.html' },
    /^--html: cannot write '\/no\/such\/p.html': ENOENT.*; name a file in a writable folder$/,
  ],
  [{ logFile: folder }, /^--log-file: cannot write '.*': it is a folder;/],
  [
    { stderrDir: join(folder, 'no/such') },
    /^--stderr-dir: cannot write '.*no\/such': ENOENT.*; name a writable folder/,
  ],
  [{ stderrDir: file }, /^--stderr-dir: cannot write '.*': it is no folder;/],
] as const)
  test(`refused: ${Object.keys(asked)[0]} ${message.source}`, async () => {
    await assert.rejects(checkOutputPlaces(asked), ({ message: said }: Error) => message.test(said));
  });
