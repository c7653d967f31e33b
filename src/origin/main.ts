// The origin's own process: serving never delays measuring. Ends by a signal, or when its parent closes stdin or dies.
// It is started by embedded.ts with one JSON argument; `hls-swarm origin` runs the same stream in the foreground (command.ts).
import { createWriteStream } from 'node:fs';
import { MIB } from '../units.ts';
import type { AccessLine } from './account.ts';
import { startLiveOrigin } from './live-origin.ts';
import type { OriginMessage, OriginOrder } from './messages.ts';

const ACCESS_LINES = 3;
/** A parent that does not read must not cost the origin its memory; some 60,000 lines. */
const LINES_WAITING_LIMIT_BYTES = 16 * MIB;

const order = JSON.parse(process.argv[2] ?? '') as OriginOrder;
const ending = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => ending.abort());
process.stdin.on('end', () => ending.abort()).on('error', () => ending.abort());
process.stdin.resume();
process.stdout.on('error', () => ending.abort());

process.exitCode = await serve();
process.stdin.destroy();

async function serve(): Promise<number> {
  const lines = createWriteStream('', { fd: ACCESS_LINES, autoClose: false });
  lines.on('error', () => ending.abort());
  let lostLines = 0;
  const onLine = (line: AccessLine): void => {
    if (lines.writableLength > LINES_WAITING_LIMIT_BYTES) lostLines += 1;
    else lines.write(`${JSON.stringify(line)}\n`);
  };
  try {
    const origin = await startLiveOrigin({ ...order, signal: ending.signal }, onLine);
    const { url, metricsUrl, listingUrl, workFolder } = origin;
    say({ type: 'live', url, metricsUrl, listingUrl, workFolder });
    const reason = await Promise.race([origin.broken, aborted(ending.signal)]);
    await origin.stop();
    if (reason !== undefined) say({ type: 'failed', reason });
    if (lostLines > 0) process.stderr.write(`origin: ${lostLines} access lines were not read and are lost\n`);
    return reason === undefined ? 0 : 1;
  } catch (error) {
    if (!ending.signal.aborted) say({ type: 'failed', reason: (error as Error).message });
    return ending.signal.aborted ? 0 : 1;
  } finally {
    await new Promise<void>((resolve) => lines.end(resolve));
  }
}

function say(message: OriginMessage): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

async function aborted(signal: AbortSignal): Promise<undefined> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}
