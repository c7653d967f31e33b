// What a command line as a whole means: commands, precedence, combinations, and every kind of error, all at once.
// Each option by itself is in options.test.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { editDistance, nearestName } from '../../src/config/nearest.ts';
import { optionTable } from '../../src/config/options.ts';
import { PRESETS } from '../../src/config/presets.ts';
import { version } from '../../src/config/version.ts';
import { errorsOf, optionsOf, parse, STREAM } from '../support/command-line.ts';

test('a command line of go-ffmpeg-hls-swarm runs unchanged, options before or after the URL', () => {
  const options = optionsOf([
    '-clients',
    '50',
    '-tui=false',
    '-stats=0',
    STREAM,
    '-duration',
    '1m30s',
    '-header',
    'A: b',
    '-v',
  ]);
  assert.equal(options.clients, 50);
  assert.equal(options.tui, false);
  assert.equal(options.stats, false);
  assert.equal(options.durationMs, 90_000);
  assert.deepEqual(options.headers, ['A: b']);
  assert.equal(options.verbose, true);
});

test('the first word may be a command; without one it is run', () => {
  for (const [argv, command] of [
    [[STREAM], 'run'],
    [['run', STREAM], 'run'],
    [['demo'], 'demo'],
    [['--clients', '3', 'demo'], 'demo'],
    [['check', STREAM], 'check'],
    [[STREAM, '--check'], 'check'],
    [['origin'], 'origin'],
    [['proxy', '--doors', '4', '--json'], 'proxy'],
    [['analyze', '--stderr', '-'], 'analyze'],
    [['replay', 'run.ndjson', '--json'], 'replay'],
  ] as const) {
    const parsed = parse(argv);
    assert.ok(parsed.ok, JSON.stringify(parsed));
    assert.equal(parsed.command, command);
  }
});

test('demo is 10 clients for 60 s unless told otherwise; a run lasts until stopped', () => {
  assert.equal(optionsOf(['demo']).clients, 10);
  assert.equal(optionsOf(['demo']).durationMs, 60_000);
  assert.equal(optionsOf(['demo', '--duration', '5s']).durationMs, 5000);
  assert.equal(optionsOf([STREAM]).durationMs, 0);
});

test('a check is one client for 10 s without a screen, whatever else is said', () => {
  for (const argv of [
    ['check', STREAM],
    [STREAM, '-check', '-clients', '40', '-duration', '1h'],
  ]) {
    const options = optionsOf(argv);
    assert.deepEqual([options.check, options.clients, options.durationMs], [true, 1, 10_000]);
  }
  assert.equal(optionsOf(['check', STREAM]).tui, false);
});

test('no-cache and no-proxy are names, not negations', () => {
  const options = optionsOf([STREAM, '--no-cache', '--no-proxy', '--no-tui', '--no-reconnect']);
  assert.deepEqual([options.noCache, options.noProxy, options.tui, options.reconnect], [true, true, false, false]);
  assert.equal(optionsOf([STREAM, '--no-cache=false']).noCache, false);
  assert.equal(optionsOf([STREAM, '--no-v']).verbose, false);
});

test('values that begin with a dash belong to their option', () => {
  assert.deepEqual(errorsOf([STREAM, '-clients', '-1']), [
    '--clients: "-1" (command line) is out of range; allowed: 1 to 5000',
  ]);
  assert.deepEqual(optionsOf([STREAM, '--user-agent', '-x']).userAgent, '-x');
});

test('the command line wins over the environment, the environment over the file, the file over the default', () => {
  const files = { 'c.yaml': 'clients: 20\nramp-rate: 20\nvariant: lowest\nheader: [ "A: 1", "B: 2" ]\n' };
  const environment = {
    HLS_SWARM_CONFIG: 'c.yaml',
    HLS_SWARM_CLIENTS: '30',
    HLS_SWARM_RAMP_RATE: '30',
    HLS_SWARM_REPORT: '',
  };
  const options = optionsOf([STREAM, '--clients=40'], { environment, files });
  assert.deepEqual([options.clients, options.rampRatePerSecond, options.variant], [40, 30, 'lowest']);
  assert.deepEqual(options.headers, ['A: 1', 'B: 2']);
  assert.equal(options.report, undefined);
  const lines = optionsOf([STREAM], { environment: { HLS_SWARM_HEADER: 'A: 1\nB: 2' } });
  assert.deepEqual(lines.headers, ['A: 1', 'B: 2']);
  assert.deepEqual(optionsOf([STREAM, '-header', 'C: 3'], { environment, files }).headers, ['C: 3']);
});

