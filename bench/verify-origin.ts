// `npm run verify:origin`: nginx's own log and the tap request by request, while clients are killed in the middle of segments; then
// the sum with what a network device sent, by node_exporter: `lo`, and Ethernet. 20 clients, 60 s each (`log`, `device` or `network`
// runs one of them), in a network namespace of its own where that is allowed. The tables go to bench/RESULTS.md.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startProgram } from '../src/process.ts';
import { type ReconciliationRow, reconciliationRows } from '../src/stats/reconciliation-rows.ts';
import type { Summary } from '../src/stats/summary.ts';
import { PERCENT } from '../src/units.ts';
import { freePort } from '../test/support/free-port.ts';
import { joinByPort, nginxRequest, readSummary } from '../test/support/journal.ts';
import { liveFolder } from '../test/support/live-folder.ts';
import { startNginx } from '../test/support/nginx.ts';
import { killingRun } from '../test/support/origin-runs.ts';
import { sandbox, startHlsSwarm } from '../test/support/program.ts';
import { requirement } from '../test/support/require.ts';
import { plugIn } from './support/cable.ts';
import { type Check, reportChecks } from './support/checks.ts';
import { machineAndDate } from './support/machine.ts';
import { markdownTable } from './support/table.ts';

const CLIENTS = 20;
const SECONDS = 60;
const KILL_EVERY_MS = 5_000;
const BITS_PER_SECOND = 2_000_000;
const AFTER_END_MS = 30_000;
/** Of what `lo` sent, unexplained. */
const RESIDUAL_LIMIT = 0.02;
/** What the original system explained of its origin's bytes at its best, as its own log of measurements has it. */
const ORIGINAL_EXPLAINED = 0.93;
const INSIDE = 'HLS_SWARM_VERIFY_INSIDE';
const PARTS = { log: verifyLog, device: verifyDevice, network: verifyNetwork };

if (process.env[INSIDE] === undefined && isolated()) process.exitCode = runInside();
else {
  const [, , only] = process.argv;
  for (const [name, verify] of Object.entries(PARTS)) if (only === undefined || only === name) await verify();
}

/** Root may have a network of its own. */
function isolated(): boolean {
  return spawnSync('unshare', ['-n', 'ip', 'link', 'set', 'lo', 'up']).status === 0;
}

function runInside(): number {
  const self = [process.execPath, fileURLToPath(import.meta.url), ...process.argv.slice(2)];
  const line = 'ip link set lo up && exec "$0" "$@"';
  const { status } = spawnSync('unshare', ['-n', 'sh', '-c', line, ...self], {
    stdio: 'inherit',
    env: { ...process.env, [INSIDE]: '1' },
  });
  return status ?? 1;
}

async function verifyLog(): Promise<void> {
  const shape = { clients: CLIENTS, durationSeconds: SECONDS, killEveryMs: KILL_EVERY_MS };
  const run = await killingRun({ ...shape, segmentSeconds: 2, bitsPerSecond: BITS_PER_SECOND });
  const { journal, lines, kills, ended } = run;
  const joined = joinByPort(journal.transfers, lines.map(nginxRequest));
  const { reconciliation, instrument } = journal.summary;
  const own = reconciliation.joined;
  const counts = [own?.transfers, own?.matched, own?.equal, own?.aborted];
  const missing = [...joined.missingAtOrigin, ...joined.missingAtProxy];
  const completed = lines.filter(({ request_completion }) => request_completion === 'OK').length;
  const checks: readonly Check[] = [
    check(
      'requests in the journal, in the log',
      `${joined.transfers}, ${lines.length}`,
      'the same',
      joined.transfers === lines.length,
    ),
    check('completed on both sides, joined', `${joined.joined}`, '> 0', joined.joined > 0),
    check('status, body and all octets equal', `${joined.equal}`, `${joined.joined}`, joined.equal === joined.joined),
    check('on one side only', `${missing.length}`, '0', missing.length === 0),
    check('clients killed in the middle of an answer', `${kills}`, `>= ${minimumKills()}`, kills >= minimumKills()),
    check(
      'broken off on one side',
      `${joined.aborted} (${lines.length - completed} in the log)`,
      `>= ${kills}`,
      joined.aborted >= kills,
    ),
    check(
      'of these, not delivered <= read <= sent',
      `${joined.outOfBounds.length}`,
      '0',
      joined.outOfBounds.length === 0,
    ),
    check(
      "the program's own join: completed, matched, equal, broken off",
      counts.join(', '),
      'the same',
      counts.join() === [joined.joined, joined.joined, joined.equal, joined.aborted].join(),
    ),
    check(
      'in flight when it broke off, bytes',
      `${reconciliation.explained?.inFlight}`,
      `${joined.inFlightBytes}`,
      reconciliation.explained?.inFlight === joined.inFlightBytes,
    ),
    check('residual, bytes', `${reconciliation.residualBytes}`, '0', reconciliation.residualBytes === 0),
    check('lost, bypassed, imbalance', imbalanceOf(instrument), '0, 0, 0', imbalanceOf(instrument) === '0, 0, 0'),
    check('verdict, exit code', `${instrument.verdict}, ${ended.code}`, 'valid or degraded, 0', ended.code === 0),
  ];
  for (const text of [...joined.different, ...missing, ...joined.outOfBounds]) console.error(text);
  await reportChecks(
    'verify:origin (access log)',
    `${headline('nginx, limited to the pace of playing')}\n\n${sumOf(journal.summary)}`,
    checks,
  );
}

