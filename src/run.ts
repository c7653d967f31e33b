// A run from beginning to end: look, open, start, tick, stop, sum up. Reads as a table of contents.
// It measures nothing itself, judges nothing and never exits; the rooms do the work and main.ts ends the process.
import { type Clock, clockFrom, clockOrigin } from './clock.ts';
import type { Options } from './config/options.ts';
import { version } from './config/version.ts';
import type { Emit } from './events.ts';
import { Launcher } from './launcher.ts';
import type { Tap } from './proxy/tap.ts';
import { seededRandom } from './random.ts';
import { type OpenedAccessLog, openAccessLog } from './run/access-log.ts';
import { ClientTrust } from './run/authority.ts';
import { readInBursts } from './run/burst-reading.ts';
import { calibrate } from './run/calibrating.ts';
import { Checking } from './run/checking.ts';
import { close } from './run/closing.ts';
import { debugClient } from './run/debug-client.ts';
import { type DemoOrigin, startDemoOrigin } from './run/demo-origin.ts';
import { CannotMeasure, type ExitCode } from './run/exit-codes.ts';
import { Faces } from './run/faces.ts';
import type { House } from './run/house.ts';
import { look, lookAfterFailure } from './run/look.ts';
import { meterReader } from './run/meter-reader.ts';
import { openTap, type TapPlan } from './run/open-tap.ts';
import { originPathFact } from './run/origin-path.ts';
import { listeningCheck } from './run/preflight-lines.ts';
import { openGates } from './run/preparing.ts';
import { Recorder } from './run/record.ts';
import { writeReportNow } from './run/report-now.ts';
import type { RunRequest } from './run/request.ts';
import { resolveFor } from './run/resolve.ts';
import { type RunFactsInput, runEvent } from './run/run-facts.ts';
import { Sampler } from './run/sampler.ts';
import { Scrapers } from './run/scrapers.ts';
import { stopMeasuring } from './run/stopping.ts';
import { swarmOptions } from './run/swarm-options.ts';
import { aborted, delay } from './run/terminal.ts';
import { unlessEnded } from './run/unless-ended.ts';
import { pathOf } from './stats/origin-path.ts';
import type { Snapshot } from './stats/summary.ts';
import { Swarm } from './swarm/swarm.ts';
import { filesNeeded } from './swarm/system-limits.ts';

/** Filled when they are there. */
interface Rooms {
  swarm?: Swarm;
  tap?: Tap;
}

/** Measures once; resolves to the exit code. Rejects with `CannotMeasure`, everything ended, when it cannot. */
export async function run(request: RunRequest, house: House): Promise<ExitCode> {
  const { terminal, log } = house;
  const { seed } = request;
  const origin = clockOrigin();
  const clock = clockFrom(origin);
  const rooms: Rooms = {};
  await using ending = new AsyncDisposableStack();

  const recorder = await openRecorder(request, house, clock, rooms);
  ending.defer(() => recorder.close());
  const { operations } = recorder;
  const faces = openFaces(request.options, house, recorder);
  ending.defer(() => faces.stop());
  const checking = request.options.check ? new Checking(recorder.hub.emit) : undefined;
  const { emit } = checking ?? recorder.hub;
  const demo = request.url === undefined ? await startDemoOrigin(request.options, house, { clock, emit }) : undefined;
  ending.defer(() => demo?.stop());
  const url = request.url ?? demo?.url ?? '';
  const options = demo === undefined ? request.options : { segmentSizesUrl: demo.listingUrl, ...request.options };

  const accessLog = ending.use(await openAccessLog(options, { clock, emit, log }));
  const known = [listeningCheck(recorder.serverUrl), ...accessLog.checks];
  const looked = await look({ url, options, house, known });
  // Between the preflight and the clients: beside either it would measure their work for the processor, not the tap.
  if (isCalibrated(options)) await calibrate({ clock, emit, log, signal: terminal.ending });
  const timed = operations.timing('stream_event_handling');
  const plan = { clockOrigin: origin, emit, seed, timed, ...expectations(url, looked, options) };
  const tap = options.noProxy ? undefined : await openTap(options, plan, house);
  ending.defer(() => tap?.close());
  tap?.addOwnPorts([recorder.port]);
  const hasAccessLog = demo !== undefined || accessLog.follower !== undefined;
  const path = await originPathFact(url, options);
  recorder.begin(
    runEvent({ url, options, version, seed, clock, ...facts(looked, options, tap), hasAccessLog, ...path }),
    tap?.ports,
  );
  const { isLoopback } = pathOf({ url, ...path });
  const opened = { clock, emit, seed, url, isLoopback, options, looked, recorder, faces, rooms, tap, demo, accessLog };
  await play(opened, house);
  checking?.tell({ url, options, looked, snapshot: recorder.latest }, house);
  // Awaited here: what the stack ends must outlive the closing.
  return await close(recorder, options.json ? { ...terminal, stdout: terminal.stderr } : terminal);
}

