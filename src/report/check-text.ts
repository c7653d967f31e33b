// `--check` for people: what the stream is, what it promises, what came, on one page. Pure.
// It says nothing that the report's JSON does not.
import type { Delivery } from '../stats/check-book.ts';
import { bitsToBytes, formatBytes, formatMbps } from '../units.ts';
import type { CheckReport, CheckVariant, SourceState } from './check-report.ts';
import { centred, count, doubleRule, fact, heading, known, UNKNOWN } from './text-layout.ts';

const LABEL = 15;
const WIDE_LABEL = 25;
/** Lists longer than this are for the JSON. */
const SHOWN = 10;
const VARIANT_WIDTHS = { index: 6, resolution: 11, rate: 14 } as const;

/** The whole page, ending in a newline. */
export function checkText(report: CheckReport, columns: number): string {
  const width = columns - 1;
  const { delivery } = report;
  const lines = [
    doubleRule(width),
    centred('hls-swarm: what the check found', width),
    doubleRule(width),
    ...streamFacts(report, width),
    ...answerFacts(report, width),
    ...sourceFacts(report, width),
    ...variantTable(report.stream.variants ?? [], width),
    ...(delivery === undefined ? [] : deliveryTable(delivery, report.stream.isLive, width)),
    ...(report.findings.length === 0 ? [] : heading('Findings', width)),
    ...report.findings.flatMap(({ code, evidence }) => fact(code, evidence, WIDE_LABEL, width)),
    doubleRule(width),
  ];
  return `${lines.join('\n')}\n`;
}

function streamFacts({ url, stream }: CheckReport, width: number): readonly string[] {
  const { type, isLive, segments, windowSeconds, targetDurationSeconds, segmentSeconds, packaging } = stream;
  const label = (name: string, text: string): readonly string[] => fact(name, text, LABEL, width);
  const kind = type === 'hls' ? `HLS, ${packaging ?? 'unknown packaging'}` : 'MPEG-TS over HTTP';
  const window =
    segments === undefined ? '' : `, ${segments} segments (${seconds(windowSeconds)}) in the first playlist`;
  const extras = [
    ...(stream.hasByteRanges === true ? ['byte ranges'] : []),
    ...(stream.hasDiscontinuities === true ? ['discontinuities'] : []),
    ...(stream.hasParts === true ? ['partial segments'] : []),
    ...((stream.renditions ?? 0) > 0 ? [`${stream.renditions} renditions of their own`] : []),
  ];
  return [
    ...label('URL', url),
    ...label('Stream', [kind, isLive ? 'live' : 'VOD', ...extras].join(', ') + window),
    ...(segmentSeconds === undefined
      ? []
      : label(
          'Segments',
          `target ${seconds(targetDurationSeconds)}, listed ${seconds(segmentSeconds.min)} to ${seconds(segmentSeconds.max)}, mean ${seconds(segmentSeconds.mean)}`,
        )),
    ...(stream.measuredBitsPerSecond === undefined
      ? []
      : label('Bitrate', `measured ${formatMbps(bitsToBytes(stream.measuredBitsPerSecond))}`)),
    ...(stream.encryption === undefined
      ? []
      : label('Encryption', stream.encryption.length === 0 ? 'none' : stream.encryption.join(', '))),
  ];
}

function answerFacts({ answer, delivery }: CheckReport, width: number): readonly string[] {
  const label = (name: string, text: string): readonly string[] => fact(name, text, LABEL, width);
  const asked = answer?.redirects ?? [];
  const steps = asked.map((from, index) => `${from} -> ${asked[index + 1] ?? answer?.url}`);
  const redirects = [...new Set([...steps, ...(delivery?.redirects ?? [])])];
  const fields = Object.entries(answer?.fields ?? {}).map(([name, value]) => `${name}: ${value}`);
  return [
    ...(answer === undefined
      ? []
      : label(
          'Answer',
          `${answer.status}, ${answer.mediaType ?? 'no media type'}${answer.address === undefined ? '' : `, from ${answer.address}`}`,
        )),
    ...label('TLS', tlsWords(answer?.tls)),
    ...label('Redirects', redirects.length === 0 ? 'none' : String(redirects.length)),
    ...redirects.slice(0, SHOWN).flatMap((redirect) => label('', redirect)),
    ...(fields.length === 0 ? [] : label('Fields', fields.join(' | '))),
  ];
}

