// A network of two: this process at one end of an Ethernet cable, remote-origin.ts in a network namespace at the other.
// It measures nothing. Root, Linux.
import { spawnSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startProgram } from '../../src/process.ts';
import { until } from '../../test/support/processes.ts';

export interface RemoteOrigin {
  readonly url: string;
  readonly metricsUrl: string;
  [Symbol.asyncDispose](): Promise<void>;
}

const REMOTE = fileURLToPath(new URL('./remote-origin.ts', import.meta.url));
const ENDS = { near: 'swarm0', far: 'origin0' };
const ADDRESSES = { near: '10.77.0.1', far: '10.77.0.2' };
const READY_LIMIT_MS = 30_000;

/** @throws Error when the system does not let us, or the origin is not ready in time */
export async function plugIn(bitsPerSecond: number): Promise<RemoteOrigin> {
  let said = '';
  const args = ['-n', process.execPath, REMOTE, ENDS.far, ADDRESSES.far, String(bitsPerSecond)];
  const origin = startProgram('unshare', args, {
    stdio: { stdout: 'pipe', stderr: 'inherit' },
    onStdout: (chunk) => (said += chunk.toString()),
  });
  const close = async (): Promise<void> => {
    await origin.stop();
    spawnSync('ip', ['link', 'delete', ENDS.near], { stdio: 'ignore' });
  };
  try {
    ip('link', 'add', ENDS.near, 'type', 'veth', 'peer', 'name', ENDS.far);
    await until(() => isElsewhere(origin.pid ?? 0), 'the network of the origin');
    ip('link', 'set', ENDS.far, 'netns', String(origin.pid));
    ip('address', 'add', `${ADDRESSES.near}/24`, 'dev', ENDS.near);
    ip('link', 'set', ENDS.near, 'up');
    await until(() => said.includes('\n'), 'the remote origin', READY_LIMIT_MS);
  } catch (error) {
    await close();
    throw error;
  }
  return { ...(JSON.parse(said) as Pick<RemoteOrigin, 'url' | 'metricsUrl'>), [Symbol.asyncDispose]: close };
}

/** It has its own network by now. */
function isElsewhere(pid: number): boolean {
  return readlinkSync(`/proc/${pid}/ns/net`) !== readlinkSync('/proc/self/ns/net');
}

function ip(...args: readonly string[]): void {
  const { status, stderr } = spawnSync('ip', args);
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr.toString().trim()}`);
}
