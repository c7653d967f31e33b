// Whom this thread trusts to vouch for an origin: the authorities that Node brings, those of NODE_EXTRA_CA_CERTS, and the
// system's own, as every other player of this machine does. It verifies nothing itself; it also knows how a refusal is told.
import { getCACertificates, setDefaultCACertificates } from 'node:tls';

const CERTIFICATE_CODES = /CERT|UNABLE_TO_VERIFY|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH/;
/** Advice for those who start Node themselves. */
const ADVICE = /; if the root CA is installed locally.*$/s;

let isDone = false;

/** Once per thread, before its first TLS connection that verifies; about 50 ms, most of it reading the system's files. */
export function trustSystemAuthorities(): void {
  if (isDone) return;
  isDone = true;
  setDefaultCACertificates([...new Set([...getCACertificates('default'), ...getCACertificates('system')])]);
}

/** A sentence when an error says that a certificate was refused; undefined when it says something else. */
function certificateProblem(error: unknown): string | undefined {
  if (!(error instanceof Error && 'code' in error && CERTIFICATE_CODES.test(String(error.code)))) return undefined;
  return `the certificate is not trusted (${error.message.replace(ADVICE, '')}); --dangerous accepts any`;
}

/** Why a TLS connection failed, in OpenSSL's words without its file names, or as certificateProblem says it. */
export function tlsProblem(error: Error): string {
  const { reason } = error as Error & { readonly reason?: unknown };
  return certificateProblem(error) ?? (typeof reason === 'string' ? reason : error.message);
}
