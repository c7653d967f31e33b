// The options about the origin: what to scrape from it, and the embedded one's own. Pure data: a type and its rows.
import type { Command, OptionTable } from './option.ts';

export interface OriginOptions {
  /** node_exporter; given, or made from the host shortcut. */
  readonly originMetricsUrl?: string;
  /** nginx exporter; given, or made from the host shortcut. */
  readonly nginxMetricsUrl?: string;
  /** Absent: follows the load. */
  readonly originMetricsIntervalMs?: number;
  readonly originMetricsWindowMs: number;
  readonly originMetricsHost?: string;
  readonly originMetricsNodePort: number;
  readonly originMetricsNginxPort: number;
  readonly originAccessLog?: string;
  readonly originBytesMetric?: string;
  /** Given, or made from the host shortcut. */
  readonly segmentSizesUrl?: string;
  /** Absent: follows the load. */
  readonly segmentSizesIntervalMs?: number;
  readonly segmentSizesJitterMs: number;
  /** Absent: as many as the clients need. */
  readonly segmentCacheWindow?: number;
  readonly profile: 'default' | 'low-latency' | 'low-bitrate';
  readonly host: string;
  readonly port: number;
  readonly accessLog?: string;
}

const SWARM: readonly Command[] = ['run', 'demo', 'check'];
const MAXIMUM_PORT = 65_535;
/** Below this a scraper would be load of its own. */
const SHORTEST_INTERVAL = '500ms';
/** Names are kept in memory: this many are some 10 MB. */
const MAXIMUM_CACHE_WINDOW = 100_000;

export const originOptions: OptionTable<OriginOptions> = {
  originMetricsUrl: {
    name: 'origin-metrics',
    type: 'url',
    group: 'Origin metrics',
    commands: SWARM,
    peer: true,
    since: 'now',
    help: 'Address of node_exporter on the origin',
  },
  nginxMetricsUrl: {
    name: 'nginx-metrics',
    type: 'url',
    group: 'Origin metrics',
    commands: SWARM,
    peer: true,
    since: 'now',
    help: 'Address of the nginx exporter',
  },
  originMetricsIntervalMs: {
    name: 'origin-metrics-interval',
    type: 'duration',
    minimum: SHORTEST_INTERVAL,
    maximum: '5m',
    group: 'Origin metrics',
    commands: SWARM,
    peer: true,
    since: 'now',
    help: 'Time between scrapes; when not given it follows the load, 10 s down to 1 s',
  },
  originMetricsWindowMs: {
    name: 'origin-metrics-window',
    type: 'duration',
    minimum: '10s',
    maximum: '300s',
    default: '30s',
    group: 'Origin metrics',
    commands: SWARM,
    peer: true,
    since: 'now',
    help: "Rolling window of the origin's rates; at least twice the interval",
  },
  originMetricsHost: {
    name: 'origin-metrics-host',
    type: 'host',
    group: 'Origin metrics',
    commands: SWARM,
    peer: true,
    since: 'now',
    help: 'Shortcut: node, nginx and segment-size addresses from one host name',
  },
  originMetricsNodePort: {
    name: 'origin-metrics-node-port',
    type: 'integer',
    unit: 'port',
    minimum: 1,
    maximum: MAXIMUM_PORT,
    default: '9100',
    group: 'Origin metrics',
    commands: SWARM,
    peer: true,
    since: 'now',
    help: 'node_exporter port used with --origin-metrics-host',
  },
  originMetricsNginxPort: {
    name: 'origin-metrics-nginx-port',
    type: 'integer',
    unit: 'port',
    minimum: 1,
    maximum: MAXIMUM_PORT,
    default: '9113',
    group: 'Origin metrics',
    commands: SWARM,
    peer: true,
    since: 'now',
    help: 'nginx exporter port used with --origin-metrics-host',
  },
  originAccessLog: {
    name: 'origin-access-log',
    type: 'path',
    placeholder: 'FILE',
    group: 'Origin metrics',
    commands: SWARM,
    since: 'later',
    help: "The origin's access log in JSON lines, followed and joined with the tap's records",
  },
  originBytesMetric: {
    name: 'origin-bytes-metric',
    type: 'string',
    placeholder: 'NAME',
    group: 'Origin metrics',
    commands: SWARM,
    since: 'later',
    help: 'Prometheus counter of octets that the origin sent',
  },
  segmentSizesUrl: {
    name: 'segment-sizes-url',
    type: 'url',
    group: 'Segment sizes',
    commands: SWARM,
    peer: true,
    since: 'now',
    help: "Listing with segment sizes, in the form of nginx's autoindex_format json",
  },
  segmentSizesIntervalMs: {
    name: 'segment-sizes-interval',
    type: 'duration',
    minimum: SHORTEST_INTERVAL,
    maximum: '5m',
    group: 'Segment sizes',
    commands: SWARM,
    peer: true,
    since: 'now',
    help: 'Time between fetches of the listing; when not given it follows the load, 2 s down to 1 s',
  },
  segmentSizesJitterMs: {
    name: 'segment-sizes-jitter',
    type: 'duration',
    minimum: '0s',
    maximum: '5m',
    default: '500ms',
    group: 'Segment sizes',
    commands: SWARM,
    peer: true,
    since: 'now',
    help: 'Random plus or minus on that time; at most the interval',
  },
  segmentCacheWindow: {
    name: 'segment-cache-window',
    type: 'integer',
    unit: 'segments',
    minimum: 1,
    maximum: MAXIMUM_CACHE_WINDOW,
    group: 'Segment sizes',
    commands: SWARM,
    peer: true,
    since: 'now',
    help: 'Newest numbered segments whose sizes are kept; when not given as many as the clients may ask for, at least 300',
  },
  profile: {
    name: 'profile',
    type: 'enum',
    choices: ['default', 'low-latency', 'low-bitrate'],
    laterChoices: ['stress', 'abr', 'fmp4'],
    default: 'default',
    group: 'Embedded origin',
    commands: ['demo', 'origin'],
    since: 'now',
    help: 'Stream to serve: 720p in 2 s segments, in 1 s segments, or at about 0.5 Mbit/s',
  },
  host: {
    name: 'host',
    type: 'host',
    default: '127.0.0.1',
    group: 'Embedded origin',
    commands: ['origin'],
    since: 'now',
    help: 'Address to listen on',
  },
  port: {
    name: 'port',
    type: 'integer',
    unit: 'port',
    minimum: 0,
    maximum: MAXIMUM_PORT,
    default: '17080',
    group: 'Embedded origin',
    commands: ['origin'],
    since: 'now',
    help: 'Port to listen on; 0 takes a free one',
  },
  accessLog: {
    name: 'access-log',
    type: 'path',
    placeholder: 'FILE',
    group: 'Embedded origin',
    commands: ['demo', 'origin'],
    since: 'now',
    help: 'Write an exact JSON line per request here',
  },
};
