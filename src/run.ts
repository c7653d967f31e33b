// A run from beginning to end: look, open, start, tick, stop, sum up. Reads as a table of contents.
// It measures nothing itself, judges nothing and never exits; the rooms do the work and main.ts ends the process.
import { type Clock, clockFrom, clockOrigin } from './clock.ts';
import type { Options } from './config/options.ts';
import { version } from './config/version.ts';
import { Launcher } from './launcher.ts';
import type { Tap } from './proxy/tap.ts';
import { seededRandom } from './random.ts';
import { ClientTrust } from './run/authority.ts';
import { calibrate } from './run/calibrating.ts';
import { Checking } from './run/checking.ts';
import { close } from './run/closing.ts';
import { debugClient } from './run/debug-client.ts';
import { startDemoOrigin } from './run/demo-origin.ts';
import { CannotMeasure, type ExitCode } from './run/exit-codes.ts';
import { Faces } from './run/faces.ts';
import type { House } from './run/house.ts';
import { look, lookAfterFailure } from './run/look.ts';
import { openTap, type TapPlan } from './run/open-tap.ts';
import { listeningCheck } from './run/preflight-lines.ts';
import { Recorder } from './run/record.ts';
import type { RunRequest } from './run/request.ts';
import { resolveFor } from './run/resolve.ts';
import { type RunFactsInput, runEvent } from './run/run-facts.ts';
import { Sampler } from './run/sampler.ts';
import { Scrapers } from './run/scrapers.ts';
import { stopMeasuring } from './run/stopping.ts';
import { swarmOptions } from './run/swarm-options.ts';
import { aborted, delay } from './run/terminal.ts';
import { unlessEnded } from './run/unless-ended.ts';
import { Swarm } from './swarm/swarm.ts';
import { filesNeeded } from './swarm/system-limits.ts';

/** Measures once; resolves to the exit code. Rejects with `CannotMeasure`, everything ended, when it cannot. */
export async function run(request: RunRequest, house: House): Promise<ExitCode> {
  const { terminal, log } = house;
  const { seed } = request;
  const origin = clockOrigin();
  const clock = clockFrom(origin);
  const rooms: { swarm?: Swarm; tap?: Tap } = {};
  await using ending = new AsyncDisposableStack();

  const recorder = await openRecorder(request, house, clock, rooms);
  ending.defer(() => recorder.close());
  const faces = new Faces({ house, options: request.options, latest: () => recorder.latest });
  ending.defer(() => faces.stop());
  const checking = request.options.check ? new Checking(recorder.hub.emit) : undefined;
  const { emit } = checking ?? recorder.hub;
  const demo = request.url === undefined ? await startDemoOrigin(request.options, house, { clock, emit }) : undefined;
  ending.defer(() => demo?.stop());
  const url = request.url ?? demo?.url ?? '';
  const options = demo === undefined ? request.options : { segmentSizesUrl: demo.listingUrl, ...request.options };

  const looked = await look({ url, options, version, house, known: [listeningCheck(recorder.serverUrl)] });
  // Between the preflight and the clients: beside either it would measure their work for the processor, not the tap.
  if (isCalibrated(options)) await calibrate({ clock, emit, log, signal: terminal.ending });
  const plan = { doors: options.clients, clockOrigin: origin, emit, seed, ...expectations(url, looked, options) };
  const tap = options.noProxy ? undefined : await openTap(options, plan, house);
  ending.defer(() => tap?.close());
  tap?.addOwnPorts([recorder.port]);
  recorder.begin(
    runEvent({ url, options, version, seed, clock, ...facts(looked, options, tap), hasAccessLog: demo !== undefined }),
    tap?.ports,
  );

  const { caFile } = ending.use(await ClientTrust.open(looked.capabilities, tap?.caCertificate));
  const { startProgram } = ending.use(await openLauncher());
  const swarm = new Swarm(
    { clock, emit, log, startProgram },
    swarmOptions({ url, options, looked, seed, tap, caFile }),
  );
  ending.defer(() => swarm.stop());
  Object.assign(rooms, { swarm, tap });
  const scrapers = new Scrapers({ clock, emit, log, random: seededRandom(seed), version, options, url, demo });
  ending.defer(() => scrapers.stop());
  const sampler = new Sampler({ clock, emit, tap, swarm, afterSample: () => afterSample(recorder, scrapers, swarm) });
  ending.defer(() => sampler.stop());

  terminal.killing.addEventListener('abort', () => swarm.kill(), { once: true });
  // Sizes first: a segment that is asked for before the first listing could never be looked up.
  scrapers.start();
  await unlessEnded(terminal, scrapers.round(), 'the first client was started');
  sampler.start();
  swarm.start();
  log.info({}, await whyItEnds(options, terminal, swarm));

  faces.stop();
  await stopMeasuring({ clock, swarm, tap, scrapers, demo });
  sampler.stop();
  sampler.sample();
  // Awaited here: what the stack ends must outlive the closing.
  checking?.tell({ url, options, looked, snapshot: recorder.latest }, house);
  return await close(recorder, options.json ? { ...terminal, stdout: terminal.stderr } : terminal);
}

async function openRecorder(
  { url, options }: RunRequest,
  house: House,
  clock: Clock,
  rooms: { readonly swarm?: Swarm; readonly tap?: Tap },
): Promise<Recorder> {
  const { terminal, redact, log } = house;
  const opening = Recorder.open({
    options,
    url: url ?? 'the embedded origin',
    clients: options.clients,
    isTapped: !options.noProxy,
    clock,
    redact,
    stderr: terminal.stderr,
    isReady: () => (rooms.swarm?.active ?? 0) > 0,
    debugClient: (client) => debugClient(client, rooms.swarm, rooms.tap),
  });
  const opened =
    url === undefined
      ? opening
      : opening.catch((error: unknown) => lookAfterFailure(error, { url, options, version, house }));
  const recorder = await opened;
  log.info({ url: recorder.serverUrl }, 'metrics_server_started');
  return recorder;
}

async function openLauncher(): Promise<Launcher> {
  try {
    return await Launcher.open();
  } catch (error) {
    throw new CannotMeasure((error as Error).message);
  }
}

/** What the tap should be ready for. */
function expectations(
  url: string,
  { streamUrls, capabilities }: Awaited<ReturnType<typeof look>>,
  options: Options,
): Pick<TapPlan, 'streamUrls' | 'resolve' | 'isTlsExpected' | 'neededFiles'> {
  const isTlsExpected = url.startsWith('https:') || capabilities.verifiesTls;
  return { streamUrls, isTlsExpected, neededFiles: filesNeeded(options.clients), ...resolveFor(url, options) };
}

function facts(
  looked: Awaited<ReturnType<typeof look>>,
  { clients, stats, statsLogLevel }: Options,
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
    ...(targetDurationSeconds === undefined ? {} : { targetDurationSeconds }),
  };
}

/** Without a tap there is nothing that it could add. */
function isCalibrated({ noCalibrate, noProxy }: Options): boolean {
  return !noCalibrate && !noProxy;
}

function afterSample(recorder: Recorder, scrapers: Scrapers, swarm: Swarm): void {
  scrapers.setActiveClients(swarm.active);
  scrapers.setListingWindow(recorder.tick()?.listingWindow);
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
