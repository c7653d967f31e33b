// A transfer in the queue of its client connection: where it goes, what still waits to be sent, and of what kind it is.
// It writes to no socket; the connection moves it along and ends it.
import { KINDS, type Kind } from '../events.ts';
import { kindByContent } from '../hls/kinds.ts';
import { OPEN_KIND } from '../meters.ts';
import { ContentProbe } from './content-probe.ts';
import type { DoorState } from './door-state.ts';
import type { Refusal, Target } from './target.ts';
import type { Transfer } from './transfer.ts';
import type { Upstream } from './upstream.ts';

/** Listed as one of these, content needs no look: the hot path stays empty. */
const MEDIA_KINDS: ReadonlySet<Kind | undefined> = new Set<Kind>(['segment', 'part', 'init', 'key']);

export class Exchange {
  readonly transfer: Transfer;
  readonly route: Target | Refusal;
  /** Set once its head was sent on. */
  upstream: Upstream | undefined;
  /** The whole request was read, body and all: an answer that comes before that does not end the transfer. */
  isAsked = false;
  /** Octets of the request that wait for their turn: the head first. */
  #waiting: Buffer[] = [];
  readonly #listedKind: Kind | undefined;
  #contentKind: Kind | undefined;
  #probe: ContentProbe | undefined;
  #isRead = false;

  constructor(transfer: Transfer, route: Target | Refusal, listedKind: Kind | undefined) {
    this.transfer = transfer;
    this.route = route;
    this.#listedKind = listedKind;
    transfer.kindSlot = listedKind === undefined ? OPEN_KIND : KINDS.indexOf(listedKind);
  }

  get origin(): string | undefined {
    return 'origin' in this.route ? this.route.origin : undefined;
  }

  get isSent(): boolean {
    return this.upstream !== undefined;
  }

  get waitingBytes(): number {
    return this.#waiting.reduce((sum, { length }) => sum + length, 0);
  }

  /** Keeps octets of the request until it is sent on. */
  wait(octets: Buffer): void {
    this.#waiting.push(octets);
  }

  /** Its turn: what waited is written to the origin's side; false when more should not come faster. */
  send(upstream: Upstream): boolean {
    this.upstream = upstream;
    const [head, ...body] = this.#waiting;
    this.#waiting = [];
    let isDrained = head === undefined || upstream.send(this.transfer, head);
    for (const octets of body) isDrained = upstream.sendBody(this.transfer, octets);
    return isDrained;
  }

  /** The final head is here. */
  answered(contentEncoding: string | undefined): void {
    const { method } = this.transfer.start;
    // What a redirect carries was never the resource: its content must not pass as that for a moment.
    if (this.transfer.response?.location !== undefined) this.transfer.kindSlot = KINDS.indexOf('redirect');
    if (!MEDIA_KINDS.has(this.#listedKind) && method !== 'HEAD') this.#probe = new ContentProbe(contentEncoding);
  }

  content(octets: Buffer, start: number, end: number): void {
    this.#probe?.add(octets, start, end);
  }

  /** Once, when the whole answer was relayed: a playlist teaches its door before the client can ask for what it lists. */
  read(door: DoorState, atMs: number): void {
    if (this.#isRead) return;
    this.#isRead = true;
    const { response, start } = this.transfer;
    const text = this.#isSuccess() ? this.#probe?.playlistText() : undefined;
    if (text !== undefined) this.#contentKind = door.notePlaylist(start.url, text, atMs);
    const kind = response?.location === undefined ? 'other' : this.#ownKind();
    // Handed on, `other` would keep the target from telling by its own content what it is.
    if (response?.location !== undefined && kind !== 'other') door.noteRedirect(response.location, start.range, kind);
  }

  /** The kind that goes into the record. A 3xx is `redirect`; what playlists listed is what they listed it as. */
  kind(): Kind {
    const { response } = this.transfer;
    return response?.location === undefined ? this.#ownKind() : 'redirect';
  }

  #ownKind(): Kind {
    return this.#contentKind ?? this.#listedKind ?? this.#kindByContent();
  }

  #kindByContent(): Kind {
    const { response, start, hasUnknownLength, framingBytes } = this.transfer;
    const firstOctets = this.#probe?.firstOctets();
    return kindByContent({
      url: start.url,
      method: start.method,
      isChunked: !hasUnknownLength && framingBytes > 0,
      ...(response?.mediaType === undefined ? {} : { mediaType: response.mediaType }),
      ...(response?.status === undefined ? {} : { status: response.status }),
      ...(response?.declaredContentLength === undefined
        ? {}
        : { declaredContentLength: response.declaredContentLength }),
      ...(firstOctets === undefined ? {} : { firstOctets }),
    });
  }

  #isSuccess(): boolean {
    const status = this.transfer.response?.status ?? 0;
    return status >= 200 && status <= 299;
  }
}
