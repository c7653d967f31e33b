// The players of soak-doors, in a process of their own: raw keep-alive connections to doors, moved by commands from the parent.
// They judge nothing: they say how many octets of content came and how many requests were answered.
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

export type SoakCommand =
  /** So many connections to each door, one small request on each. */
  | { readonly type: 'open'; readonly perDoor: number; readonly bytes: number }
  /** At once on `count` of the open connections, from the one numbered `from`. */
  | { readonly type: 'fetch'; readonly from: number; readonly count: number; readonly path: string }
  | { readonly type: 'close' }
  /** Connections that come, ask, and go in every way, so many at once. */
  | { readonly type: 'churn'; readonly seconds: number; readonly players: number };

export interface SoakReply {
  readonly requests: number;
  readonly contentBytes: number;
  readonly connections: number;
}

/** What the parent says first. */
export interface SoakSetup {
  readonly doors: readonly string[];
  readonly originPort: number;
}

const HEAD_END = '\r\n\r\n';
const CHURN_BYTES: readonly number[] = [600, 600, 64_000, 64_000, 1_000_000];
const MOST_REQUESTS = 4;
/** Of connections in churn, so many leave in the middle of an answer, half of these with a reset. */
const LEAVING_RATIO = 0.2;
const CHURN_PAUSE_MS = 1_000;
/** Dials at once: a burst of thousands would overflow the listeners' queues, which is not what is measured. */
const DIALS = 100;

let setup: SoakSetup | undefined;
let players: Player[] = [];
const counts = { requests: 0, contentBytes: 0, connections: 0 };

process.on('disconnect', () => process.exit());
process.on('message', (message: SoakSetup | SoakCommand) => {
  if ('doors' in message) setup = message;
  else void obey(message).then(() => process.send?.({ ...counts } satisfies SoakReply));
});

class Player {
  readonly #socket: Socket;
  #head = '';
  #dueBytes: number | undefined;
  #answered: (() => void) | undefined;

  static async open(door: string): Promise<Player> {
    const { hostname, port } = new URL(door);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.once('connect', resolve).once('error', reject);
    await promise;
    counts.connections += 1;
    return new Player(socket);
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (octets) => this.#read(octets));
    socket.on('error', () => {});
    socket.on('close', () => this.#answered?.());
  }

  /** Resolves when the whole answer came, or the connection closed. */
  async get(path: string): Promise<void> {
    this.#ask(path);
    await new Promise<void>((resolve) => {
      this.#answered = resolve;
    });
  }

  /** Asks and is gone before the answer is there. */
  async abandon(path: string, how: 'fin' | 'reset'): Promise<void> {
    this.#ask(path);
    await pause(Math.random() * 20);
    if (how === 'reset') this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }

  leave(): void {
    this.#socket.destroy();
  }

  #ask(path: string): void {
    counts.requests += 1;
    const authority = `127.0.0.1:${setup?.originPort}`;
    this.#socket.write(`GET http://${authority}${path} HTTP/1.1\r\nHost: ${authority}${HEAD_END}`);
  }

  #read(octets: Buffer): void {
    let bytes = octets.length;
    if (this.#dueBytes === undefined) {
      this.#head += octets.toString('latin1');
      const end = this.#head.indexOf(HEAD_END);
      if (end < 0) return;
      bytes = this.#head.length - end - HEAD_END.length;
      this.#dueBytes = Number(/content-length: ([0-9]+)/i.exec(this.#head)?.[1] ?? 0);
      this.#head = '';
    }
    counts.contentBytes += bytes;
    this.#dueBytes -= bytes;
    if (this.#dueBytes > 0) return;
    this.#dueBytes = undefined;
    this.#answered?.();
  }
}

async function obey(command: SoakCommand): Promise<void> {
  if (command.type === 'open') await openAll(command.perDoor, command.bytes);
  else if (command.type === 'fetch')
    await Promise.all(
      players.slice(command.from, command.from + command.count).map((player) => player.get(command.path)),
    );
  else if (command.type === 'churn') {
    const endsAtMs = performance.now() + command.seconds * 1_000;
    await Promise.all(Array.from({ length: command.players }, () => churn(endsAtMs)));
  } else {
    for (const player of players) player.leave();
    players = [];
  }
}

async function openAll(perDoor: number, bytes: number): Promise<void> {
  const doors = setup?.doors ?? [];
  const waiting = Array.from({ length: perDoor }, () => doors).flat();
  const dial = async (): Promise<void> => {
    for (let door = waiting.pop(); door !== undefined; door = waiting.pop()) {
      const player = await Player.open(door);
      await player.get(`/${bytes}`);
      players.push(player);
    }
  };
  await Promise.all(Array.from({ length: DIALS }, dial));
}

async function churn(endsAtMs: number): Promise<void> {
  while (performance.now() < endsAtMs) {
    const player = await Player.open(oneOf(setup?.doors ?? []));
    const requests = 1 + Math.floor(Math.random() * MOST_REQUESTS);
    for (let asked = 0; asked < requests; asked += 1) await player.get(`/${oneOf(CHURN_BYTES)}`);
    if (Math.random() < LEAVING_RATIO)
      await player.abandon(`/${oneOf(CHURN_BYTES)}?ms=100`, Math.random() < 1 / 2 ? 'fin' : 'reset');
    else player.leave();
    await pause(Math.random() * CHURN_PAUSE_MS);
  }
}

function oneOf<Value>(values: readonly Value[]): Value {
  return values[Math.floor(Math.random() * values.length)] as Value;
}
