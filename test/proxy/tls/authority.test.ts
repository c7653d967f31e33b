// The run's authority and what it signs, judged by Node's own X.509 and not by the library that made them.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { clockFrom, clockOrigin } from '../../../src/clock.ts';
import { MAX_LEAVES } from '../../../src/proxy/limits.ts';
import { createAuthority, Signer } from '../../../src/proxy/tls/authority.ts';
import { Interception } from '../../../src/proxy/tls/interception.ts';

const NOW_MS = Date.UTC(2030, 0, 31, 12);
const authority = await createAuthority(NOW_MS);
const issuer = new X509Certificate(authority.certificate);
const signer = await Signer.open(authority);

const leafFor = async (host: string): Promise<X509Certificate> =>
  new X509Certificate((await signer.sign(host, NOW_MS)).certificate);

test('the authority is one, signs itself, and is in date for longer than any run', () => {
  assert.equal(issuer.ca, true);
  assert.equal(issuer.verify(issuer.publicKey), true);
  assert.ok(issuer.validFromDate.getTime() < NOW_MS);
  const days = (issuer.validToDate.getTime() - NOW_MS) / 86_400_000;
  assert.ok(days >= 24 && days <= 398, `${days} days`);
});

test('two authorities have nothing in common', async () => {
  const other = new X509Certificate((await createAuthority(NOW_MS)).certificate);
  assert.notEqual(other.serialNumber, issuer.serialNumber);
  assert.notEqual(other.fingerprint256, issuer.fingerprint256);
  assert.equal((await leafFor('a.example')).verify(other.publicKey), false);
});

for (const [host, subject] of [
  ['origin.example', 'DNS:origin.example'],
  ['Origin.EXAMPLE', 'DNS:origin.example'],
  ['bücher.example', 'DNS:xn--bcher-kva.example'],
  ['192.0.2.7', 'IP Address:192.0.2.7'],
  ['2001:db8::7', 'IP Address:2001:DB8:0:0:0:0:0:7'],
  [`${'x'.repeat(63)}.${'y'.repeat(63)}.example`, `DNS:${'x'.repeat(63)}.${'y'.repeat(63)}.example`],
] as const)
  test(`a certificate for ${host} names it, and is the authority's`, async () => {
    const leaf = await leafFor(host);
    assert.equal(leaf.subjectAltName, subject);
    assert.equal(leaf.ca, false);
    assert.equal(leaf.checkIssued(issuer), true);
    assert.equal(leaf.verify(issuer.publicKey), true);
    assert.deepEqual(leaf.keyUsage, ['1.3.6.1.5.5.7.3.1'], 'it serves, and nothing else');
  });

test('serial numbers are positive, long and never the same', async () => {
  const serials = await Promise.all(Array.from({ length: 50 }, async () => (await leafFor('a.example')).serialNumber));
  assert.equal(new Set(serials).size, serials.length);
  for (const serial of serials) assert.match(serial, /^[4-7][0-9A-F]{31}$/);
});

test('a host has one certificate, however it is written and however many ask at once; the oldest are forgotten', async () => {
  const interception = new Interception(clockFrom(clockOrigin()), authority);
  const [first, again] = await Promise.all([
    interception.contextFor('A.example'),
    interception.contextFor('a.example'),
  ]);
  assert.equal(first, again);
  const others = Array.from({ length: MAX_LEAVES }, (_, index) => interception.contextFor(`h${index}.example`));
  await Promise.all(others);
  assert.notEqual(await interception.contextFor('a.example'), first);
});
