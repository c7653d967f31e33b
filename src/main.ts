// From the command line to an exit code: the only place that ends the process.
// It knows the commands, not what they do; each is loaded when it is asked for, so that `--help` or a wrong option waits for none.
import './thread-pool.ts';
import { randomInt } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import type { Options } from './config/options.ts';
import { type ParsedCommand, parseCommand } from './config/parse.ts';
import type { OriginCommandOptions } from './origin/command.ts';
import { commandText } from './run/command-text.ts';
import { CannotMeasure, EXIT } from './run/exit-codes.ts';
import type { House } from './run/house.ts';
import { type OpenHouse, openHouse } from './run/open-house.ts';
import { fileWrites, type Output } from './run/terminal.ts';

type Command = Extract<ParsedCommand, { readonly options: Options }>;

const SEEDS = 2 ** 32;
const SHELL = '/bin/sh';
/** A Node that profiles, traces or is debugged has something to write at its exit. */
const ENDS_ITSELF = /^--(?:inspect|cpu-prof|heap-prof|prof|trace|report|diagnostic)/;

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
  if (command.command === 'origin') return origin({ seed: randomInt(SEEDS), ...command.options });
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
  if (command === 'analyze') {
    const { runAnalyze } = await import('./run/analyze.ts');
    return runAnalyze(options, house);
  }
  const typed = commandText(process.argv.slice(2), process.env, house.redact);
  if (command === 'replay') {
    const { runReplay } = await import('./run/replay.ts');
    return runReplay(input ?? '', options, house, typed);
  }
  if (options.printCmd) {
    const { printClientCommand } = await import('./run/print-command.ts');
    return printClientCommand(url, options, house.terminal);
  }
  const seed = options.seed ?? randomInt(SEEDS);
  if (command === 'origin') return origin({ ...options, seed });
  if (command === 'proxy') {
    const { runProxy } = await import('./run/proxy-command.ts');
    return runProxy(options, seed, house);
  }
  const { run } = await import('./run.ts');
  return run({ options, seed, command: typed, ...(url === undefined ? {} : { url }) }, house);
}

async function origin(options: OriginCommandOptions): Promise<number> {
  const { runOrigin } = await import('./origin/command.ts');
  return runOrigin(options);
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
 * seconds; a process that becomes another program has none, and this one only hands on our code.
 */
function leaveAtOnce(code: number): never {
  const endsItself = process.execArgv.some((flag) => ENDS_ITSELF.test(flag));
  if (process.execve !== undefined && !endsItself && existsSync(SHELL)) {
    process.emit('exit', code);
    process.execve(SHELL, [SHELL, '-c', `exit ${code}`], {});
  }
  process.exit(code);
}
