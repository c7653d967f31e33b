// From the command line to an exit code: the only place that ends the process.
// It knows the commands, not what they do.
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Options } from './config/options.ts';
import { type ParsedCommand, parseCommand } from './config/parse.ts';
import { runOrigin } from './origin/command.ts';
import { CannotMeasure, EXIT } from './run/exit-codes.ts';
import type { House } from './run/house.ts';
import { openHouse } from './run/open-house.ts';
import { printClientCommand } from './run/print-command.ts';
import { runProxy } from './run/proxy-command.ts';
import { run } from './run.ts';

type Command = Extract<ParsedCommand, { readonly options: Options }>;

const SEEDS = 2 ** 32;

await flush(await main());

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
  if (command.command === 'origin') return runOrigin(command.options);
  const { house, failure } = openHouse(command.options, () => process.exit(EXIT.interruptedTwice));
  try {
    const code = await dispatch(command, house);
    const reason = failure();
    return reason === undefined ? code : tell(reason);
  } catch (error) {
    return tell(failure() ?? error);
  }
}

async function dispatch({ command, url, options }: Command, house: House): Promise<number> {
  if (options.printCmd) return printClientCommand(url, options, house.terminal.stdout);
  const seed = options.seed ?? randomInt(SEEDS);
  if (command === 'proxy') return runProxy(options, seed, house);
  if (command === 'origin') return runOrigin(options);
  return run({ options, seed, ...(url === undefined ? {} : { url }) }, house);
}

/** A sentence for what could not be measured, everything for a bug. */
function tell(error: unknown): number {
  if (error instanceof CannotMeasure) {
    process.stderr.write(`hls-swarm: ${error.message}\n`);
    return EXIT.notMeasured;
  }
  process.stderr.write(
    `hls-swarm: a bug: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  return EXIT.bug;
}

/** Everything of ours has ended; what is still on its way to a pipe is let through before the process goes. */
async function flush(code: number): Promise<never> {
  for (const stream of [process.stdout, process.stderr])
    await new Promise<void>((done) => stream.write('', () => done()));
  process.exit(code);
}