/** What is open before the first client starts. */
interface Opened {
  readonly clock: Clock;
  readonly emit: Emit;
  readonly seed: number;
  readonly url: string;
  /** The stream comes from this machine. */
  readonly isLoopback: boolean;
  readonly options: Options;
  readonly looked: Awaited<ReturnType<typeof look>>;
  readonly recorder: Recorder;
  readonly faces: Faces;
  /** Told who plays. */
  readonly rooms: Rooms;
  readonly tap: Tap | undefined;
  readonly demo: DemoOrigin | undefined;
  readonly accessLog: OpenedAccessLog;
}

/** Clients, sources and ticks, from the first start to the last sample. */
async function play(opened: Opened, { terminal, log }: House): Promise<void> {
  const { clock, emit, seed, url, isLoopback, options, looked, recorder, faces, rooms, tap, demo, accessLog } = opened;
  const { operations } = recorder;
  await using ending = new AsyncDisposableStack();
  const { caFile } = ending.use(await ClientTrust.open(looked.capabilities, tap?.caCertificate));
  const { startProgram } = ending.use(await openLauncher(options.clients));
  await readInBursts(options.clients, log);
  const gates = ending.use(await openGates(options, clock, log));
  const swarm = new Swarm(
    { clock, emit, log, startProgram, timed: operations.timing('stderr_parse') },
    swarmOptions({ url, options, looked, seed, tap, caFile }),
  );
  ending.defer(() => swarm.stop());
  Object.assign(rooms, { swarm, tap });
  const scrapers = new Scrapers({
    ...{ clock, emit, log, version, options, url, demo, isLoopback },
    random: seededRandom(seed),
    accessLog: accessLog.follower,
    readMeters: meterReader(clock, tap, () => recorder.controlBytes),
  });
  ending.defer(() => scrapers.stop());
  const afterSample = (): void => passOn(recorder, scrapers, swarm, tap);
  const sampler = new Sampler({ clock, emit, tap, swarm, afterSample, timed: operations.timing('stats_collection') });
  ending.defer(() => sampler.stop());

  terminal.killing.addEventListener('abort', () => swarm.kill(), { once: true });
  // Sizes first: a segment that is asked for before the first listing could never be looked up.
  scrapers.start();
  await unlessEnded(terminal, scrapers.round(), 'the first client was started');
  if (gates !== undefined) {
    const tell = (loaded: number): void => faces.note(`FFmpeg loaded for ${loaded} of ${options.clients} clients`);
    await unlessEnded(terminal, swarm.prepare(gates, tell), 'the first client was started');
  }
  sampler.start();
  swarm.start();
  log.info({}, await whyItEnds(options, terminal, swarm));

  await faces.stop();
  await stopMeasuring({
    ...{ clock, swarm, tap, scrapers, demo },
    awaitedLogLines: () => recorder.awaitedLogLines,
    measured() {
      sampler.stop();
      sampler.sample();
      recorder.noteEnd();
    },
  });
}