function tlsWords(tls: NonNullable<CheckReport['answer']>['tls']): string {
  if (tls === undefined) return 'none, plain HTTP';
  const whose = [
    ...(tls.subject === undefined ? [] : [`for ${tls.subject}`]),
    ...(tls.issuer === undefined ? [] : [`by ${tls.issuer}`]),
    ...(tls.validTo === undefined ? [] : [`until ${tls.validTo}`]),
  ].join(' ');
  const trust = tls.isVerified ? 'verified' : `not verified (${tls.problem ?? 'unknown reason'})`;
  return `${tls.version}, certificate ${whose === '' ? trust : `${whose}, ${trust}`}`;
}

function sourceFacts({ sources, delivery, verdict, reasons }: CheckReport, width: number): readonly string[] {
  const label = (name: string, text: string): readonly string[] => fact(name, text, LABEL, width);
  const { hit = 0, miss = 0, other = 0, unknown = 0 } = delivery?.cache ?? {};
  const cache =
    hit + miss + other === 0 ? 'no answer said' : `hit ${hit}, miss ${miss}, other ${other}, unsaid ${unknown}`;
  return [
    ...(delivery === undefined ? [] : label('Cache', cache)),
    ...label('Segment sizes', sourceWords(sources.segmentSizes, '--segment-sizes-url')),
    ...label('Origin metrics', sourceWords(sources.originMetrics, '--origin-metrics')),
    ...label('Verdict', [`${verdict} (of the instrument)`, ...reasons].join('; ')),
  ];
}

function sourceWords({ state, detail }: SourceState, option: string): string {
  if (state === 'not asked for') return `${state} (${option})`;
  return detail === undefined ? state : `${state}: ${detail}`;
}

function variantTable(variants: readonly CheckVariant[], width: number): readonly string[] {
  if (variants.length === 0) return [];
  const { index, resolution, rate } = VARIANT_WIDTHS;
  const line = (cells: readonly [string, string, string, string, string]): string =>
    `${cells[0].padEnd(index)}${cells[1].padEnd(resolution)}${cells[2].padEnd(rate)}${cells[3].padEnd(rate)}${cells[4]}`.trimEnd();
  const bits = (value: number | undefined): string => known(value, (number) => formatMbps(bitsToBytes(number)));
  return [
    ...heading('Variants (--variant INDEX, WxH or BANDWIDTH)', width),
    line(['index', 'WxH', 'declared', 'measured', 'BANDWIDTH, CODECS']),
    ...variants.map((variant) =>
      line([
        String(variant.index),
        variant.resolution ?? UNKNOWN,
        bits(variant.bandwidthBitsPerSecond),
        bits(variant.measuredBitsPerSecond),
        [String(variant.bandwidthBitsPerSecond ?? UNKNOWN), variant.codecs ?? UNKNOWN].join(', '),
      ]),
    ),
  ];
}

function deliveryTable({ byKind, playlists, failures }: Delivery, isLive: boolean, width: number): readonly string[] {
  const kinds = Object.entries(byKind).flatMap(([kind, { transfers, contentBytes, statusCodes }]) =>
    fact(
      kind,
      `${count(transfers)}, ${formatBytes(contentBytes)}, status ${Object.entries(statusCodes)
        .map(([code, times]) => `${code}: ${count(times)}`)
        .join(', ')}`,
      WIDE_LABEL,
      width,
    ),
  );
  const still = isLive ? playlists.filter(({ newSegments }) => newSegments === 0).length : 0;
  return [
    ...heading('What came (proxy)', width),
    ...(kinds.length === 0 ? ['nothing'] : kinds),
    ...(still === 0 ? [] : [`${still} of ${playlists.length} media playlists listed nothing new meanwhile`]),
    ...failures.slice(0, SHOWN).flatMap((failure) => fact('failed', failure, LABEL, width)),
  ];
}

function seconds(value: number | undefined): string {
  return known(value, (number) => `${Number(number.toFixed(2))} s`);
}
