// `hls-swarm proxy`: the tap alone, for any player. The same account, without clients of ours and so without a parser.
// It starts no process; doors have process number 0.
import { type Clock, clockFrom, clockOrigin } from '../clock.ts';
import type { Options } from '../config/options.ts';
import { version } from '../config/version.ts';
import type { Tap } from '../proxy/tap.ts';
import { OWN_FILES } from '../swarm/system-limits.ts';
import { printCalibration } from './calibrate-command.ts';
import { calibrate } from './calibrating.ts';
import { close } from './closing.ts';
import { debugClient } from './debug-client.ts';
import type { ExitCode } from './exit-codes.ts';
import { Faces } from './faces.ts';
import type { House } from './house.ts';
import { IdleWatch } from './idle-exit.ts';
import { openTap } from './open-tap.ts';
import { Recorder } from './record.ts';
import { runEvent } from './run-facts.ts';
import { Sampler } from './sampler.ts';
import { aborted, delay } from './terminal.ts';

/** A player keeps up to four connections, each with one of ours to the origin, and some room. */
const FILES_PER_DOOR = 10;
/** Of a tap for players that are not ours: nobody reads a log of theirs. */
const FACTS = {
  url: 'any',
  ffmpegVersion: 'none',
  isLive: true,
  isTapped: true,
  hasAccessLog: false,
  logLevel: 'none',
} as const;

/**
 * Runs until a signal, `--duration` or `--idle-exit`; resolves to the exit code. A tap that nobody used has done what it was
 * asked: 0. Rejects with `CannotMeasure` when it cannot start.
 */
export async function runProxy(options: Options, seed: number, house: House): Promise<ExitCode> {
  if (options.calibrate) return printCalibration(options, house.terminal);
  const { terminal } = house;
  const origin = clockOrigin();
  const clock = clockFrom(origin);
  await using ending = new AsyncDisposableStack();
  const doors: { tap?: Tap } = {};
  const recorder = await Recorder.open({
    options,
    url: 'any',
    clients: options.doors,
    isTapped: true,
    clock,
    redact: house.redact,
    stderr: terminal.stderr,
    isReady: () => doors.tap !== undefined,
    debugClient: (client) => debugClient(client, undefined, doors.tap),
  });
  ending.defer(() => recorder.close());
  house.log.info({ url: recorder.serverUrl }, 'metrics_server_started');
  const { emit } = recorder.hub;
  // Before there are doors: no player competes with it, and none waits for a door that is there.
  if (!options.noCalibrate) await calibrate({ clock, emit, log: house.log, signal: terminal.ending });
  const neededFiles = options.doors * FILES_PER_DOOR + OWN_FILES;
  const timed = recorder.operations.timing('stream_event_handling');
  const plan = { doors: options.doors, clockOrigin: origin, emit, seed, timed, neededFiles, isTlsExpected: true };
  const tap = await openTap(options, plan, house);
  ending.defer(() => tap.close());
  doors.tap = tap;
  tap.addOwnPorts([recorder.port]);
  recorder.begin(
    runEvent({ ...FACTS, clients: options.doors, options, version, seed, clock, proxyWorkers: tap.workers }),
    undefined,
  );
  const sampler = openSampler(clock, recorder, tap);
  ending.defer(() => sampler.stop());

  sampler.start();
  announce(tap, options, house);
  const faces = options.json
    ? undefined
    : new Faces({ house, options: { ...options, tui: false }, latest: () => recorder.latest, hasClients: false });
  const watch = watchOver(tap, options, clock);
  await Promise.race([
    options.durationMs === 0 ? new Promise(() => {}) : delay(options.durationMs),
    watch === undefined ? new Promise(() => {}) : watch.idle,
    aborted(terminal.ending),
  ]);

  watch?.stop();
  await faces?.stop();
  await tap.close();
  sampler.stop();
  sampler.sample();
  // Awaited here: what the stack ends must outlive the closing.
  return await close(recorder, options.json ? { ...terminal, stdout: terminal.stderr } : terminal, {
    hasClients: false,
  });
}

function openSampler(clock: Clock, recorder: Recorder, tap: Tap): Sampler {
  const { operations, hub } = recorder;
  const timed = operations.timing('stats_collection');
  const afterSample = (): void => {
    operations.noteGaps(tap.streamGaps());
    recorder.tick();
  };
  return new Sampler({ clock, emit: hub.emit, tap, swarm: undefined, afterSample, timed });
}

function watchOver(tap: Tap, { idleExitMs }: Options, clock: Clock): IdleWatch | undefined {
  if (idleExitMs === undefined) return undefined;
  return new IdleWatch({ clock, idleMs: idleExitMs, meters: () => tap.meters().meters });
}

/** One line for scripts, or one line per door for people. */
function announce(tap: Tap, { doors, json }: Options, { terminal }: House): void {
  const urls = Array.from({ length: doors }, (_, position) => tap.doorUrl(position + 1));
  if (json) terminal.stdout.write(`${JSON.stringify({ doors: urls })}\n`);
  else for (const [position, url] of urls.entries()) terminal.stdout.write(`door ${position + 1}  ${url}\n`);
}
