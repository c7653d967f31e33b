// The tap's own side of TLS: certificates of the run's authority, one per host, and the handshake with a client.
// It reads no request and dials nothing; it hands back a socket and what the client's first words showed.
import type { Socket } from 'node:net';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import type { Clock } from '../../clock.ts';
import { tlsProblem, trustSystemAuthorities } from '../../trust.ts';
import { MAX_LEAVES } from '../limits.ts';
import type { ClientHello } from '../target.ts';
import { type Authority, certifiedName, createAuthority, Signer } from './authority.ts';

/** What becomes of a client's handshake; one of the two is called, once. */
export interface HandshakeOutcome {
  onSecured(hello: ClientHello): void;
  onFailure(reason: string): void;
}

const HTTP_11 = 'http/1.1';

/** One per worker. */
export class Interception {
  readonly #clock: Clock;
  readonly #authority: Authority | undefined;
  /** By host; the oldest is forgotten beyond a bound. Promises, so that a burst of clients makes one certificate. */
  readonly #contexts: Map<string, Promise<SecureContext>> = new Map();
  #signer: Promise<Signer> | undefined;

  /** Without an authority of the run it makes one of its own: players that verify nothing do not care. */
  constructor(clock: Clock, authority: Authority | undefined) {
    this.#clock = clock;
    this.#authority = authority;
  }

  /** Loads and makes what the first handshakes, the origin's too, would hold the loop up for. */
  async prepare(verifiesOrigin: boolean): Promise<void> {
    if (verifiesOrigin) trustSystemAuthorities();
    await this.#open();
  }

  /** The certificate for a host, ready to be shown. */
  async contextFor(host: string): Promise<SecureContext> {
    const name = certifiedName(host);
    const known = this.#contexts.get(name);
    if (known !== undefined) return known;
    const context = this.#sign(name);
    this.#contexts.set(name, context);
    // What failed once may be made the next time.
    context.catch(() => this.#contexts.delete(name));
    const [oldest] = this.#contexts.keys();
    if (oldest !== undefined && this.#contexts.size > MAX_LEAVES) this.#contexts.delete(oldest);
    return context;
  }

  /** Speaks TLS on an accepted socket; octets that it has read already must have been put back. */
  accept(socket: Socket, secureContext: SecureContext, outcome: HandshakeOutcome): TLSSocket {
    const secured = new TLSSocket(socket, {
      isServer: true,
      secureContext,
      ALPNProtocols: [HTTP_11],
      SNICallback: (name, done) => {
        this.contextFor(name).then((context) => done(null, context), done);
      },
    });
    let hasEnded = false;
    const fail = (reason: string): void => {
      if (hasEnded) return;
      hasEnded = true;
      outcome.onFailure(reason);
    };
    secured.once('secure', () => {
      if (hasEnded) return;
      hasEnded = true;
      outcome.onSecured(helloOf(secured));
    });
    // The connection beneath raises its own errors, which TLS has heard of by then.
    socket.on('error', (error) => fail(error.message));
    secured.on('error', (error) => fail(tlsProblem(error)));
    secured.once('end', () => fail('it closed the connection during the handshake'));
    secured.once('close', () => fail('it closed the connection during the handshake'));
    return secured;
  }

  async #sign(name: string): Promise<SecureContext> {
    const signer = await this.#open();
    const { certificate, privateKey } = await signer.sign(name, this.#clock.wallMs());
    return createSecureContext({ cert: certificate, key: privateKey });
  }

  #open(): Promise<Signer> {
    this.#signer ??= this.#makeSigner();
    return this.#signer;
  }

  async #makeSigner(): Promise<Signer> {
    return Signer.open(this.#authority ?? (await createAuthority(this.#clock.wallMs())));
  }
}

function helloOf(secured: TLSSocket): ClientHello {
  const { servername } = secured as TLSSocket & { readonly servername?: string | false | null };
  return {
    offersHttp11: secured.alpnProtocol === HTTP_11,
    isResumed: secured.isSessionReused(),
    ...(typeof servername === 'string' && servername !== '' ? { serverName: servername } : {}),
  };
}
