// Which device octets from an origin arrive on, and how large its packets may be: asked of this machine's own routes and addresses.
// It sends nothing (a connected UDP socket only picks a route) and guesses nothing: what the system does not tell is absent.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import type { Options } from '../config/options.ts';
import type { OriginPath } from '../events.ts';

/** `os.networkInterfaces()`, or a test's. */
type Interfaces = Readonly<Record<string, NetworkInterfaceInfo[] | undefined>>;

/** UDP has no port 0 to connect to; any other picks the same route. */
const ANY_PORT = 9;

/** Asked only where a source counts what a network device sends. `--resolve` says where the stream's host really is. */
export async function originPathFact(
  url: string,
  { originMetricsUrl, resolve }: Options,
): Promise<{ readonly originPath?: OriginPath }> {
  if (originMetricsUrl === undefined) return {};
  const originPath = await originPathTo(resolve ?? new URL(url).hostname);
  return originPath === undefined ? {} : { originPath };
}

/** Undefined when there is no way to the host, or its name does not resolve. */
export async function originPathTo(host: string): Promise<OriginPath | undefined> {
  const address = await routeTo(host.replace(/^\[(.*)\]$/, '$1'));
  if (address === undefined) return undefined;
  const path = pathFrom(address, networkInterfaces());
  const mtuBytes = path.device === undefined ? undefined : await mtuOf(path.device);
  return { ...path, ...(mtuBytes === undefined ? {} : { mtuBytes }) };
}

/**
 * By the addresses at both ends of a route. An address of this machine's own is reached over loopback, whatever device it is on.
 */
export function pathFrom({ local, remote }: Route, interfaces: Interfaces): OriginPath {
  const devices = Object.entries(interfaces).flatMap(([name, addresses = []]) =>
    addresses.map(({ address, internal }) => ({ name, address, internal })),
  );
  const own = devices.find(({ address }) => address === local);
  const isLoopback = own?.internal === true || devices.some(({ address }) => address === remote);
  const device = isLoopback ? devices.find(({ internal }) => internal)?.name : own?.name;
  return { ...(device === undefined ? {} : { device }), isLoopback, ipVersion: isIPv6(remote) ? 6 : 4 };
}

interface Route {
  readonly local: string;
  readonly remote: string;
}

async function routeTo(host: string): Promise<Route | undefined> {
  for (const type of ['udp4', 'udp6'] as const) {
    const socket = createSocket(type);
    try {
      socket.connect(ANY_PORT, host);
      await once(socket, 'connect');
      return { local: socket.address().address, remote: socket.remoteAddress().address };
    } catch {
      // No route, or no address of this family: the other one may have it.
    } finally {
      socket.close();
    }
  }
  return undefined;
}

/** Linux tells it in a file; elsewhere it stays unknown. */
async function mtuOf(device: string): Promise<number | undefined> {
  const text = await readFile(`/sys/class/net/${device}/mtu`, 'utf8').catch(() => '');
  const mtuBytes = Number.parseInt(text, 10);
  return mtuBytes > 0 ? mtuBytes : undefined;
}