async function verifyDevice(): Promise<void> {
  const missing = requirement('prometheus-node-exporter');
  if (missing !== false) {
    console.error(`${missing}: nothing to reconcile with`);
    return;
  }
  const { summary, sent } = await deviceRun();
  const { originBytes = 0, residualRatio = Number.NaN, window } = summary.reconciliation;
  const { segmentContent = 0, transportEstimate = 0 } = summary.reconciliation.explained ?? {};
  const checks: readonly Check[] = [
    check(
      '`lo` sent, unexplained',
      percent(residualRatio),
      `within ${percent(RESIDUAL_LIMIT)}`,
      Math.abs(residualRatio) <= RESIDUAL_LIMIT,
    ),
    check(
      'explained; by the original system, of its origin',
      `${percent(1 - residualRatio)}; ${percent(ORIGINAL_EXPLAINED)}`,
      '',
      true,
    ),
    check('explained by segment content alone', percent(segmentContent / originBytes), '', true),
    check('`lo` by node_exporter, by the kernel from start to end', `${originBytes}, ${sent.bytes}`, '', true),
    check(
      'packets on `lo`; estimated TCP/IP of the upstream leg',
      `${sent.packets}; ${transportEstimate} bytes`,
      '',
      true,
    ),
    check('segments that TCP sent again, which no term has', `${sent.again}`, '', true),
    check('uncertainty of the last cut, bytes', `${window?.uncertaintyBytes}`, '0', window?.uncertaintyBytes === 0),
    check(
      'lost, bypassed, imbalance',
      imbalanceOf(summary.instrument),
      '0, 0, 0',
      imbalanceOf(summary.instrument) === '0, 0, 0',
    ),
  ];
  await reportChecks(
    'verify:origin (node_exporter)',
    `${headline('nginx; `lo` by node_exporter')}\n\n${sumOf(summary)}`,
    checks,
  );
}

async function deviceRun(): Promise<{ readonly summary: Summary; readonly sent: Loopback }> {
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  // Debian's leaves `lo` out unless it is told otherwise.
  const netdev = ['--collector.netdev', '--collector.netdev.device-exclude=^$'];
  const collectors = ['--collector.disable-defaults', ...netdev, '--collector.cpu', '--collector.meminfo'];
  await using live = await liveFolder({ segmentSeconds: 2, bitsPerSecond: BITS_PER_SECOND });
  await using nginx = await startNginx({ folder: live.folder });
  const exporter = startProgram('prometheus-node-exporter', [`--web.listen-address=${address}`, ...collectors], {
    stdio: { stdout: 'ignore', stderr: 'ignore' },
  });
  try {
    const before = loopback();
    const summary = await swarmRun(nginx.url('/live.m3u8'), `http://${address}/metrics`, nginx.url('/files/json/'));
    const after = loopback();
    const sent = {
      bytes: after.bytes - before.bytes,
      packets: after.packets - before.packets,
      again: after.again - before.again,
    };
    return { summary, sent };
  } finally {
    await exporter.stop();
  }
}

