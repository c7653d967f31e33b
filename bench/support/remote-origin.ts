// An origin in a network of its own, with a live stream and a node_exporter, at the far end of a cable that its starter plugs in.
// Prints one line of JSON when it is ready and ends with SIGTERM. Root, Linux.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { startProgram } from '../../src/process.ts';
import { liveFolder } from '../../test/support/live-folder.ts';
import { startNginx } from '../../test/support/nginx.ts';
import { until } from '../../test/support/processes.ts';

const [, , device = '', address = '', bitsPerSecond = ''] = process.argv;
const PORTS = { stream: 8_080, exporter: 9_100 };
const PLUG_LIMIT_MS = 10_000;

await until(() => ip('link', 'set', device, 'up'), `the end ${device} of the cable`, PLUG_LIMIT_MS);
// One segment per packet, as it leaves a network card: large ones that are cut later would be counted as one.
ip('link', 'set', device, 'gso_max_segs', '1');
ip('address', 'add', `${address}/24`, 'dev', device);
ip('link', 'set', 'lo', 'up');
await using live = await liveFolder({ segmentSeconds: 2, bitsPerSecond: Number(bitsPerSecond) });
const serverDirectives = `listen ${address}:${PORTS.stream};`;
await using _nginx = await startNginx({ folder: live.folder, serverDirectives });
const exporter = startProgram(
  'prometheus-node-exporter',
  [`--web.listen-address=${address}:${PORTS.exporter}`, '--collector.disable-defaults', '--collector.netdev'],
  { stdio: { stdout: 'ignore', stderr: 'ignore' } },
);
const base = `http://${address}`;
console.log(
  JSON.stringify({ url: `${base}:${PORTS.stream}/live.m3u8`, metricsUrl: `${base}:${PORTS.exporter}/metrics` }),
);
await once(process, 'SIGTERM');
await exporter.stop();

function ip(...args: readonly string[]): boolean {
  return spawnSync('ip', args, { stdio: 'ignore' }).status === 0;
}
