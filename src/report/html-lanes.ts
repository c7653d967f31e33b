// Who played when: a lane per client with a bar for each of its processes, as a drawing and in words. Pure.
// It shows so many clients as a page can hold, those that had to start again first.
import type { ProcessLife } from '../stats/timeline.ts';
import { html, type Markup } from './html-markup.ts';

/** More lanes than these nobody looks at one by one. */
export const MAX_LANES = 40;

const WIDTH = 1_040;
const LEFT = 64;
const LANE = 14;
const BAR = 9;
const TOP = 20;
const TICKS = 6;

/** `untilSeconds`: when the run ended. Undefined when no process was ever started. */
export function lanes(lives: readonly ProcessLife[], untilSeconds: number): Markup | undefined {
  const byClient = Map.groupBy(lives, ({ client }) => client);
  if (byClient.size === 0 || untilSeconds <= 0) return undefined;
  const chosen = [...byClient]
    .toSorted(mostTroubledFirst)
    .slice(0, MAX_LANES)
    .toSorted(([one], [other]) => one - other);
  const x = (seconds: number): number =>
    LEFT + ((WIDTH - LEFT) * Math.min(Math.max(0, seconds), untilSeconds)) / untilSeconds;
  const height = TOP + chosen.length * LANE;
  const restarted = [...byClient].filter(([, own]) => own.length > 1).length;
  const label = `${byClient.size} clients, ${restarted} of them with more than one process`;
  return html`<svg class="lanes" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${label}">
${ticks(untilSeconds).map((seconds) => html`<line class="grid" x1="${x(seconds).toFixed(1)}" x2="${x(seconds).toFixed(1)}" y1="14" y2="${height}"/><text x="${x(seconds).toFixed(1)}" y="10" text-anchor="middle">${clockText(seconds)}</text>`)}
${chosen.map(([client, own], lane) => laneMarkup(client, own, TOP + lane * LANE, x, untilSeconds))}</svg>`;
}

function laneMarkup(
  client: number,
  lives: readonly ProcessLife[],
  y: number,
  x: (seconds: number) => number,
  untilSeconds: number,
): Markup {
  const bars = lives.map((life) => {
    const { startSeconds, endSeconds = untilSeconds, category, process } = life;
    const from = x(startSeconds);
    const width = Math.max(1.5, x(endSeconds) - from);
    const title = `client ${client}, process ${process}: ${clockText(startSeconds)} to ${clockText(endSeconds)}, ${category ?? 'to the end of the run'}`;
    const isFailure = LOOKS[category ?? 'stopped'] === 'failed';
    const right = (from + width).toFixed(1);
    return html`<g><title>${title}</title><rect class="${LOOKS[category ?? 'stopped']}" x="${from.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" rx="2"/>${isFailure ? html`<line class="end" x1="${right}" x2="${right}" y1="${y - 2}" y2="${y + BAR + 2}"/>` : undefined}</g>`;
  });
  return html`<text x="${LEFT - 8}" y="${y + BAR}" text-anchor="end">${client}</text>${bars}`;
}

const LOOKS: Readonly<Record<NonNullable<ProcessLife['category']>, 'success' | 'failed' | 'stopped'>> = {
  success: 'success',
  stopped: 'stopped',
  error: 'failed',
  signal: 'failed',
  playlistLost: 'failed',
};

function mostTroubledFirst(
  [one, ones]: readonly [number, readonly ProcessLife[]],
  [other, others]: readonly [number, readonly ProcessLife[]],
): number {
  return others.length - ones.length || one - other;
}

function ticks(untilSeconds: number): readonly number[] {
  const step = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200].find(
    (one) => untilSeconds / one <= TICKS,
  );
  const width = step ?? Math.ceil(untilSeconds / TICKS);
  return Array.from({ length: Math.floor(untilSeconds / width) + 1 }, (_, at) => at * width);
}

function clockText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes] = [Math.floor(whole / 3_600), Math.floor(whole / 60) % 60];
  const two = (value: number): string => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}
