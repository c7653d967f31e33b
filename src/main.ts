// From the command line to an exit code: the only place that ends the process.
// It knows the commands, not what they do.
import './thread-pool.ts';
import { randomInt } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import type { Options } from './config/options.ts';
import { type ParsedCommand, parseCommand } from './config/parse.ts';
import { runOrigin } from './origin/command.ts';
import { runAnalyze } from './run/analyze.ts';
import { commandText } from './run/command-text.ts';
import { CannotMeasure, EXIT } from './run/exit-codes.ts';
import type { House } from './run/house.ts';
import { type OpenHouse, openHouse } from './run/open-house.ts';
import { printClientCommand } from './run/print-command.ts';
import { runProxy } from './run/proxy-command.ts';
import { runReplay } from './run/replay.ts';
import { fileWrites, type Output } from './run/terminal.ts';
import { run } from './run.ts';

type Command = Extract<ParsedCommand, { readonly options: Options }>;

const SEEDS = 2 ** 32;
const SHELL = '/bin/sh';

let opened: OpenHouse | undefined;
let lostOutput: Error | undefined;

process.on('uncaughtException', crash);
// A reader that went away (`| head`) is no error, and what it does not want is not written; a full disk is one.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') lostOutput ??= error;
});
process.stderr.on('error', () => {});
await end(await main());

async function main(): Promise<number> {
  const command = parseCommand(process.argv.slice(2), process.env, (path) => readFileSync(path, 'utf8'));
  if (!command.ok) {
    process.stderr.write(`${command.errors.map((error) => `hls-swarm: ${error}`).join('\n')}\n`);
    return EXIT.usage;
  }
  if ('text' in command) {
    process.stdout.write(command.text);
    return EXIT.measured;
  }
  if (command.command === 'origin') return runOrigin({ seed: randomInt(SEEDS), ...command.options });
  opened = openHouse(command.options, () => leaveAtOnce(EXIT.interruptedTwice));
  const { house, failure } = opened;
  try {
    const code = await dispatch(command, house);
    const reason = failure();
    return reason === undefined ? code : tell(reason);
  } catch (error) {
    return tell(failure() ?? error);
  }
}

async function dispatch({ command, url, input, options }: Command, house: House): Promise<number> {
  if (command === 'analyze') return runAnalyze(options, house);
  const typed = commandText(process.argv.slice(2), process.env, house.redact);
  if (command === 'replay') return runReplay(input ?? '', options, house, typed);
  if (options.printCmd) return printClientCommand(url, options, house.terminal);
  const seed = options.seed ?? randomInt(SEEDS);
  if (command === 'proxy') return runProxy(options, seed, house);
  if (command === 'origin') return runOrigin({ ...options, seed });
  return run({ options, seed, command: typed, ...(url === undefined ? {} : { url }) }, house);
}

/** A sentence for what could not be measured, everything for a bug. */
function tell(error: unknown): number {
  if (error instanceof CannotMeasure) {
    stderr().write(`hls-swarm: ${error.message}\n`);
    return EXIT.notMeasured;
  }
  return tellBug(error);
}

function tellBug(error: unknown): number {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  stderr().write(`hls-swarm: a bug: ${text}\n`);
  return EXIT.bug;
}

/** The house's, which hides secrets, as soon as there is one. */
function stderr(): Output {
  return opened?.house.terminal.stderr ?? process.stderr;
}

/** An exception that nobody caught is a bug, whoever's: the run sums up what it has; after a second one there is no trust left. */
function crash(error: Error): void {
  if (opened !== undefined && opened.failure() === undefined) {
    opened.house.fail(error);
    return;
  }
  opened?.kill();
  leaveAtOnce(tellBug(error));
}

/** Everything of ours has ended; what is still on its way to a pipe or a file is let through before the process goes. */
async function end(code: number): Promise<never> {
  for (const stream of [process.stdout, process.stderr])
    await new Promise<void>((done) => stream.write('', () => done()));
  await fileWrites();
  leaveAtOnce(lostOutput === undefined ? code : tellLostOutput(code, lostOutput));
}

/** The reason why a code of success would be wrong. */
function tellLostOutput(code: number, { message }: Error): number {
  process.stderr.write(`hls-swarm: stdout cannot be written: ${message}\n`);
  return code === EXIT.measured ? EXIT.notMeasured : code;
}

/**
 * `process.exit` alone joins libuv's threads, and a name lookup without an answer keeps its thread for the resolver's own ten
 * seconds; a process that becomes another program has none, and this one only hands on our code. A Node that was started with
 * flags of its own, to profile or to debug, has something to write at its exit.
 */
function leaveAtOnce(code: number): never {
  if (process.execve !== undefined && process.execArgv.length === 0 && existsSync(SHELL)) {
    process.emit('exit', code);
    process.execve(SHELL, [SHELL, '-c', `exit ${code}`], {});
  }
  process.exit(code);
}
