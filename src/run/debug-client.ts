// What `/debug/client/N` shows: the state of a client's process and of its door, ready for JSON.
// It reads and changes nothing.
import type { Tap } from '../proxy/tap.ts';
import type { Swarm } from '../swarm/swarm.ts';

export function debugClient(client: number, swarm: Swarm | undefined, tap: Tap | undefined): object | undefined {
  const state = swarm?.states().find((status) => status.client === client);
  const door = tap?.door(client);
  if (state === undefined && door === undefined) return undefined;
  return {
    ...(state === undefined ? { client } : state),
    ...(tap === undefined || door === undefined
      ? {}
      : {
          door: {
            url: tap.doorUrl(client),
            process: door.process(),
            isStopping: door.isStopping(),
            openTransfers: door.get('openTransfers'),
            contentBytes: door.get('contentBytes'),
            lastByteAtMs: door.get('lastByteAtMs'),
          },
        }),
  };
}
