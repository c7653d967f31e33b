// The launcher's own process: forks the clients, so that nobody has to copy the page tables of a measuring process for each.
// It reads nothing that a client prints (the pipes end at its parent), decides nothing, and takes all along when its parent is gone.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, constants, openSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { setPriority } from 'node:os';
import {
  isGreeting,
  JsonLines,
  jsonLine,
  LAUNCHER_VARIABLE,
  type LauncherNews,
  type LauncherOrder,
  type LauncherPlace,
} from './launcher-messages.ts';
import { signalGroup, signalProcess } from './process-group.ts';

/**
 * Many that start and play are more than two cores have, and a tap that had to wait for its turn among them would stamp everything
 * late: they come after what measures; after this process too, which would else be late to wait for those that exit. Among
 * themselves those that begin come first, by far: one that joins needs twenty times what it needs in a second later on, has nothing
 * in its buffer meanwhile, and on a full machine would wait for its next turn behind hundreds that play, which have. A few take next
 * to nothing, and would only be slow to die: a process exits at its own priority.
 */
const NICE_OF_MANY = 19;
const NICE_OF_FEW = 5;
const FEW = 50;
/**
 * An FFmpeg that waits for the next segment looks at its clock ten times a second; a thousand of them are ten thousand timers, each
 * with an interrupt of its own. Within this time of each other they go off together. Inherited by what is started from here.
 */
const TIMER_SLACK_OF_MANY_NS = 20_000_000;

type StartOrder = Extract<LauncherOrder, { readonly type: 'start' }>;

/** One program from its start to its ending. */
interface Launch {
  readonly child: ChildProcess;
  readonly isLeaf: boolean;
  /** It has begun, and makes room for those that have not. */
  givesWay: boolean;
}

const { path, token, programs } = JSON.parse(process.env[LAUNCHER_VARIABLE] ?? '') as LauncherPlace;
const areMany = programs > FEW;
const launches = new Map<number, Launch>();
let control: Socket | undefined;

const server = createServer((socket) => {
  socket.on('error', () => {});
  const lines = new JsonLines();
  socket.setEncoding('utf8').once('data', (chunk: string) => {
    const [first = '', ...rest] = [...lines.read(chunk)];
    if (isGreeting(first, token)) serve(socket, lines, rest);
    else socket.destroy();
  });
});
server.listen(path, () => process.stdout.write('ready\n'));
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, leave);
lowerGroup('self', areMany ? NICE_OF_MANY : NICE_OF_FEW);
if (areMany) tellKernel('self', 'timerslack_ns', TIMER_SLACK_OF_MANY_NS);
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
    start(order);
    return;
  }
  const launch = launches.get(order.key);
  if (launch === undefined) return;
  if (order.type === 'signal') signal(launch, order.signal);
  else {
    launch.givesWay = true;
    lower(launch);
  }
}

function start({ key, file, args, env, cwd, isLeaf, pipes }: StartOrder): void {
  const stdio: ('ignore' | number)[] = ['ignore', 'ignore', 'ignore', 'ignore'];
  try {
    // Its reader is there already: nobody waits here.
    for (const { stream, path: pipe } of pipes) stdio[stream] = openSync(pipe, constants.O_WRONLY);
    const child = spawn(file, args, { stdio, env, detached: !isLeaf, ...(cwd === undefined ? {} : { cwd }) });
    const launch = { child, isLeaf, givesWay: false };
    launches.set(key, launch);
    child.once('error', ({ message }) => end(key, { type: 'failed', key, reason: message }));
    const { pid } = child;
    if (pid !== undefined) {
      child.once('exit', (code, signalName) => onExit(pid, key, code, signalName));
      lower(launch);
      say({ type: 'started', key, pid });
    }
  } catch (error) {
    say({ type: 'failed', key, reason: error instanceof Error ? error.message : String(error) });
  }
  // The child has its own by now; as long as ours are open its end would not be seen.
  for (const descriptor of stdio) if (descriptor !== 'ignore') closeSync(descriptor);
}

function onExit(pid: number, key: number, code: number | null, signalName: string | null): void {
  // A group of its own, if it has one, may hold what it started.
  signalGroup(pid, 'SIGKILL');
  const how = { ...(code === null ? {} : { code }), ...(signalName === null ? {} : { signal: signalName }) };
  end(key, { type: 'exited', key, ...how });
}

function end(key: number, news: LauncherNews): void {
  if (launches.delete(key)) say(news);
}

function say(news: LauncherNews): void {
  control?.write(jsonLine(news));
}

function lower({ child: { pid }, isLeaf, givesWay }: Launch): void {
  if (pid === undefined) return;
  const nice = areMany && givesWay ? NICE_OF_MANY : NICE_OF_FEW;
  try {
    setPriority(pid, nice);
  } catch {
    // It is gone, or comes later already, and back up is for the superuser only.
  }
  if (!isLeaf) lowerGroup(pid, nice);
}

/**
 * Where sessions are groups of their own to the scheduler (autogroup), `nice` counts inside of a group only. Each group has the
 * share of one task, so that hundreds of sessions would leave next to nothing for what measures; all leaves are one, with us.
 */
function lowerGroup(pid: number | 'self', nice: number): void {
  tellKernel(pid, 'autogroup', nice);
}

function tellKernel(pid: number | 'self', file: string, value: number): void {
  try {
    writeFileSync(`/proc/${pid}/${file}`, String(value));
  } catch {
    // No such thing here, or the process is gone.
  }
}

function signal({ child: { pid, exitCode, signalCode }, isLeaf }: Launch, name: NodeJS.Signals): void {
  if (pid === undefined || exitCode !== null || signalCode !== null) return;
  if (isLeaf) signalProcess(pid, name);
  else signalGroup(pid, name);
}

/** Where the kernel does not do it. */
function leave(): void {
  for (const launch of launches.values()) signal(launch, 'SIGKILL');
  server.close();
  control?.destroy();
  process.stdin.destroy();
}