async function openRecorder(
  { url, options, command }: RunRequest,
  house: House,
  clock: Clock,
  rooms: Readonly<Rooms>,
): Promise<Recorder> {
  const { terminal, redact, log } = house;
  const opening = Recorder.open({
    options,
    url: url ?? 'the embedded origin',
    clients: options.clients,
    isTapped: !options.noProxy,
    clock,
    redact,
    ...(command === undefined ? {} : { command }),
    stderr: terminal.stderr,
    isReady: () => (rooms.swarm?.active ?? 0) > 0,
    debugClient: (client) => debugClient(client, rooms.swarm, rooms.tap),
  });
  const opened =
    url === undefined ? opening : opening.catch((error: unknown) => lookAfterFailure(error, { url, options, house }));
  const recorder = await opened;
  log.info({ url: recorder.serverUrl }, 'metrics_server_started');
  return recorder;
}

function openFaces(options: Options, house: House, recorder: Recorder): Faces {
  const latest = (): Snapshot | undefined => recorder.latest;
  return new Faces({
    ...{ house, options, latest },
    timed: recorder.operations.timing('tui_render'),
    writeReport: () => writeReportNow(options.report, latest()?.summary),
  });
}

async function openLauncher(clients: number): Promise<Launcher> {
  try {
    return await Launcher.open(clients);
  } catch (error) {
    throw new CannotMeasure((error as Error).message);
  }
}

/** What the tap should be ready for. */
function expectations(
  url: string,
  { streamUrls, capabilities, stream }: Awaited<ReturnType<typeof look>>,
  options: Options,
): Pick<TapPlan, 'doors' | 'streamUrls' | 'resolve' | 'isTlsExpected' | 'neededFiles'> {
  const doors = options.clients;
  const isTlsExpected = url.startsWith('https:') || stream?.usesTls === true || capabilities.verifiesTls;
  return { doors, streamUrls, isTlsExpected, neededFiles: filesNeeded(doors), ...resolveFor(url, options) };
}

function facts(
  looked: Awaited<ReturnType<typeof look>>,
  { clients, stats, statsLogLevel, timeoutMs }: Options,
  tap: Tap | undefined,
): Omit<RunFactsInput, 'url' | 'options' | 'version' | 'seed' | 'clock' | 'hasAccessLog'> {
  const { targetDurationSeconds } = looked;
  return {
    clients,
    ffmpegVersion: looked.capabilities.version,
    isHls: looked.isHls,
    isLive: looked.isLive,
    isTapped: tap !== undefined,
    proxyWorkers: tap?.workers ?? 0,
    logLevel: stats ? statsLogLevel : 'none',
    clientTimeoutMs: timeoutMs,
    ...(targetDurationSeconds === undefined ? {} : { targetDurationSeconds }),
  };
}

/** Without a tap there is nothing that it could add. */
function isCalibrated({ noCalibrate, noProxy }: Options): boolean {
  return !noCalibrate && !noProxy;
}

/** After each sample. */
function passOn(recorder: Recorder, scrapers: Scrapers, swarm: Swarm, tap: Tap | undefined): void {
  if (tap !== undefined) recorder.operations.noteGaps(tap.streamGaps());
  scrapers.setActiveClients(swarm.active);
  const snapshot = recorder.tick();
  scrapers.setListingNeeds({
    window: snapshot?.listingWindow,
    targetDurationSeconds: snapshot?.shortestTargetDurationSeconds,
  });
}

/** Waits for the end of the playing; the name that the log has for its cause. */
function whyItEnds(options: Options, { ending }: House['terminal'], swarm: Swarm): Promise<string> {
  return Promise.race([
    durationOf(options).then(() => 'duration_elapsed'),
    aborted(ending).then(() => 'shutdown_initiated'),
    swarm.finished.then(() => 'all_clients_stopped'),
  ]);
}

/** Counts from the first start; a run without a duration ends when somebody ends it. */
function durationOf({ durationMs }: Options): Promise<void> {
  return durationMs === 0 ? new Promise(() => {}) : delay(durationMs);
}
