// `--check`: listens while one client plays, and tells at the end what the look before it and the client found.
// It plays nothing and changes no event; the summary of the run follows as always.
import type { Options } from '../config/options.ts';
import type { Emit } from '../events.ts';
import { checkReport } from '../report/check-report.ts';
import { checkText } from '../report/check-text.ts';
import { CheckBook } from '../stats/check-book.ts';
import type { Snapshot } from '../stats/summary.ts';
import type { House } from './house.ts';
import type { Looked } from './look.ts';
import { redactDeep } from './redact.ts';

export interface CheckedRun {
  readonly url: string;
  readonly options: Options;
  readonly looked: Looked;
  /** The last one; absent when there was none, and then nothing is told. */
  readonly snapshot: Snapshot | undefined;
}

const PAGE_WIDTH = 80;

export class Checking {
  /** Takes the place of the run's own. */
  readonly emit: Emit;
  readonly #book = new CheckBook();

  constructor(emit: Emit) {
    this.emit = (event) => {
      this.#book.record(event);
      emit(event);
    };
  }

  /** On stdout: a page, or with `--json` one line. */
  tell({ url, options, looked, snapshot }: CheckedRun, { terminal, redact }: House): void {
    if (snapshot === undefined) return;
    const { stream, checks, isHls, isLive } = looked;
    const report = redactDeep(
      checkReport({
        url,
        checks,
        isHls,
        isLive,
        snapshot,
        asksSizes: options.segmentSizesUrl !== undefined,
        asksMetrics: options.originMetricsUrl !== undefined || options.nginxMetricsUrl !== undefined,
        ...(stream === undefined ? {} : { answer: stream.answer }),
        ...(stream?.description === undefined ? {} : { description: stream.description }),
        ...(options.noProxy ? {} : { delivery: this.#book.delivery }),
      }),
      redact,
    );
    terminal.stdout.write(options.json ? `${JSON.stringify(report)}\n` : checkText(report, PAGE_WIDTH));
  }
}
