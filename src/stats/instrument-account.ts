// The instrument's account of itself: the laws of the ledger, lost records, loop delays, CPU, opaque and bypassed traffic.
// It corrects nothing; verdict.ts judges what it reads here.
import type {
  BatchEvent,
  CalibrationEvent,
  ConnectionEvent,
  LinesEvent,
  LostEvent,
  SampleEvent,
  TransferEvent,
} from '../events.ts';
import { sentBytes } from './proxy-account.ts';
import type { Snapshot, Summary } from './summary.ts';
import { withoutAbsent } from './without-absent.ts';

/** Above this share of all cores the clients and the instrument fight for the machine. */
const FULL_CPU_RATIO = 0.95;

/** A client that has not played by then, after the last was started, has other troubles than its start. */
const START_LIMIT_MS = 60_000;

/** Seconds before a share of the run or a p99 of it says anything: the first ones are the start of many processes. */
const ENOUGH_SAMPLES = 10;

/** Octets that a worker's meters and its records must agree on; open transfers carry the rest (`open...` in a batch). */
const BALANCED_BYTES = [
  'requestHeadBytes',
  'requestBodyBytes',
  'responseHeadBytes',
  'interimHeadBytes',
  'framingBytes',
  'contentBytes',
  'deliveredBytes',
] as const;
type Balance = Record<(typeof BALANCED_BYTES)[number] | 'transfers', number>;

interface Worker {
  readonly recorded: Balance;
  /** The largest imbalance that any batch of this worker showed. */
  imbalance: number;
  lostRecords: number;
}

export class InstrumentAccount {
  readonly #workers = new Map<number, Worker>();
  /** Records since the last batch event: a batch's records come right before it, so they are its worker's. */
  #inBatch: Balance = noBalance();
  #connectionImbalance = 0;
  #internalErrors = 0;
  #localFailures = 0;
  #lostElsewhere = 0;
  #ticks = 0;
  #samples = 0;
  #fullSamples = 0;
  #fullSinceMs: number | undefined;
  #sample: SampleEvent | undefined;
  /** The first sample in which every client had been started once. */
  #rampEnd: SampleEvent | undefined;
  #haveAllPlayed = false;
  #lines: LinesEvent | undefined;
  #calibration: CalibrationEvent | undefined;
  #dropRate = 0;
  #peakDropRate = 0;
  readonly #clients: number;

  /** `clients`: how many are meant to be started. */
  constructor(clients: number) {
    this.#clients = clients;
  }

