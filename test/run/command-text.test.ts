// The command as a report shows it: to be run again as it stands, and without what nobody else should see.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandText } from '../../src/run/command-text.ts';
import { createRedact } from '../../src/run/redact.ts';

const redact = createRedact('query-values', Buffer.alloc(32));

test('a command is what was typed, quoted where a shell needs it', () => {
  const args = ['run', 'http://o/live.m3u8', '--clients', '12', '--fail-if', "proxy.terminations.SD>0 it's"];
  const shown = `hls-swarm run http://o/live.m3u8 --clients 12 --fail-if 'proxy.terminations.SD>0 it'\\''s'`;
  assert.equal(commandText(args, {}, redact), shown);
});

test('our variables stand before it, those of others do not', () => {
  const environment = { HLS_SWARM_CLIENTS: '7', HLS_SWARM_SERVICE_HOST: '10.0.0.1', PATH: '/bin', HLS_SWARM_SEED: '' };
  assert.equal(commandText(['demo'], environment, redact), 'HLS_SWARM_CLIENTS=7 hls-swarm demo');
});

test('headers, cookies and what is in a query are hidden in every way to write them', () => {
  const shown = commandText(
    [
      ...['http://user:pass@o/live.m3u8?token=secret', '--header', 'X-Key: secret', '-header=X-Key: secret'],
      ...['--cookie', 'sid=secret', '--cookie=sid=secret', '--clients', '3'],
    ],
    { HLS_SWARM_HEADER: 'Authorization: secret' },
    redact,
  );
  assert.doesNotMatch(shown, /secret|pass/);
  assert.match(shown, /--header … -header=… --cookie … --cookie=… --clients 3$/);
  assert.match(shown, /^HLS_SWARM_HEADER=… hls-swarm 'http:/);
});
