// Certificates for the origins of tests: signed by an authority of the tests' own, in date or not, for the right name or not.
// It speaks no TLS. They are made by the product's own signer; FFmpeg, curl and Node's verification are the judges of that.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { PemConverter, SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509';
import { type Authority, createAuthority, Signer } from '../../src/proxy/tls/authority.ts';

/** What a server needs to speak TLS. */
export interface Certified {
  readonly cert: string;
  readonly key: string;
}

const KEYS = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const YEAR_MS = 365 * 24 * 3_600_000;

export class TestAuthority {
  readonly #authority: Authority;
  readonly #signer: Signer;

  static async create(): Promise<TestAuthority> {
    const authority = await createAuthority(Date.now());
    return new TestAuthority(authority, await Signer.open(authority));
  }

  private constructor(authority: Authority, signer: Signer) {
    this.#authority = authority;
    this.#signer = signer;
  }

  /** PEM. */
  get certificate(): string {
    return this.#authority.certificate;
  }

  /** What a tap takes. */
  get authority(): Authority {
    return this.#authority;
  }

  async forHost(host: string): Promise<Certified> {
    const { certificate, privateKey } = await this.#signer.sign(host, Date.now());
    return { cert: certificate, key: privateKey };
  }

  async expired(host: string): Promise<Certified> {
    const { certificate, privateKey } = await this.#signer.sign(host, Date.now() - YEAR_MS);
    return { cert: certificate, key: privateKey };
  }
}

/** A certificate that only its own key vouches for. */
export async function selfSigned(host: string): Promise<Certified> {
  const keys = await webcrypto.subtle.generateKey(KEYS, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${host}`,
    keys,
    signingAlgorithm: KEYS,
    notBefore: new Date(),
    notAfter: new Date(Date.now() + YEAR_MS),
    extensions: [new SubjectAlternativeNameExtension([{ type: 'dns', value: host }])],
  });
  const key = PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  return { cert: certificate.toString('pem'), key };
}
