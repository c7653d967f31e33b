// The HTML report: one page that needs nothing beside itself, from the last snapshot and the course of the run. Pure.
// Its policy allows the two scripts in it by their hashes and no request to anywhere; everything else on it is escaped text.
import { hash } from 'node:crypto';
import type { Snapshot } from '../stats/summary.ts';
import type { TimelineReading } from '../stats/timeline.ts';
import { formatElapsed, secondsToMs } from '../units.ts';
import { agreementSection } from './html-agreement.ts';
import { type ChartId, chartFigures, chartMarkup, charts } from './html-charts.ts';
import { clientsSection } from './html-clients.ts';
import { findingsSection, instrumentSection, originSection, verdict } from './html-judgement.ts';
import { html, jsonElement, Markup, type Piece } from './html-markup.ts';
import { facts, section } from './html-parts.ts';
import { PAGE_SCRIPT } from './html-script.ts';
import { PAGE_STYLE } from './html-style.ts';
import { accountsSection, endingsSection, phasesSection, tiles } from './html-traffic.ts';

export interface PageInput {
  /** Redacted: the page shows what it says. */
  readonly snapshot: Snapshot;
  readonly timeline: TimelineReading;
  /** As it was typed, redacted. */
  readonly command: string;
  /** The chart library: its script and its style sheet, as they are, and the terms on which they may be in the page. */
  readonly chartLibrary: { readonly script: string; readonly style: string; readonly license: string };
  /** Beside the figures of a run: where they come from, when that is not the run itself. */
  readonly note?: string;
}

/** The whole document. */
export function renderPage({ snapshot, timeline, command, chartLibrary, note: origin }: PageInput): string {
  const shown = charts(timeline);
  const chart = (id: ChartId): Markup | undefined => chartMarkup(shown.get(id), timeline.stepSeconds);
  const { run, instrument } = snapshot.summary;
  const sections = [
    accountsSection(snapshot, chart('throughput')),
    phasesSection(snapshot, chart('wait')),
    endingsSection(snapshot, chart('trouble')),
    agreementSection(snapshot),
    clientsSection(snapshot, timeline, chart('clients')),
    originSection(snapshot),
    findingsSection(snapshot),
    instrumentSection(snapshot),
    runSection(snapshot, command),
  ].filter((one) => one !== undefined);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy([chartLibrary.script, PAGE_SCRIPT])}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="hls-swarm ${run.version}">
<title>hls-swarm: ${instrument.verdict}, ${run.url}</title>
<style>${new Markup(chartLibrary.style)}${new Markup(PAGE_STYLE)}</style>
</head>
<body>
<a class="skip" href="#accounts">Skip to the accounts</a>
<header class="top"><h1>hls-swarm report</h1><p class="url">${run.url}</p></header>
<main>
${verdict(instrument)}
${findingsLine(snapshot)}
${tiles(snapshot)}
<nav aria-label="Sections">${sections.map(contentsLink)}</nav>
${sections}
</main>
<footer>Written by hls-swarm ${run.version}. Sign of a difference: candidate − proxy. A dash is a figure that is not known, which is not zero.${origin === undefined ? '' : ` ${origin}`}</footer>
${jsonElement('figures', chartFigures(shown))}
<!-- Of the next script and the style sheet that belongs to it:
${chartLibrary.license.replace(/-(?=-)/g, '- ')}-->
<script>${new Markup(chartLibrary.script)}</script>
<script>${new Markup(PAGE_SCRIPT)}</script>
</body>
</html>
`.text;
}

/** Scripts by their content, styles of our own, and nothing from anywhere else. */
function policy(scripts: readonly string[]): string {
  const hashes = scripts.map((script) => `'sha256-${hash('sha256', script, 'base64')}'`).join(' ');
  return `default-src 'none'; script-src ${hashes}; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'`;
}

/** Only what the run found out is worth a line this high. */
function findingsLine({ summary: { findings, thresholds } }: Snapshot): Markup | undefined {
  const codes = [...new Set(findings.map(({ code }) => code))];
  const failed = thresholds.filter((threshold) => threshold.failed).length;
  if (codes.length === 0 && failed === 0) return undefined;
  const words = [
    ...(codes.length === 0 ? [] : [`Found: ${codes.join(', ')}`]),
    ...(failed === 0 ? [] : [`${failed} of ${thresholds.length} thresholds failed`]),
  ];
  return html`<p class="found"><a href="#findings">${words.join('. ')}</a></p>`;
}

/** From the section's own markup, so that the two cannot differ. */
function contentsLink({ text }: Markup): Piece {
  const [, id = '', title = ''] = /^<section id="([^"]*)"[^>]*><h2[^>]*>([^<]*)</.exec(text) ?? [];
  return html`<a href="#${id}">${new Markup(title)}</a>`;
}

function runSection({ summary, elapsedSeconds }: Snapshot, command: string): Markup {
  const { run } = summary;
  return section(
    'run',
    'The run',
    html`<pre class="code">${command}</pre><br>`,
    facts([
      ['Run', run.id],
      ['Started', run.startedAt],
      ['Lasted', formatElapsed(secondsToMs(elapsedSeconds))],
      ['Ramp', run.rampSeconds === undefined ? undefined : `${run.rampSeconds.toFixed(1)} s`],
      ['Clients', `${run.clients}, variant ${run.variant}`],
      ['hls-swarm', run.version],
      ['FFmpeg', run.ffmpeg],
      ['Node', run.node],
      ['Proxy workers', run.proxyWorkers],
      ['Connections to origins', run.upstream],
      ['Seed', run.seed],
    ]),
  );
}
