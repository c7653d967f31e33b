// The copy of a response's first octets: the same however the content was cut, and bounded.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ContentProbe } from '../../src/proxy/content-probe.ts';
import { KIND_PROBE_BYTES } from '../../src/proxy/limits.ts';
import { packets } from '../support/transport-packets.ts';

test('the first octets are those that came, in whatever pieces', () => {
  const octets = packets(5);
  for (const bytes of [1, 2, 100, 188, 377, 564, 940]) {
    const probe = new ContentProbe(undefined);
    for (let at = 0; at < octets.length; at += bytes) probe.add(octets, at, Math.min(octets.length, at + bytes));
    assert.ok(probe.firstOctets().equals(octets.subarray(0, KIND_PROBE_BYTES)), `in pieces of ${bytes}`);
    assert.equal(probe.playlistText(), undefined);
  }
});

test('less than it may keep is kept as it is', () => {
  const probe = new ContentProbe(undefined);
  for (const piece of ['#EX', 'TM3', 'U\n', '#EXTINF:2,\n', 'a.ts\n']) probe.add(Buffer.from(piece), 0, piece.length);
  assert.equal(probe.firstOctets().toString(), '#EXTM3U\n#EXTINF:2,\na.ts\n');
  assert.equal(probe.playlistText(), '#EXTM3U\n#EXTINF:2,\na.ts\n');
});
