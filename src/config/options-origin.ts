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
  readonly originMetricsDevices: readonly string[];
  readonly originAccessLog?: string;
  /** `FIELD=NAME,...` each. */
  readonly originAccessLogFields: readonly string[];
  readonly originBytesMetric?: string;
  /** Given, or made from the host shortcut. */
  readonly segmentSizesUrl?: string;
  /** Absent: follows the load. */
  readonly segmentSizesIntervalMs?: number;
  readonly segmentSizesJitterMs: number;
  /** Absent: as many as the clients need. */
  readonly segmentCacheWindow?: number;
  readonly profile: 'default' | 'low-latency' | 'low-bitrate' | 'stress' | 'abr' | 'fmp4';
  readonly host: string;
  readonly port: number;
  readonly accessLog?: string;
}

const SWARM: readonly Command[] = ['run', 'demo', 'check'];
/** The embedded origin tells its own account of each request. */
const SERVED: readonly Command[] = ['run', 'check'];
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
    help: 'Address of node_exporter on the origin',
  },
  nginxMetricsUrl: {
    name: 'nginx-metrics',
    type: 'url',
    group: 'Origin metrics',
    commands: SWARM,
    peer: true,
    help: "Address of the nginx exporter, or of nginx's own stub_status page",
  },
  originMetricsIntervalMs: {
    name: 'origin-metrics-interval',
    type: 'duration',
    minimum: SHORTEST_INTERVAL,
    maximum: '5m',
    group: 'Origin metrics',
    commands: SWARM,
    peer: true,
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
    help: "Rolling window of the origin's rates; at least twice the interval",
  },
  originMetricsHost: {
    name: 'origin-metrics-host',
    type: 'host',
    group: 'Origin metrics',
    commands: SWARM,
    peer: true,
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
    help: 'nginx exporter port used with --origin-metrics-host',
  },
  originMetricsDevices: {
    name: 'origin-metrics-device',
    type: 'list',
    placeholder: 'NAME',
    itemForm: 'device',
    group: 'Origin metrics',
    commands: SWARM,
    help: 'Network device of node_exporter to count, several with commas or repeated; when not given lo for an origin on this machine, else all but lo',
  },
  originAccessLog: {
    name: 'origin-access-log',
    type: 'path',
    placeholder: 'FILE',
    group: 'Origin metrics',
    commands: SERVED,
    help: "The origin's access log in JSON lines, followed from its end and joined with the tap's records to the byte",
  },
  originAccessLogFields: {
    name: 'origin-access-log-fields',
    type: 'list',
    placeholder: 'FIELD=NAME,...',
    itemForm: 'log-fields',
    group: 'Origin metrics',
    commands: SERVED,
    help: "Names in that log where they are not nginx's own, as in 'remotePort=client.port,bytesSent=head+body,requestIndex=k+1'; may be repeated",
  },
  originBytesMetric: {
    name: 'origin-bytes-metric',
    type: 'string',
    placeholder: 'NAME',
    group: 'Origin metrics',
    commands: SWARM,
    help: `Counter of octets sent in an answer of --nginx-metrics or --origin-metrics, as in 'nginx_vts_server_bytes_total{host="*",direction="out"}'; its series are summed`,
  },
  segmentSizesUrl: {
    name: 'segment-sizes-url',
    type: 'url',
    group: 'Segment sizes',
    commands: SWARM,
    peer: true,
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
    help: 'Newest numbered segments whose sizes are kept; when not given as many as the clients may ask for, at least 300',
  },
  profile: {
    name: 'profile',
    type: 'enum',
    choices: ['default', 'low-latency', 'low-bitrate', 'stress', 'abr', 'fmp4'],
    default: 'default',
    group: 'Embedded origin',
    commands: ['demo', 'origin'],
    help: 'Stream to serve: 720p at 2.1 Mbit/s in 2 s segments, the same in 1 s segments, 360p at 0.5 Mbit/s, 1080p at 5.5 Mbit/s, three variants (720p, 480p, 360p), or 720p in fragmented MP4',
  },
  host: {
    name: 'host',
    type: 'host',
    default: '127.0.0.1',
    group: 'Embedded origin',
    commands: ['origin'],
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
    help: 'Port to listen on; 0 takes a free one',
  },
  accessLog: {
    name: 'access-log',
    type: 'path',
    placeholder: 'FILE',
    group: 'Embedded origin',
    commands: ['demo', 'origin'],
    help: 'Write an exact JSON line per request here',
  },
};
