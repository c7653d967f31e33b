// How processes of clients ended: by category, and by exit code or signal. It judges nothing.
import type { ClientEvent, ExitCategory } from '../events.ts';
import type { Summary } from './summary.ts';

export class ExitCounts {
  readonly #categories: Record<ExitCategory, number> = { success: 0, error: 0, signal: 0, stopped: 0, playlistLost: 0 };
  /** A process has an 8-bit code or one of some thirty signals, so there are never many. */
  readonly #codes = new Map<string, number>();

  /** One exit. */
  add({ category, exitCode, signal }: ClientEvent): void {
    if (category !== undefined) this.#categories[category] += 1;
    const code = signal ?? exitCode;
    if (code !== undefined) this.#codes.set(String(code), (this.#codes.get(String(code)) ?? 0) + 1);
  }

  read(): Pick<Summary['clients'], 'exits' | 'exitCodes'> {
    return { exits: { ...this.#categories }, exitCodes: Object.fromEntries(this.#codes) };
  }
}