  transfer(event: TransferEvent): void {
    addTo(this.#inBatch, event);
    if (event.termination === 'ID') this.#internalErrors += 1;
    if (event.termination === 'RC') this.#localFailures += 1;
  }

  connection(event: ConnectionEvent): void {
    this.#connectionImbalance += Math.abs(event.imbalanceBytes);
  }

  /** The law: what a worker's meters say at a batch = what it has recorded so far + what is open. */
  batch(event: BatchEvent): void {
    const worker = this.#workerOf(event.worker);
    const imbalance = balanceOf(worker.recorded, this.#inBatch, event.meters);
    this.#inBatch = noBalance();
    worker.imbalance = Math.max(worker.imbalance, imbalance);
    worker.lostRecords = Math.max(worker.lostRecords, event.lostRecords);
  }

  calibrated(event: CalibrationEvent): void {
    this.#calibration = event;
  }

  lost(event: LostEvent): void {
    this.#lostElsewhere += event.records;
  }

  sampled(event: SampleEvent): void {
    this.#sample = event;
    this.#ticks += 1;
    if (this.#clients > 0 && event.clientsStarted >= this.#clients) this.#rampEnd ??= event;
    if (event.machineCpuRatio === undefined || this.#isStart(event)) return;
    this.#samples += 1;
    if (event.machineCpuRatio <= FULL_CPU_RATIO) return;
    this.#fullSamples += 1;
    this.#fullSinceMs ??= event.atMs;
  }

  /**
   * Clients are on their way up, for the first time. Each start takes 50 ms of a core and more, so a steep ramp fills a small
   * machine whatever its clients ask for later, and what starts gives way to what plays and measures (launcher-main.ts).
   */
  #isStart({ atMs, clientsStarted, clientsStarting = 0 }: SampleEvent): boolean {
    if (clientsStarted === 0 || this.#haveAllPlayed) return false;
    const isOver = this.#rampEnd !== undefined && (clientsStarting === 0 || atMs - this.#rampEnd.atMs > START_LIMIT_MS);
    this.#haveAllPlayed = isOver;
    return !isOver;
  }

  /** Running totals; the rate of a tick is what was lost since the last one. */
  linesRead(event: LinesEvent): void {
    const read = readLines(event) - readLines(this.#lines);
    const dropped = droppedLines(event) - droppedLines(this.#lines);
    this.#dropRate = dropped > 0 ? dropped / (read + dropped) : 0;
    this.#peakDropRate = Math.max(this.#peakDropRate, this.#dropRate);
    this.#lines = event;
  }

  /** Whether the run is long enough for figures of the whole of it to become findings. */
  get isSettled(): boolean {
    return this.#ticks >= ENOUGH_SAMPLES;
  }

  /** Share of the run in which the machine's CPU was full, and since when; undefined where the system does not tell, and
   *  in the first seconds. The start of the clients is not in it: loop delays tell what it did to the instrument. */
  get machineFull(): { readonly share: number; readonly sinceMs: number } | undefined {
    if (this.#fullSinceMs === undefined || this.#samples < ENOUGH_SAMPLES) return undefined;
    return { share: this.#fullSamples / this.#samples, sinceMs: this.#fullSinceMs };
  }

  get localFailures(): number {
    return this.#localFailures;
  }

  get internalErrors(): number {
    return this.#internalErrors;
  }

  get opaqueBytes(): number {
    return this.#sample?.meters['opaqueBytes'] ?? 0;
  }

  /** Answers in the clear that set a cookie with a Path. */
  get pathCookies(): number {
    return this.#sample?.meters['pathCookies'] ?? 0;
  }

  /** Lines that were thrown away, as a share of all that came. */
  get droppedShare(): number {
    const dropped = droppedLines(this.#lines);
    return dropped > 0 ? dropped / (readLines(this.#lines) + dropped) : 0;
  }

  get unparsedLines(): number {
    return this.#lines?.unparsedLines ?? 0;
  }

  read(bypassedRequests: number): Omit<Summary['instrument'], 'verdict' | 'reasons'> {
    const sample = this.#sample;
    const workers = [...this.#workers.values()];
    const lost = workers.reduce((sum, worker) => sum + worker.lostRecords, 0);
    const imbalance = workers.reduce((sum, worker) => sum + worker.imbalance, this.#connectionImbalance);
    const tapCpuSeconds = sample?.tapCpuSeconds ?? 0;
    return withoutAbsent<Omit<Summary['instrument'], 'verdict' | 'reasons'>>({
      eventLoopDelayMs: withoutAbsent<Summary['instrument']['eventLoopDelayMs']>({
        tapP99: sample?.tapLoopDelayP99Ms,
        mainP99: sample?.mainLoopDelayP99Ms,
        rampTapP99: this.#rampEnd?.tapLoopDelayP99Ms,
        rampMainP99: this.#rampEnd?.mainLoopDelayP99Ms,
      }),
      tapCpuSeconds: sample?.tapCpuSeconds,
      mainCpuSeconds: sample?.mainCpuSeconds,
      tapBytesPerCpuSecond:
        sample !== undefined && tapCpuSeconds > 0 ? sentBytes(sample.meters) / tapCpuSeconds : undefined,
      lostRecords: this.#lostElsewhere + Math.max(lost, sample?.meters['lostRecords'] ?? 0),
      bypassedRequests,
      ledgerImbalanceBytes: imbalance,
      calibration: calibrationOf(this.#calibration),
    });
  }

  /** `degradedAbove`: the share of its lines that a client may lose. */
  readLines(degradedAbove: number): Pick<Snapshot, 'droppedLines' | 'parsedLines' | 'dropRate'> {
    const lines = this.#lines;
    return {
      droppedLines: { stderr: lines?.droppedStderrLines ?? 0, progress: lines?.droppedProgressLines ?? 0 },
      parsedLines: { stderr: lines?.stderrLines ?? 0, progress: lines?.progressLines ?? 0 },
      dropRate: {
        current: this.#dropRate,
        peak: this.#peakDropRate,
        degradedClients: lines?.droppedShares?.filter((share) => share > degradedAbove).length ?? 0,
      },
    };
  }

  #workerOf(number: number): Worker {
    const known = this.#workers.get(number);
    if (known !== undefined) return known;
    const worker: Worker = { recorded: noBalance(), imbalance: 0, lostRecords: 0 };
    this.#workers.set(number, worker);
    return worker;
  }
}

/** Said beside the figures of the run, and subtracted from none. */
function calibrationOf(event: CalibrationEvent | undefined): Summary['instrument']['calibration'] {
  if (event === undefined) return undefined;
  const { type: _type, atMs: _atMs, ...calibration } = event;
  return calibration;
}

/** Adds the batch to what is recorded; the sum of absolute differences to the meters minus what is open. */
function balanceOf(recorded: Balance, batch: Balance, meters: Readonly<Record<string, number>>): number {
  let imbalance = 0;
  for (const name of [...BALANCED_BYTES, 'transfers'] as const) {
    recorded[name] += batch[name];
    const metered = meters[name];
    const open = meters[openName(name)];
    if (metered === undefined || open === undefined) continue;
    imbalance += Math.abs(metered - open - recorded[name]);
  }
  return imbalance;
}

function openName(name: string): string {
  return `open${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}

function readLines(event: LinesEvent | undefined): number {
  return (event?.stderrLines ?? 0) + (event?.progressLines ?? 0);
}

function droppedLines(event: LinesEvent | undefined): number {
  return (event?.droppedStderrLines ?? 0) + (event?.droppedProgressLines ?? 0);
}

/** BALANCED_BYTES, one by one: this is done for each transfer, and a name that changes is looked up the slow way. */
function addTo(balance: Balance, event: TransferEvent): void {
  balance.transfers += 1;
  balance.requestHeadBytes += event.requestHeadBytes;
  balance.requestBodyBytes += event.requestBodyBytes;
  balance.responseHeadBytes += event.responseHeadBytes;
  balance.interimHeadBytes += event.interimHeadBytes;
  balance.framingBytes += event.framingBytes;
  balance.contentBytes += event.contentBytes;
  balance.deliveredBytes += event.deliveredBytes;
}

function noBalance(): Balance {
  return {
    transfers: 0,
    requestHeadBytes: 0,
    requestBodyBytes: 0,
    responseHeadBytes: 0,
    interimHeadBytes: 0,
    framingBytes: 0,
    contentBytes: 0,
    deliveredBytes: 0,
  };
}
