// Whether a transfer is a continuous body, said as soon as its head and first octets tell, so that it is metered, timed and
// shown as one while it flows. What playlists listed never comes here; the rule itself is in hls/kinds.ts.
import { KINDS } from '../events.ts';
import { kindByContent, mayBeContinuous } from '../hls/kinds.ts';
import { TRANSPORT_PROBE_BYTES } from '../hls/transport-stream.ts';
import { OPEN_KIND } from '../meters.ts';
import type { ContentProbe } from './content-probe.ts';
import type { TapContext } from './context.ts';
import type { StreamOwner } from './open-stream.ts';
import type { Transfer } from './transfer.ts';

const STREAM_SLOT = KINDS.indexOf('stream');

export class StreamRecognition {
  readonly #context: TapContext;
  readonly #transfer: Transfer;
  readonly #owner: StreamOwner;
  /** Its first octets may still say so. */
  #isOpen = false;
  #isEncoded = false;
  #contentBytes = 0;

  /** `isKnown`: its URL was found to be endless before: it is a stream until its head says otherwise. */
  constructor(context: TapContext, transfer: Transfer, owner: StreamOwner, isKnown: boolean) {
    this.#context = context;
    this.#transfer = transfer;
    this.#owner = owner;
    if (isKnown && transfer.start.method === 'GET') this.#begin();
  }

  get isStream(): boolean {
    return this.#transfer.stream !== undefined;
  }

  /** The final head is here. An error is still an error of the stream; a length that is told is the end of one. */
  answered(contentEncoding: string | undefined): void {
    const { response, start } = this.#transfer;
    if (response === undefined) return;
    const { status, declaredContentLength } = response;
    const isContinuous = mayBeContinuous(start.method, status, declaredContentLength);
    const isSuccess = status >= 200 && status <= 299;
    this.#isEncoded = contentEncoding !== undefined;
    if (this.isStream && isSuccess && !isContinuous) this.#giveUp();
    if (!isContinuous) return;
    if (this.isStream || this.#kind() === 'stream') this.#recognise();
    else this.#isOpen = true;
  }

  /** After the probe has taken the same octets. */
  content(probe: ContentProbe, octets: Buffer, start: number, end: number): void {
    this.#transfer.stream?.content(octets, start, end);
    if (!this.#isOpen) return;
    const before = this.#contentBytes;
    this.#contentBytes += end - start;
    if (this.#contentBytes < TRANSPORT_PROBE_BYTES) return;
    this.#isOpen = false;
    const first = probe.firstOctets();
    if (this.#kind(first) !== 'stream') return;
    this.#recognise();
    this.#transfer.stream?.content(first, 0, before);
    this.#transfer.stream?.content(octets, start, end);
  }

  #kind(firstOctets?: Buffer): ReturnType<typeof kindByContent> {
    const { start, response } = this.#transfer;
    const { url, method } = start;
    return kindByContent({ url, method, ...response, ...(firstOctets === undefined ? {} : { firstOctets }) });
  }

  #recognise(): void {
    this.#begin();
    // Octets of a coding are no packets.
    if (!this.#isEncoded) this.#transfer.stream?.beginCheck();
  }

  #begin(): void {
    this.#transfer.stream ??= this.#context.streams.open(this.#transfer, this.#owner);
    this.#context.moveKind(this.#transfer, STREAM_SLOT);
  }

  #giveUp(): void {
    if (this.#transfer.stream !== undefined) this.#context.streams.close(this.#transfer.stream);
    this.#transfer.stream = undefined;
    this.#context.moveKind(this.#transfer, OPEN_KIND);
  }
}