test('a preset stands below everything else that is said, and above the defaults', () => {
  const load = (argv: readonly string[], sources?: object): readonly [number, number] => {
    const { clients, rampRatePerSecond } = optionsOf([...argv], sources);
    return [clients, rampRatePerSecond];
  };
  for (const [preset, clients, rate] of [
    ['default', 10, 5],
    ['gentle', 20, 1],
    ['burst', 100, 50],
    ['stress', 200, 20],
    ['extreme', 500, 50],
  ] as const)
    assert.deepEqual(load([STREAM, '--preset', preset]), [clients, rate], preset);
  const files = { 'c.yaml': 'preset: stress\nclients: 7\n' };
  assert.deepEqual(load([STREAM, '--config=c.yaml'], { files }), [7, 20]);
  const environment = { HLS_SWARM_RAMP_RATE: '3' };
  assert.deepEqual(load([STREAM, '--config=c.yaml'], { files, environment }), [7, 3]);
  assert.deepEqual(load([STREAM, '--config=c.yaml', '--preset=burst', '--clients=9'], { files, environment }), [9, 3]);
  assert.deepEqual(load(['check', STREAM, '--preset=burst']), [1, 50]);
});

test('the help of --preset says what each one is', () => {
  for (const [name, { clients, rampRatePerSecond }] of Object.entries(PRESETS)) {
    if (name === 'default') continue;
    assert.ok(optionTable.preset.help.includes(`${name} ${clients} at ${rampRatePerSecond}/s`), name);
  }
});

test('a variant is a word, an index, a size or a bandwidth', () => {
  for (const variant of ['all', 'first', '0', '12', '1280x720', '2500000'])
    assert.equal(optionsOf([STREAM, '--variant', variant]).variant, variant);
  for (const variant of ['-1', '1280x', 'x720', '1280X720', '1.5', 'HIGHEST', ''])
    assert.match(errorsOf([STREAM, `--variant=${variant}`])[0] ?? '', /^--variant: .* allowed: all, .*BANDWIDTH$/);
});

test('a file or an environment for several commands gives each what it takes', () => {
  const files = { 'c.yaml': 'clients: 20\nport: 8080\n' };
  assert.equal(optionsOf([STREAM, '--config', 'c.yaml'], { files }).clients, 20);
  assert.equal(optionsOf(['origin', '--config', 'c.yaml'], { files }).port, 8080);
});

test('every error is reported at once, with the option, its source, the value and what is allowed', () => {
  const errors = errorsOf(
    [
      '-clients',
      '0',
      '-ramp-rate=abc',
      '--duration',
      '30',
      '--variant',
      'HIGHEST',
      '--cleints',
      '5',
      'ftp://x/y',
      'extra',
    ],
    {
      environment: { HLS_SWARM_CONFIG: 'c.yaml', HLS_SWARM_SEED: 'x' },
      files: { 'c.yaml': 'timeout: 0s\nduraton: 5s\n' },
    },
  );
  assert.deepEqual(errors, [
    '--cleints: unknown option; did you mean --clients?',
    'duraton: unknown option (file c.yaml, line 2); did you mean duration?',
    '--timeout: "0s" (file c.yaml, line 1) is out of range; allowed: 1ms to 1h, written as 1m30s, 2.5s or 500ms',
    '--seed: "x" (environment HLS_SWARM_SEED) is not a whole number; allowed: 0 to 4294967295',
    '--clients: "0" (command line) is out of range; allowed: 1 to 5000',
    '--ramp-rate: "abc" (command line) is not a whole number; allowed: 1 to 500',
    '--duration: "30" (command line) has no unit; allowed: 0s to 576h, written as 1m30s, 2.5s or 500ms',
    '--variant: "HIGHEST" (command line) is not one of the choices; allowed: all, first, highest, lowest, INDEX, WxH, BANDWIDTH',
    'URL: "ftp://x/y" has the scheme ftp://; allowed: http:// or https:// with a host',
    '"extra": unexpected argument of run',
  ]);
});

