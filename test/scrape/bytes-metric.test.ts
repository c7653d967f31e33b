// A counter of sent octets by name: conditions on labels, where it is looked for, what is said when it is not there.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BytesMetric } from '../../src/scrape/bytes-metric.ts';
import { MAX_DEVICES } from '../../src/scrape/counters.ts';
import { parsePrometheusText, type Sample } from '../../src/scrape/prometheus-text.ts';
import { type MetricSelector, readSelector, selects } from '../../src/stats/metric-selector.ts';

const VTS = `nginx_vts_main_connections{status="active"} 3
nginx_vts_server_bytes_total{host="*",direction="in"} 10
nginx_vts_server_bytes_total{host="*",direction="out"} 1000
nginx_vts_server_bytes_total{host="a",direction="out"} 400
nginx_vts_server_bytes_total{host="b",direction="out"} 600
`;

function samples(text: string): readonly Sample[] {
  const exposition = parsePrometheusText(text);
  assert.ok(exposition.ok);
  return exposition.samples;
}

function selector(text: string): MetricSelector {
  const read = readSelector(text);
  assert.ok('selector' in read, JSON.stringify(read));
  return read.selector;
}

const metric = (text: string, places = 1): BytesMetric => new BytesMetric(selector(text), places);

test('conditions on labels choose series as Prometheus would', () => {
  const chosen = (text: string): readonly number[] =>
    samples(VTS)
      .filter((sample) => selects(selector(text), sample))
      .map(({ value }) => value);
  const name = 'nginx_vts_server_bytes_total';
  assert.deepEqual(chosen(name), [10, 1000, 400, 600]);
  assert.deepEqual(chosen(`${name}{}`), [10, 1000, 400, 600]);
  assert.deepEqual(chosen(` ${name} { host = "*", direction="out" , } `), [1000]);
  assert.deepEqual(chosen(`${name}{host!="*",direction="out"}`), [400, 600]);
  assert.deepEqual(chosen(`${name}{host=~"a|b"}`), [400, 600]);
  assert.deepEqual(chosen(`${name}{host!~"[a-z]",direction!="in"}`), [1000]);
  assert.deepEqual(chosen(`${name}{zone=""}`), [10, 1000, 400, 600], 'a label that is not there is empty');
  assert.deepEqual(chosen('nginx_vts'), []);
});

test('what is no metric is refused where it goes wrong', () => {
  const problem = (text: string): string => {
    const read = readSelector(text);
    return 'problem' in read ? (read.problem.split('; allowed:')[0] ?? '') : 'none';
  };
  assert.equal(problem(''), 'is no metric');
  assert.equal(problem('1a'), 'is no metric');
  assert.equal(problem('{a="b"}'), 'is no metric');
  assert.equal(problem('a{b="c"'), 'is no metric');
  assert.equal(problem('rate(a[1m])'), 'is no metric');
  assert.equal(problem('a{b=c}'), 'has a condition that is none: "b=c"');
  assert.equal(problem('a{b="c" d="e"}'), 'has a condition that is none: "b=\\"c\\" d=\\"e\\""');
  assert.equal(problem('a{b=~"("}'), 'has a pattern that is none: "("');
});

test('its series are summed, each followed over its own resets', () => {
  const sent = metric('sent{}');
  const read = (text: string): number | undefined => {
    const counted = sent.read('nginx_exporter', samples(text));
    return counted?.ok === true ? counted.bytesSentTotal : undefined;
  };
  assert.equal(read('sent{worker="1"} 100\nsent{worker="2"} 50\n'), 150);
  assert.equal(read('sent{worker="1"} 130\nsent{worker="2"} 0\n'), 180, 'a worker that began again counts nothing');
  assert.equal(read('sent{worker="1"} 140\nsent{worker="2"} 5\nsent{worker="3"} 7\n'), 202, 'a new one began at 0');
  assert.equal(read('sent{worker="1"} 140\nsent{worker="3"} 8\n'), 203, 'one that is gone keeps what it had');
  assert.equal(read('sent{worker="1"} 140\nsent{worker="2"} 6\nsent{worker="3"} 8\n'), 204, 'and goes on from there');
});

test('a name that is not there is told with those that are near', () => {
  const read = metric('nginx_server_bytes_total').read('nginx_exporter', samples(VTS));
  const near = 'nginx_vts_server_bytes_total, nginx_vts_main_connections';
  assert.deepEqual(read, { ok: false, reason: `no metric nginx_server_bytes_total is in the answer; near: ${near}` });
  assert.deepEqual(metric('xyz').read('nginx_exporter', samples(VTS)), {
    ok: false,
    reason: 'no metric xyz is in the answer',
  });
});

test('a condition that no series meets is told with the labels that there are', () => {
  const read = metric('nginx_vts_server_bytes_total{direction="sent"}').read('nginx_exporter', samples(VTS));
  assert.match(
    read?.ok === false ? read.reason : '',
    /^no series of nginx_vts_server_bytes_total matches; there are \{host="\*",direction="in"\}, \{host=/,
  );
});

test('of two places the one that has it counts, and the other keeps quiet', () => {
  const sent = metric('sent', 2);
  assert.equal(sent.read('node_exporter', samples('up 1\n')), undefined, 'the other place may have it');
  assert.deepEqual(sent.read('nginx_exporter', samples('sent 5\n')), { ok: true, bytesSentTotal: 5 });
  assert.equal(sent.read('node_exporter', samples('sent 7\n')), undefined);
  assert.equal(sent.read('node_exporter', { reason: 'connection refused' }), undefined);
  assert.deepEqual(sent.read('nginx_exporter', { reason: 'connection refused' }), {
    ok: false,
    reason: 'connection refused',
  });
  assert.deepEqual(sent.read('nginx_exporter', samples('sent 9\n')), { ok: true, bytesSentTotal: 9 });
});

test('a name that is in none of two places is told once both have answered', () => {
  const sent = metric('sent', 2);
  assert.equal(sent.read('node_exporter', samples('up 1\n')), undefined);
  assert.equal(sent.read('nginx_exporter', samples('up 1\n'))?.ok, false);
  assert.equal(sent.read('node_exporter', samples('up 1\n'))?.ok, false);
});

test('more series than are followed are refused, not cut', () => {
  const many = Array.from({ length: MAX_DEVICES + 1 }, (_, at) => `sent{path="/${at}"} 1\n`).join('');
  const read = metric('sent').read('nginx_exporter', samples(many));
  assert.match(
    read?.ok === false ? read.reason : '',
    /^sent has 257 series that match, more than 256: add a condition/,
  );
});

test('values that are no numbers are no series', () => {
  assert.equal(metric('sent').read('nginx_exporter', samples('sent NaN\n'))?.ok, false);
});
