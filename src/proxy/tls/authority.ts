// The run's own certificate authority, thrown away with the run, and the certificates that it signs for hosts.
// It keeps nothing, writes no file and speaks no TLS. The X.509 library is loaded on first use: it takes 80 ms.
import { randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { secondsToMs } from '../../units.ts';

/** PEM both; plain data, so that every worker signs with the same one. */
export interface Authority {
  readonly certificate: string;
  readonly privateKey: string;
}

/** A certificate for one host, with the key that all of a signer's certificates share; PEM. */
export interface Leaf {
  readonly certificate: string;
  readonly privateKey: string;
}

const KEYS = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const SECONDS_PER_DAY = 86_400;
const NAME = 'CN=hls-swarm throw-away authority';
const LEAF_NAME = 'CN=hls-swarm tap';
/** Players whose clock is behind take it all the same. */
const BACKDATED_MS: number = secondsToMs(SECONDS_PER_DAY);
/** Longer than any run (24 days); browsers take at most 398. */
const LIFETIME_MS: number = secondsToMs(60 * SECONDS_PER_DAY);
const SERIAL_BYTES = 16;

/** A new authority: about 10 ms once the library is there. */
export async function createAuthority(wallMs: number): Promise<Authority> {
  const x509 = await library();
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: NAME,
    ...lifetime(wallMs),
    signingAlgorithm: KEYS,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: certificate.toString('pem'), privateKey: await exportKey(keys.privateKey) };
}

/** Signs certificates for hosts, about 3 ms each. */
export class Signer {
  readonly #x509: Awaited<ReturnType<typeof library>>;
  readonly #authority: webcrypto.CryptoKey;
  readonly #issuer: InstanceType<Awaited<ReturnType<typeof library>>['X509Certificate']>;
  readonly #keys: webcrypto.CryptoKeyPair;
  readonly #privateKey: string;

  static async open({ certificate, privateKey }: Authority): Promise<Signer> {
    const x509 = await library();
    const pkcs8 = x509.PemConverter.decodeFirst(privateKey);
    const authority = await webcrypto.subtle.importKey('pkcs8', pkcs8, KEYS, false, ['sign']);
    const keys = await generateKeys();
    const issuer = new x509.X509Certificate(certificate);
    return new Signer(x509, authority, issuer, keys, await exportKey(keys.privateKey));
  }

  private constructor(
    x509: Awaited<ReturnType<typeof library>>,
    authority: webcrypto.CryptoKey,
    issuer: InstanceType<Awaited<ReturnType<typeof library>>['X509Certificate']>,
    keys: webcrypto.CryptoKeyPair,
    privateKey: string,
  ) {
    this.#x509 = x509;
    this.#authority = authority;
    this.#issuer = issuer;
    this.#keys = keys;
    this.#privateKey = privateKey;
  }

  /** A name or an address, in any case, IDN or not. */
  async sign(host: string, wallMs: number): Promise<Leaf> {
    const x509 = this.#x509;
    const name = isIP(host) === 0 ? { type: 'dns', value: certifiedName(host) } : { type: 'ip', value: host };
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      subject: LEAF_NAME,
      issuer: this.#issuer.subject,
      ...lifetime(wallMs),
      signingAlgorithm: KEYS,
      signingKey: this.#authority,
      publicKey: this.#keys.publicKey,
      extensions: [
        new x509.SubjectAlternativeNameExtension([name as { type: 'dns' | 'ip'; value: string }]),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        await x509.AuthorityKeyIdentifierExtension.create(this.#issuer.publicKey),
      ],
    });
    return { certificate: certificate.toString('pem'), privateKey: this.#privateKey };
  }
}

/** Lower case and ASCII; a name that has no such form stays as it is and will fit no client. */
export function certifiedName(host: string): string {
  const ascii = domainToASCII(host);
  return ascii === '' ? host.toLowerCase() : ascii;
}

async function library(): Promise<typeof import('@peculiar/x509')> {
  await import('reflect-metadata');
  return import('@peculiar/x509');
}

async function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(KEYS, true, ['sign', 'verify']);
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const { PemConverter } = await library();
  return PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}

function lifetime(wallMs: number): { readonly notBefore: Date; readonly notAfter: Date } {
  return { notBefore: new Date(wallMs - BACKDATED_MS), notAfter: new Date(wallMs + LIFETIME_MS) };
}

/** Positive and without a leading zero octet, as DER wants it. */
function serialNumber(): string {
  const octets = randomBytes(SERIAL_BYTES);
  octets[0] = ((octets[0] ?? 0) & 0x7f) | 0x40;
  return octets.toString('hex');
}