const REFUSED: readonly (readonly [argv: readonly string[], message: RegExp])[] = [
  [[], /^URL: missing/],
  [['example.com/a.m3u8'], /^URL: .* has no scheme; allowed: http:\/\/ or https:\/\//],
  [['http:///a.m3u8'], /^URL: .* has no host/],
  [['http://a b/'], /^URL: .* has a space in it/],
  [['dmeo'], /did you mean the command demo\?$/],
  [['demo', STREAM], /: unexpected argument of demo$/],
  [[STREAM, '--tui', 'false'], /^"false": unexpected .* as in --tui=false$/],
  [[STREAM, '--no-tui=false'], /^--no-tui: takes no value.*write --tui=false$/],
  [[STREAM, '--report'], /^--report: needs a value, and nothing follows it$/],
  [[STREAM, '--report', '--journal=j'], /^--report: needs a value, and "--journal=j" that follows is an option$/],
  [[STREAM, '--report='], /^--report: "" \(command line\) is not a path/],
  [[STREAM, '--report', 'x', '--journal', 'x'], /^--journal: "x" is already written by --report/],
  [[STREAM, '--report', 'x', '--journal', './x'], /^--journal: "\.\/x" is already written by --report/],
  [[STREAM, '--no-clients'], /^--no-clients: unknown option; only switches have a --no- form$/],
  [[STREAM, '--no-clients=5'], /^--no-clients: unknown option; only switches have a --no- form$/],
  [
    [STREAM, '--header', 'user-agent: own'],
    /^--header: "User-Agent" .*write --user-agent "own" --no-user-agent-suffix$/,
  ],
  [[STREAM, '--profile', 'default'], /^--profile: not an option of run; it belongs to demo, origin$/],
  [
    ['demo', '--profile', 'huge'],
    /^--profile: "huge" .* is not one of the choices; allowed: default, low-latency, low-b/,
  ],
  [[STREAM, '--resolve', '192.0.2.1'], /^--resolve: "192.0.2.1" needs --dangerous/],
  [
    [STREAM, '--dangerous', '--resolve', 'http://192.0.2.1'],
    /^--resolve: .* is not a host; allowed: a host name or an IP/,
  ],
  [[STREAM, '--resolve', '192.0.2.1:80', '--dangerous'], /^--resolve: "192.0.2.1:80" .* is not a host; allowed: /],
  [
    [STREAM, '--resolve', '192.0.2.1', '--dangerous', '--no-proxy'],
    /^--resolve: without the tap nothing connects elsewhere; leave out --no-proxy$/,
  ],
  [
    [STREAM, '--cookie', 'a=b; Path=/'],
    /^--cookie: "a=b; Path=\/" .* is not a cookie; allowed: NAME=VALUE without ";"/,
  ],
  [
    [STREAM, '--cookie', 'a=b', '--header', 'cookie: c=d'],
    /^--cookie: FFmpeg sends none beside a Cookie header of its own; leave out --header/,
  ],
  [
    [STREAM, '--no-proxy', '--no-stats'],
    /^--no-proxy: with --stats=false nobody would measure anything; leave out one of the two$/,
  ],
  [
    [STREAM, '--restart-on-stall', '--no-stats'],
    /^--restart-on-stall: with --stats=false nobody sees a stall; leave out one of the two$/,
  ],
  [
    [STREAM, '--fail-if', 'proxy.transfer>0'],
    /^--fail-if: "proxy.transfer>0" \(command line\) is no threshold: proxy has no "transfer"; allowed: connections, /,
  ],
  [[STREAM, '--metrics', '127.0.0.1'], /^--metrics: .* is not an address to listen on/],
  [[STREAM, '--metrics', 'a:70000'], /^--metrics: "a:70000"/],
  [[STREAM, '--header', 'no colon'], /^--header: "no colon" .* is not a header/],
  [[STREAM, '--record-field', 'X Served'], /^--record-field: "X Served" .* is not the name of a field/],
  [
    [STREAM, '--record-field', 'Set-Cookie'],
    /^--record-field: "Set-Cookie" .* carries secrets; allowed: .*X-Served-By/,
  ],
  [[STREAM, '--header', 'A: b\r\nC: d'], /^--header: "A: b\\r\\nC: d"/],
  [
    [STREAM, '--fault', 'kind=segmnt nth=3'],
    /^--fault: "kind=segmnt nth=3" \(command line\) is no fault rule: kind="segmnt" cannot be read; .*\. it names no fault; allowed: /,
  ],
  [[STREAM, '--no-proxy', '--fault', 'reset'], /^--fault: without the tap nothing injects it; leave out --no-proxy$/],
  [
    [STREAM, '--no-proxy', '--tls-ca-out', 'ca.pem'],
    /^--tls-ca-out: without the tap there is no authority; leave out --no-proxy$/,
  ],
  [
    [STREAM, '--tls=tunnel', '--tls-ca-out', 'ca.pem'],
    /^--tls-ca-out: a tap with --tls tunnel has no authority; leave out one of the two$/,
  ],
  [
    [STREAM, '--no-proxy', '--upstream', 'shared'],
    /^--upstream: has no effect without the tap; leave out --no-proxy, or this$/,
  ],
  [[STREAM, '--no-proxy', '--check-ts'], /^--check-ts: has no effect without the tap/],
  [[STREAM, '--no-proxy', '--record-field', 'X-Served-By'], /^--record-field: has no effect without the tap/],
  [[STREAM, '--no-proxy', '--stream-silent-timeout=5s'], /^--stream-silent-timeout: has no effect without the tap/],
  [
    [STREAM, '--upstream-connections', '64'],
    /^--upstream-connections: has no effect without --upstream shared; add that, or leave this out$/,
  ],
  [[STREAM, '--upstream=mirror', '--upstream-idle=5s'], /^--upstream-idle: has no effect without --upstream shared/],
  [
    ['proxy', '--calibrate', '--no-calibrate'],
    /^--calibrate: --no-calibrate says the opposite; leave out one of the two$/,
  ],
  [[STREAM, '--origin-metrics', 'host:9100'], /^--origin-metrics: .* has no scheme/],
  [[STREAM, '--origin-metrics-interval=20s'], /^--origin-metrics-window: 30000ms .* at least 40000ms/],
  [
    [STREAM, '--segment-sizes-interval=1s', '--segment-sizes-jitter=2s'],
    /^--segment-sizes-jitter: 2000ms is longer than the interval/,
  ],
  [[STREAM, '--config', 'none.yaml'], /^--config: "none.yaml" cannot be read: ENOENT/],
  [['analyze', '--json'], /^--stderr: missing; name a saved FFmpeg log \(- for stdin\), or with --events /],
  [['analyze', '--stderr', 'a.log', '--truth', '-'], /^--truth: "-" cannot be stdin; only --stderr reads it/],
  [
    ['analyze', '--stderr', 'a.log', '--log-client', '2'],
    /^--log-client: 2 has nothing to choose from; name the --truth/,
  ],
  [['analyze', '--stderr', 'a.log', 'b.log'], /^"b.log": unexpected argument of analyze$/],
  [['replay'], /^JOURNAL: missing; write one, as in: hls-swarm replay run.ndjson$/],
  [['replay', 'a.ndjson', 'b.ndjson'], /^"b.ndjson": unexpected argument of replay$/],
  [['replay', 'a.ndjson', '--clients', '3'], /^--clients: not an option of replay/],
];

for (const [argv, message] of REFUSED) {
  test(`refused with one clear line: hls-swarm ${argv.join(' ').replace(/\s+/g, ' ')}`, () => {
    const errors = errorsOf(argv);
    assert.equal(errors.length, 1, errors.join('\n'));
    assert.match(errors[0] ?? '', message);
  });
}

test('what a file or the environment sets for other runs too is no mistake in a run that has no use for it', () => {
  const files = { 'c.yaml': 'upstream: shared\nupstream-idle: 5s\ncheck-ts: true\n' };
  assert.deepEqual(errorsOf([STREAM, '--config=c.yaml', '--no-proxy'], { files }), []);
  assert.deepEqual(errorsOf([STREAM, '--config=c.yaml', '--upstream=mirror'], { files }), []);
  assert.deepEqual(errorsOf([STREAM, '--no-proxy', '--check-ts=false', '--no-calibrate']), []);
  assert.deepEqual(errorsOf([STREAM, '--upstream-idle=7s'], { environment: { HLS_SWARM_UPSTREAM: 'shared' } }), []);
});

test('a configuration file that is no mapping of options is refused, saying why', () => {
  const problem = (text: string): string =>
    errorsOf([STREAM, '--config=c.yaml'], { files: { 'c.yaml': text } }).join('|');
  assert.match(problem('- clients\n'), /^--config: "c.yaml" does not hold a mapping/);
  assert.match(problem('a: [1\n'), /^--config: "c.yaml" is not YAML: /);
  assert.match(problem('clients: 5\n---\nclients: 6\n'), /^--config: "c.yaml" holds 2 documents; allowed: one$/);
  assert.match(problem('*nowhere\n'), /^--config: "c.yaml" is not YAML: Unresolved alias/);
  assert.match(
    problem('clients: [1, 2]\n'),
    /^--clients: \["1","2"\] \(file c.yaml, line 1\) is not a single value; allowed: 1 to 5000$/,
  );
  assert.match(problem('config: other.yaml\n'), /^--config: cannot be given in a file/);
  assert.match(problem('a: &a [*a]\nclients: 3\n'), /^a: unknown option/);
  assert.equal(problem(''), '');
  assert.equal(problem('# nothing\n'), '');
  assert.equal(
    problem('tui: false\nclients: 0x10\n'),
    '--clients: "0x10" (file c.yaml, line 2) is not a whole number; allowed: 1 to 5000',
  );
});

test('a default that is given is no error, and neither is a file that is to be written', () => {
  assert.deepEqual(
    errorsOf([STREAM, '--tls', 'intercept', '--upstream=mirror', '--loop=false', '--preset', 'default']),
    [],
  );
  assert.deepEqual(errorsOf([STREAM, '--html', 'r.html']), []);
});

test('options about the origin say what they need of one another', () => {
  assert.deepEqual(errorsOf([STREAM, '--origin-bytes-metric', 'sent{a=b}']), [
    `--origin-bytes-metric: "sent{a=b}" has a condition that is none: "a=b"; allowed: ${METRIC_ALLOWED}`,
    '--origin-bytes-metric: there is no answer to look in; add --origin-metrics or --nginx-metrics',
  ]);
  assert.deepEqual(errorsOf([STREAM, '--origin-metrics-host', 'o', '--origin-bytes-metric', '{a="b"}']), [
    `--origin-bytes-metric: ${JSON.stringify('{a="b"}')} is no metric; allowed: ${METRIC_ALLOWED}`,
  ]);
  assert.deepEqual(errorsOf([STREAM, '--origin-metrics-device', 'eth0']), [
    '--origin-metrics-device: there is no host to ask; add --origin-metrics',
  ]);
  assert.deepEqual(errorsOf([STREAM, '--origin-access-log-fields', 'status=code']), [
    '--origin-access-log-fields: there is no log to read; add --origin-access-log',
  ]);
  const log = [STREAM, '--origin-access-log', 'a.log'];
  const fields = '--origin-access-log-fields';
  assert.deepEqual(errorsOf([...log, fields, 'status=a', fields, 'path=b,status=c']), [
    `${fields}: names status twice; allowed: once`,
  ]);
  const [unknown = ''] = errorsOf([...log, fields, 'port=a']);
  assert.match(unknown, /^--origin-access-log-fields: "port=a" .*names "port"; allowed: FIELD=NAME, .*remotePort/);
});

const METRIC_ALLOWED =
  'a metric\'s name, with conditions in braces if need be, as in nginx_vts_server_bytes_total{direction="out"}';

test('https plays through the tap and without it, and its command can be printed', () => {
  assert.equal(parse(['https://origin.example/a']).ok, true);
  assert.equal(parse(['https://origin.example/a', '--no-proxy']).ok, true);
  assert.equal(parse(['https://origin.example/a', '--print-cmd']).ok, true);
  assert.equal(parse(['--print-cmd']).ok, true);
});

test('help and version are for stdout, anywhere on the line and in every spelling', () => {
  for (const argv of [['-h'], ['-help'], ['--help'], ['help'], [STREAM, '--clients', '0', '--help']]) {
    const parsed = parse(argv);
    assert.ok(parsed.ok && parsed.command === 'help');
    assert.match(parsed.text, /^Usage: hls-swarm \[run\] URL/);
  }
  for (const argv of [
    ['proxy', '--help'],
    ['help', 'proxy'],
  ]) {
    const parsed = parse(argv);
    assert.ok(parsed.ok && parsed.command === 'help');
    assert.match(parsed.text, /^Usage: hls-swarm proxy/);
    assert.doesNotMatch(parsed.text, /--clients/);
  }
  for (const argv of [['version'], ['-version'], ['--version']]) {
    assert.deepEqual(parse(argv), { ok: true, command: 'version', text: `hls-swarm ${version}\n` });
  }
});

test('one host gives the three addresses, and an address that was given stays', () => {
  const options = optionsOf([STREAM, '-origin-metrics-host', '10.177.0.10', '-nginx-metrics', 'http://other:1/m']);
  assert.equal(options.originMetricsUrl, 'http://10.177.0.10:9100/metrics');
  assert.equal(options.nginxMetricsUrl, 'http://other:1/m');
  assert.equal(options.segmentSizesUrl, 'http://10.177.0.10:17080/files/json/');
  assert.equal(optionsOf([STREAM, '-origin-metrics-host', '::1']).originMetricsUrl, 'http://[::1]:9100/metrics');
  assert.equal(optionsOf([STREAM]).originMetricsUrl, undefined);
});

test('addresses to listen on are read in every form', () => {
  const metrics = (text: string): object => optionsOf([STREAM, '--metrics', text]).metrics;
  assert.deepEqual(metrics(':17091'), { host: '0.0.0.0', port: 17_091 });
  assert.deepEqual(metrics('[::1]:0'), { host: '::1', port: 0 });
  assert.deepEqual(metrics('localhost:80'), { host: 'localhost', port: 80 });
});

test('the default jitter follows a short interval; FFmpeg debug overrides the level', () => {
  assert.equal(optionsOf([STREAM, '--segment-sizes-interval=500ms']).segmentSizesJitterMs, 500);
  assert.equal(
    optionsOf([STREAM, '--segment-sizes-interval=500ms', '--segment-sizes-jitter=0']).segmentSizesJitterMs,
    0,
  );
  assert.equal(optionsOf([STREAM, '--stats-loglevel=trace', '--ffmpeg-debug']).statsLogLevel, 'debug');
});

test('a misspelt name is near by edits, a different word is not', () => {
  assert.equal(nearestName('cleints', ['clients', 'cookie']), 'clients');
  assert.equal(nearestName('x', ['v']), undefined);
  assert.equal(nearestName('nosuch', ['clients', 'variant']), undefined);
  fc.assert(
    fc.property(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), (one, other) => {
      assert.equal(editDistance(one, other), editDistance(other, one));
      assert.equal(editDistance(one, other) === 0, one === other);
      assert.ok(editDistance(one, other) <= Math.max(one.length, other.length));
    }),
  );
});

