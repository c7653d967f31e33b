// `--print-cmd` as it is used: the line goes into a shell as it stands, plays, and asks the origin what was asked for.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { vodMedia } from '../support/ffmpeg-media.ts';
import { hlsSwarm, sandbox, startHlsSwarm, startShell } from '../support/program.ts';
import { requirement } from '../support/require.ts';
import { files } from '../support/scripted-answers.ts';
import { fieldOf, ScriptedOrigin } from '../support/scripted-origin.ts';

describe('--print-cmd', { skip: requirement('ffmpeg'), concurrency: 2 }, () => {
  test('a shell plays the line as it stands, whatever is in URL, headers, cookies and User-Agent', async () => {
    const { files: media } = await vodMedia();
    await using origin = await ScriptedOrigin.start(files(media));
    await using box = await sandbox();
    const url = `${origin.url('/vod.m3u8')}?token=$HOME&name='a'(b)*;c=~!`;
    const options = [
      ...['--header', `X-Quoted: it's "$PATH" & \\ more; # %s`, '--user-agent', `Player $1 'x' "y" & z`],
      ...['--cookie', `q='"$&`, '--no-cache', '--pace', 'max', '--ffmpeg', box.ffmpeg],
    ];
    const printed = await hlsSwarm([url, '--print-cmd', ...options], box.env);
    assert.equal(printed.code, 0, printed.stderr);
    assert.match(printed.stdout, /^[^\r\n]+ 3>\/dev\/null\n$/, 'one line');
    const before = origin.requests.length;
    await using shell = startShell(printed.stdout, [], box.env);
    const played = await shell.ended();
    assert.equal(played.code, 0, played.stderr);
    const asked = origin.requests.slice(before);
    assert.equal(asked.length, media.size);
    assert.equal(asked[0]?.target, url.slice(origin.url('').length));
    for (const { head } of asked) {
      assert.equal(fieldOf(head, 'x-quoted'), `it's "$PATH" & \\ more; # %s`);
      assert.equal(fieldOf(head, 'user-agent'), `Player $1 'x' "y" & z/client-1`);
      assert.equal(fieldOf(head, 'cookie'), `q='"$&`);
      assert.equal(fieldOf(head, 'pragma'), 'no-cache');
      assert.doesNotMatch(head, /progress|out_time/, 'the progress went to the origin');
    }
  });

  test('the line for the embedded origin plays it', async () => {
    await using box = await sandbox();
    const log = box.file('access.ndjson');
    const serve = ['origin', '--port', '0', '--access-log', log, '--ffmpeg', box.ffmpeg];
    await using origin = startHlsSwarm(serve, box.env);
    const url = await origin.until(() => /http:\/\/\S+\.m3u8/.exec(origin.stdout + origin.stderr)?.[0], 'its URL');
    const printed = await hlsSwarm([url, '--print-cmd', '--ffmpeg', box.ffmpeg], box.env);
    assert.equal(printed.stderr, '');
    assert.doesNotMatch(printed.stdout, / -re /, 'live streams pace themselves');
    await using shell = startShell(printed.stdout, [], box.env);
    await origin.until(async () => segmentsServed(await readFile(log, 'utf8')) >= 3, 'three segments of the client');
    shell.signal('SIGTERM');
  });

  test('it is the line for what the URL is: a VOD is paced, a transport stream gets no option of HLS', async () => {
    const { files: media, segments } = await vodMedia();
    const whole = new Map([...media, ['/file.ts', Buffer.concat(segments)]]);
    await using origin = await ScriptedOrigin.start(files(whole));
    const line = async (path: string): Promise<string> => (await hlsSwarm([origin.url(path), '--print-cmd'])).stdout;
    const [vod, stream] = await Promise.all([line('/vod.m3u8'), line('/file.ts')]);
    assert.match(vod, / -max_reload 1000 .* -re -i /);
    assert.doesNotMatch(stream, /max_reload/);
    await using box = await sandbox();
    await using shell = startShell(stream.replace(' -re ', ' '), [], box.env);
    const played = await shell.ended();
    assert.equal(played.code, 0, played.stderr);
  });

  test('a stream that cannot be read is said, and the line is one for live HLS', async () => {
    const { code, stdout, stderr } = await hlsSwarm([
      'http://127.0.0.1:9/live.m3u8',
      '--print-cmd',
      '--variant=highest',
    ]);
    assert.equal(code, 0, stderr);
    assert.match(
      stderr,
      /127\.0\.0\.1:9\/live\.m3u8 cannot be read: connection refused.*this line is for a live HLS stream/,
    );
    assert.match(stderr, /--variant highest: no stream was read to choose from; using first/);
    assert.match(stdout, /-map '?0:v:0\?'? -map '?0:a:0\?'? /);
  });

  test('--resolve acts in the tap: the line says that it goes to the host itself', async () => {
    const { code, stderr } = await hlsSwarm([
      ...['http://stream.invalid/a.m3u8', '--print-cmd', '--resolve', '127.0.0.1', '--dangerous', '--timeout', '1s'],
    ]);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /--resolve acts in the tap: this line connects to the host itself/);
  });
});

function segmentsServed(log: string): number {
  return log.split('\n').filter((line) => line.includes('client-1') && /\.ts\b/.test(line)).length;
}
