// A transfer in the queue of its client connection: where it goes, what still waits to be sent, and of what kind it is.
// It writes to no socket; the connection moves it along and ends it.
import { KINDS, type Kind } from '../events.ts';
import { kindByContent } from '../hls/kinds.ts';
import { ContentProbe } from './content-probe.ts';
import type { DoorState } from './door-state.ts';
import type { FaultInjection } from './fault-injection.ts';
import type { OriginSide } from './origin-side.ts';
import type { StreamRecognition } from './stream-recognition.ts';
import type { Refusal, Target } from './target.ts';
import type { Transfer } from './transfer.ts';

/** Listed as one of these, content needs no look: the hot path stays empty. */
const MEDIA_KINDS: ReadonlySet<Kind | undefined> = new Set<Kind>(['segment', 'part', 'init', 'key']);

const NO_OCTETS: Buffer[] = [];

export class Exchange {
  readonly transfer: Transfer;
  readonly route: Target | Refusal;
  /** Set once its head was sent on. */
  upstream: OriginSide | undefined;
  /** The whole request was read, body and all: an answer that comes before that does not end the transfer. */
  isAsked = false;
  /** What a fault on purpose does to it. */
  fault: FaultInjection | undefined;
  /** What waits for its turn: the head, latin1, and octets of the body. */
  #head: string | undefined;
  #body: Buffer[] = [];
  #waitingBytes = 0;
  readonly #listedKind: Kind | undefined;
  readonly #recognition: StreamRecognition | undefined;
  #contentKind: Kind | undefined;
  #probe: ContentProbe | undefined;
  #isRead = false;

  /** What no playlist listed comes with a `recognition`: it may be a stream. */
  constructor(
    transfer: Transfer,
    route: Target | Refusal,
    listedKind: Kind | undefined,
    recognition: StreamRecognition | undefined,
  ) {
    this.transfer = transfer;
    this.route = route;
    this.#listedKind = listedKind;
    this.#recognition = recognition;
    if (listedKind !== undefined) transfer.kindSlot = KINDS.indexOf(listedKind);
  }

  get origin(): string | undefined {
    return 'origin' in this.route ? this.route.origin : undefined;
  }

  get isSent(): boolean {
    return this.upstream !== undefined;
  }

  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Keeps the request's head, or octets of its body, until it is sent on. */
  wait(octets: string | Buffer): void {
    if (this.fault?.sendsNothing === true) return;
    this.#waitingBytes += octets.length;
    if (typeof octets === 'string') this.#head = octets;
    else this.#body.push(octets);
  }

  /** Its turn: what waited is written to the origin's side; false when more should not come faster. */
  send(upstream: OriginSide): boolean {
    this.upstream = upstream;
    const head = this.#head;
    const body = this.#body;
    this.#head = undefined;
    this.#body = NO_OCTETS;
    this.#waitingBytes = 0;
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
    this.#recognition?.answered(contentEncoding);
  }

  content(octets: Buffer, start: number, end: number): void {
    this.fault?.content(start, end);
    if (this.#probe === undefined) return;
    this.#probe.add(octets, start, end);
    this.#recognition?.content(this.#probe, octets, start, end);
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
    const streamKind = this.#recognition?.isStream === true ? 'stream' : undefined;
    return this.#contentKind ?? streamKind ?? this.#listedKind ?? this.#kindByContent();
  }

  #kindByContent(): Kind {
    const { response, start } = this.transfer;
    return kindByContent({
      url: start.url,
      method: start.method,
      mediaType: response?.mediaType,
      status: response?.status,
      declaredContentLength: response?.declaredContentLength,
      firstOctets: this.#probe?.firstOctets(),
    });
  }

  #isSuccess(): boolean {
    const status = this.transfer.response?.status ?? 0;
    return status >= 200 && status <= 299;
  }
}
