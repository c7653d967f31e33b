// The launcher's own process: forks the clients, so that nobody has to copy the page tables of a measuring process for each.
// It reads nothing that a client prints (the descriptors are its parent's sockets), decides nothing, and takes all along when
// its parent is gone.
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { setPriority } from 'node:os';
import {
  JsonLines,
  jsonLine,
  LAUNCHER_VARIABLE,
  type LaunchedStream,
  type LauncherNews,
  type LauncherOrder,
  type LauncherPlace,
  readGreeting,
} from './launcher-messages.ts';
import { signalGroup } from './process-group.ts';

/**
 * An FFmpeg takes 50 ms of a core and more to start: 50 of them per second are more than two cores have, and a tap that had to wait
 * for its turn among them would stamp everything late. So of many, whoever starts comes after whoever plays, and all come after what
 * measures. A few take next to nothing, and would only be slow to die: a process exits at its own priority.
 */
const STARTING_NICE = 19;
const NICE_OF_MANY = 17;
const NICE_OF_FEW = 5;
const FEW = 50;

type StartOrder = Extract<LauncherOrder, { readonly type: 'start' }>;

/** One program from its order to its ending; sockets and order may come in any order. */
interface Launch {
  readonly sockets: Map<LaunchedStream, Socket>;
  order?: StartOrder;
  child?: ChildProcess;
  /** Told to leave before it was started: it never is. */
  isCancelled?: boolean;
}

const { path, token } = JSON.parse(process.env[LAUNCHER_VARIABLE] ?? '') as LauncherPlace;
const launches = new Map<number, Launch>();
/** Programs that have not got going. */
const starting = new Set<number>();
let control: Socket | undefined;

const server = createServer((socket) => {
  socket.on('error', () => {});
  const lines = new JsonLines();
  socket.setEncoding('utf8').once('data', (chunk: string) => {
    const [first = '', ...rest] = [...lines.read(chunk)];
    const purpose = readGreeting(first, token);
    if (purpose === undefined) socket.destroy();
    else if (purpose.key === undefined) serve(socket, lines, rest);
    else if (purpose.stream !== undefined) take(purpose.key, purpose.stream, socket);
  });
});
server.listen(path, () => process.stdout.write('ready\n'));
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, leave);
process.stdin.on('end', leave).on('error', leave).resume();

function serve(socket: Socket, lines: JsonLines, rest: readonly string[]): void {
  control = socket;
  socket.on('close', leave);
  for (const line of rest) obey(JSON.parse(line) as LauncherOrder);
  socket.on('data', (chunk: string) => {
    for (const line of lines.read(chunk)) obey(JSON.parse(line) as LauncherOrder);
  });
}

function obey(order: LauncherOrder): void {
  if (order.type === 'start') {
    const launch = launchOf(order.key);
    launch.order = order;
    startWhenReady(launch);
    return;
  }
  const launch = launches.get(order.key);
  if (order.type === 'settle') settle(order.key);
  else if (launch?.child !== undefined) signal(launch.child, order.signal);
  else if (launch !== undefined && launch.isCancelled !== true) cancel(launch, order.key, order.signal);
}

function settle(key: number): void {
  if (starting.delete(key)) giveWay(launches.get(key)?.child?.pid, settledNice());
}

function settledNice(): number {
  return launches.size <= FEW ? NICE_OF_FEW : NICE_OF_MANY;
}

function cancel(launch: Launch, key: number, signalName: string): void {
  launch.isCancelled = true;
  for (const socket of launch.sockets.values()) socket.destroy();
  say({ type: 'exited', key, signal: signalName });
}

function take(key: number, stream: LaunchedStream, socket: Socket): void {
  const launch = launchOf(key);
  if (launch.isCancelled === true) {
    socket.destroy();
    return;
  }
  launch.sockets.set(stream, socket);
  startWhenReady(launch);
}

function launchOf(key: number): Launch {
  const launch = launches.get(key) ?? { sockets: new Map() };
  launches.set(key, launch);
  return launch;
}

function startWhenReady(launch: Launch): void {
  const { order, sockets } = launch;
  if (order === undefined || sockets.size < order.streams.length) return;
  const { key, file, args, env, cwd } = order;
  const stdio = ([0, 1, 2, 3] as const).map((stream) => (stream === 0 ? 'ignore' : (sockets.get(stream) ?? 'ignore')));
  try {
    const child = spawn(file, args, { stdio, env, detached: true, ...(cwd === undefined ? {} : { cwd }) });
    launch.child = child;
    child.once('error', ({ message }) => end(key, { type: 'failed', key, reason: message }));
    const { pid } = child;
    if (pid !== undefined) {
      child.once('exit', (code, signalName) => onExit(pid, key, code, signalName));
      giveWay(pid, launches.size > FEW ? STARTING_NICE : NICE_OF_FEW);
      starting.add(key);
      say({ type: 'started', key, pid });
    }
  } catch (error) {
    end(key, { type: 'failed', key, reason: error instanceof Error ? error.message : String(error) });
  }
  // The child has its own by now; as long as ours are open its end would not be seen.
  for (const socket of sockets.values()) socket.destroy();
}

function onExit(pid: number, key: number, code: number | null, signalName: string | null): void {
  signalGroup(pid, 'SIGKILL');
  const how = { ...(code === null ? {} : { code }), ...(signalName === null ? {} : { signal: signalName }) };
  end(key, { type: 'exited', key, ...how });
}

function end(key: number, news: LauncherNews): void {
  for (const socket of launches.get(key)?.sockets.values() ?? []) socket.destroy();
  starting.delete(key);
  if (launches.delete(key)) say(news);
}

function say(news: LauncherNews): void {
  control?.write(jsonLine(news));
}

/** Each as far as the system has it, and lets us: `nice` orders tasks, or, where sessions are groups of their own, the group's. */
function giveWay(pid: number | undefined, nice: number): void {
  if (pid === undefined) return;
  try {
    setPriority(pid, nice);
  } catch {
    // Back up again is for the superuser only; it plays at the lower one.
  }
  try {
    writeFileSync(`/proc/${pid}/autogroup`, String(nice));
  } catch {
    // No such groups here, or the process is gone.
  }
}

function signal({ pid, exitCode, signalCode }: ChildProcess, name: NodeJS.Signals): void {
  if (pid === undefined || exitCode !== null || signalCode !== null) return;
  giveWay(pid, NICE_OF_FEW);
  signalGroup(pid, name);
}

/** Where the kernel does not do it. */
function leave(): void {
  for (const { child } of launches.values()) if (child !== undefined) signal(child, 'SIGKILL');
  server.close();
  control?.destroy();
  process.stdin.destroy();
  for (const { sockets } of launches.values()) for (const socket of sockets.values()) socket.destroy();
}
