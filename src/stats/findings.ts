// What the run found out about the stream, the origin and the instrument: a closed list, each entry once with a count.
// It decides nothing by itself; the watchers raise. `FINDINGS` is the faces' table of sentences and next steps.
import type { FindingCode, FindingEvent } from '../events.ts';
import type { Finding } from './summary.ts';

/** Entries kept; a stream in which every client and segment fails must not fill the memory or the screen. */
export const MAX_FINDINGS = 200;

export interface FindingText {
  /** One sentence for people. */
  readonly sentence: string;
  /** What to do next. */
  readonly next: string;
}

export const FINDINGS: Readonly<Record<FindingCode, FindingText>> = {
  'playlist-stalled': {
    sentence: 'A live playlist stopped advancing while clients go on reloading it.',
    next: 'Look at the encoder and at caches that keep playlists; no log line or byte counter will move until it advances.',
  },
  'playlist-lost': {
    sentence: 'A client lost its playlist: two reloads in a row failed, or FFmpeg left although the stream had no end.',
    next: 'See how playlist requests ended (screen 4; proxy.byKind of the report) and the origin log of that moment.',
  },
  'encoder-restarted': {
    sentence: 'The media sequence began again from a lower number: the encoder was restarted.',
    next: 'Segment names may repeat with new content; compare runs only from that moment on.',
  },
  'sequence-went-back': {
    sentence: 'A client was given an older copy of a playlist than the one before.',
    next: 'Look for several caches or origins behind one name that are not in step.',
  },
  'listing-lags': {
    sentence: 'Clients ask for segments that the segment-size listing does not show yet.',
    next: 'Scrape the listing more often (--segment-sizes-interval) or look for a cache in front of it.',
  },
  'lookup-low': {
    sentence: 'Sizes were found for less than 80 % of the segments, so the bytes of the lookup are too low.',
    next: 'Check --segment-sizes-url and --segment-cache-window; parser.lookup.misses says why each one was missed.',
  },
  'segment-missing': {
    sentence: 'The origin does not have a segment that its playlist lists.',
    next: 'Compare the lifetime of segments with the length of the playlist.',
  },
  'client-restarting': {
    sentence: 'A client was started three times or more within a minute.',
    next: 'Run one client with -v, or with --stderr-dir, and read what FFmpeg says before it leaves.',
  },
  'origin-silent': {
    sentence: 'The origin accepted requests and then sent nothing until a timeout.',
    next: 'Look at the load and the backend of the origin; --timeout sets how long a client waits.',
  },
  'origin-metrics-stale': {
    sentence: 'A metrics source of the origin has not answered for three intervals.',
    next: 'Check that the exporter is up and reachable; the origin column shows its last known state.',
  },
  'log-incomplete': {
    sentence: "The origin's access log has no line for transfers that completed: its octets and requests are too low.",
    next: 'Check that it is the whole log of this origin, and that nothing on the way dials anew or changes ports.',
  },
  'tls-untrusted': {
    sentence: "A TLS handshake failed: the origin's, or that of a player which does not take the tap's certificate.",
    next: 'Origin: check its certificate; --dangerous accepts any. Player: make it trust the file of --tls-ca-out.',
  },
  'cookie-path': {
    sentence:
      'An origin in the clear set a cookie with a Path, which FFmpeg never sends back through an HTTP proxy; directly it would.',
    next: 'Where the origin wants it back, give it with --cookie NAME=VALUE, or play over https: there it comes back.',
  },
  bypass: {
    sentence: 'A client connected to something other than its door, so the proxy did not see all of its traffic.',
    next: 'Look for proxy variables in the environment and for protocols that ignore -http_proxy.',
  },
  'instrument-overloaded': {
    sentence: 'An event loop of the instrument was late, so times are less exact.',
    next: 'Use fewer clients, more --proxy-workers, or a machine with more cores.',
  },
  'machine-full': {
    sentence: 'The CPU of this machine was full for more than a tenth of the run.',
    next: 'Use fewer clients or another machine; what is measured now is this machine.',
  },
};

interface Entry {
  readonly code: FindingCode;
  readonly subject: string;
  readonly sinceMs: number;
  count: number;
  evidence: string;
}

export class FindingBook {
  readonly #entries = new Map<string, Entry>();
  #overflow = 0;

  /** Findings beyond the limit: they are counted here and nowhere else. */
  get overflow(): number {
    return this.#overflow;
  }

  /** One more occurrence. The first gives `sinceMs`, the last gives the evidence. */
  raise(code: FindingCode, subject: string, sinceMs: number, evidence: string): void {
    const entry = this.#entries.get(keyOf(code, subject));
    if (entry !== undefined) {
      entry.count += 1;
      entry.evidence = evidence;
    } else if (this.#entries.size < MAX_FINDINGS) {
      this.#entries.set(keyOf(code, subject), { code, subject, sinceMs, count: 1, evidence });
    } else {
      this.#overflow += 1;
    }
  }

  /** A state that lasts: found once, its evidence kept up to date. */
  hold(code: FindingCode, subject: string, sinceMs: number, evidence: string): void {
    if (this.has(code, subject)) this.update(code, subject, evidence);
    else this.raise(code, subject, sinceMs, evidence);
  }

  update(code: FindingCode, subject: string, evidence: string): void {
    const entry = this.#entries.get(keyOf(code, subject));
    if (entry !== undefined) entry.evidence = evidence;
  }

  /** A finding of another room; in a replayed journal it is the echo of one that was just raised here. */
  event({ code, subject, atMs, evidence }: FindingEvent): void {
    if (!this.has(code, subject)) this.raise(code, subject, atMs, evidence);
  }

  has(code: FindingCode, subject: string): boolean {
    return this.#entries.has(keyOf(code, subject));
  }

  read(): Finding[] {
    return [...this.#entries.values()].map((entry) => ({ ...entry }));
  }
}

function keyOf(code: FindingCode, subject: string): string {
  return `${code} ${subject}`;
}