async function verifyNetwork(): Promise<void> {
  if (process.env[INSIDE] === undefined || requirement('prometheus-node-exporter') !== false) {
    console.error('a network of two needs root and a node_exporter: not verified');
    return;
  }
  await using origin = await plugIn(BITS_PER_SECOND);
  const summary = await swarmRun(origin.url, origin.metricsUrl);
  const { originBytes = 0, residualRatio = Number.NaN, explained } = summary.reconciliation;
  const { segmentContent = 0, transportEstimate = 0, doorLeg } = explained ?? {};
  const checks: readonly Check[] = [
    check(
      "the origin's device sent, unexplained",
      percent(residualRatio),
      `within ${percent(RESIDUAL_LIMIT)}`,
      Math.abs(residualRatio) <= RESIDUAL_LIMIT,
    ),
    check('explained by segment content alone', percent(segmentContent / originBytes), '', true),
    check('by packets, estimated', percent(transportEstimate / originBytes), '', true),
    check('the door leg is on another network', `${doorLeg}`, 'undefined', doorLeg === undefined),
  ];
  const where = 'nginx over Ethernet (veth, MTU 1,500, one segment per packet); its device by node_exporter';
  await reportChecks('verify:origin (Ethernet)', `${headline(where)}\n\n${sumOf(summary)}`, checks);
}

async function swarmRun(url: string, metricsUrl: string, listingUrl?: string): Promise<Summary> {
  await using box = await sandbox();
  const shape = [
    '--clients',
    String(CLIENTS),
    '--duration',
    `${SECONDS}s`,
    '--ramp-rate',
    '20',
    '--ffmpeg',
    box.ffmpeg,
  ];
  const faces = ['--no-tui', '--metrics', '127.0.0.1:0', '--no-calibrate', '--report', box.file('r.json')];
  const sizes = listingUrl === undefined ? [] : ['--segment-sizes-url', listingUrl];
  await using program = startHlsSwarm(
    ['run', url, ...shape, ...faces, '--origin-metrics', metricsUrl, ...sizes],
    box.env,
  );
  const { code, stderr } = await program.ended(SECONDS * 1_000 + AFTER_END_MS);
  if (code !== 0) console.error(`exit ${code}\n${stderr}`);
  return await readSummary(box.file('r.json'));
}

interface Loopback {
  readonly bytes: number;
  readonly packets: number;
  /** Segments that TCP sent again: octets that no account but the device's has. */
  readonly again: number;
}

/** What the kernel says `lo` has sent. */
function loopback(): Loopback {
  const fields =
    /^\s*lo:\s*(.*)$/m.exec(readFileSync('/proc/net/dev', 'utf8'))?.[1]?.trim().split(/\s+/).map(Number) ?? [];
  const [names = [], values = []] = readFileSync('/proc/net/snmp', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('Tcp:'))
    .map((line) => line.split(' '));
  const again = Number(values[names.indexOf('RetransSegs')] ?? Number.NaN);
  return { bytes: fields[8] ?? Number.NaN, packets: fields[9] ?? Number.NaN, again };
}

function sumOf(summary: Summary): string {
  const cells = ({ label, bytes, ratio, isEstimate }: ReconciliationRow): readonly string[] => [
    `${label}${isEstimate ? ' (estimate)' : ''}`,
    bytes?.toLocaleString('en-US') ?? '-',
    ratio === undefined ? '-' : percent(ratio),
  ];
  return markdownTable([['term', 'bytes', 'of the origin'], ...reconciliationRows(summary).map(cells)]);
}

function headline(what: string): string {
  const place = process.env[INSIDE] === undefined ? "the machine's own network" : 'a network namespace of its own';
  return `${CLIENTS} clients for ${SECONDS} s against ${what}, in ${place}; ${machineAndDate()} (\`npm run verify:origin\`).`;
}

/** The first is killed one interval after the start, the last one interval before the end. */
function minimumKills(): number {
  return (SECONDS * 1_000) / KILL_EVERY_MS - 3;
}

function imbalanceOf({ lostRecords, bypassedRequests, ledgerImbalanceBytes }: Summary['instrument']): string {
  return [lostRecords, bypassedRequests, ledgerImbalanceBytes].join(', ');
}

function check(what: string, measured: string, mustBe: string, holds: boolean): Check {
  return { what, measured, mustBe, holds };
}

function percent(share: number): string {
  return `${(share * PERCENT).toFixed(2)} %`;
}
