// `--html FILE`: follows the run tick by tick and writes the page in the end. It measures nothing and makes no figure.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Event } from '../events.ts';
import { type PageInput, renderPage } from '../report/html-page.ts';
import { writeWhole } from '../report/report-file.ts';
import type { Snapshot } from '../stats/summary.ts';
import { Timeline } from '../stats/timeline.ts';

export interface HtmlReportOptions {
  readonly path: string;
  /** As it was typed, with no secret in it (command-text.ts). */
  readonly command: string;
  /** Where the figures come from, when that is not the run itself. */
  readonly note?: string;
}

/** URLs and words of clients are for whoever asked for the page. */
const MODE = 0o600;

export class HtmlReport {
  readonly #options: HtmlReportOptions;
  readonly #timeline: Timeline = new Timeline();

  constructor(options: HtmlReportOptions) {
    this.#options = options;
  }

  observe(event: Event): void {
    this.#timeline.observe(event);
  }

  /** One tick. */
  add(snapshot: Snapshot): void {
    this.#timeline.add(snapshot);
  }

  /** The whole run, as `snapshot` (the last, redacted) has it. Rejects with a sentence that names option and path. */
  async write(snapshot: Snapshot): Promise<void> {
    const { path, command, note } = this.#options;
    const page = renderPage({
      snapshot,
      timeline: this.#timeline.read(),
      command,
      chartLibrary: await chartLibrary(),
      ...(note === undefined ? {} : { note }),
    });
    await writeWhole('--html', path, page, MODE);
  }
}

/** uPlot as its package ships it for pages. */
async function chartLibrary(): Promise<PageInput['chartLibrary']> {
  const { resolve } = createRequire(import.meta.url);
  const [script, style, license] = await Promise.all([
    readFile(resolve('uplot/dist/uPlot.iife.min.js'), 'utf8'),
    readFile(resolve('uplot/dist/uPlot.min.css'), 'utf8'),
    readFile(resolve('uplot/LICENSE'), 'utf8'),
  ]);
  return { script, style, license };
}