test('no command line throws', () => {
  const word = fc.oneof(
    fc.string(),
    fc.constantFrom(
      '-',
      '--',
      '---',
      '-=',
      '--=x',
      '--no-',
      '-clients',
      '--header=',
      'run',
      'demo',
      STREAM,
      '--__proto__',
      '-constructor=1',
    ),
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 6 }), fc.string(), (argv, yaml) => {
      const parsed = parse([...argv, '--config=c'], { files: { c: yaml } });
      assert.ok(parsed.ok || parsed.errors.length > 0);
    }),
    { numRuns: 500 },
  );
});

test('an address option of go-ffmpeg-hls-swarm that is given empty is not given, as in its scripts', () => {
  const empty = ['resolve', 'origin-metrics', 'nginx-metrics', 'origin-metrics-host', 'segment-sizes-url'];
  assert.deepEqual(optionsOf([...empty.map((name) => `-${name}=`), STREAM]), optionsOf([STREAM]));
  const environment = { HLS_SWARM_ORIGIN_METRICS_HOST: 'origin.example' };
  assert.equal(optionsOf(['-origin-metrics-host=', STREAM], { environment }).originMetricsHost, undefined);
  assert.equal(errorsOf(['-user-agent=', STREAM]).length, 1);
  assert.equal(errorsOf(['--seg-retry=', STREAM]).length, 1);
});

test('a scheme in capitals is the same scheme: FFmpeg would not know it', () => {
  const parsed = parse(['HTTPS://Origin.Example/Live.m3u8?A=B', '--segment-sizes-url', 'HTTP://Origin.Example/X']);
  assert.ok(parsed.ok && 'url' in parsed);
  assert.equal(parsed.url, 'https://Origin.Example/Live.m3u8?A=B');
  assert.equal(parsed.options.segmentSizesUrl, 'http://Origin.Example/X');
});
