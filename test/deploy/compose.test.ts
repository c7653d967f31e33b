// deploy/compose.yaml without Docker: every path that is mounted, every port, service and option that it names exists, images are
// pinned, its encoder encodes, and its scrape targets are those of targets.yml by other addresses.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { environmentName } from '../../src/config/option.ts';
import { optionRows } from '../../src/config/options.ts';
import { parseCommand } from '../../src/config/parse.ts';
import { type Program, startProgram } from '../../src/process.ts';
import { until } from '../support/processes.ts';
import { requirement } from '../support/require.ts';

interface Service {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: readonly string[] | Readonly<Record<string, { readonly condition: string }>>;
  readonly network_mode?: string;
  readonly healthcheck?: { readonly test?: readonly string[] };
  readonly configs?: readonly { readonly source: string; readonly target: string }[];
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly configs: Readonly<Record<string, { readonly content: string }>>;
  readonly volumes: Readonly<Record<string, null>>;
}

interface TargetGroup {
  readonly labels: { readonly job: string };
  readonly targets: readonly string[];
}

const FOLDER = new URL('../../deploy/', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, FOLDER), 'utf8');
const compose = parse(read('compose.yaml'), { merge: true }) as Compose;
const services = Object.entries(compose.services);
const { encoder, origin, swarm, prometheus, grafana } = compose.services;

test('it holds an encoder, an origin with its exporters, a swarm, Prometheus and Grafana', () => {
  const names = ['encoder', 'origin', 'nginx-exporter', 'node-exporter', 'swarm', 'prometheus', 'grafana'];
  assert.deepEqual(Object.keys(compose.services), names);
});

test('every image is pinned to an exact version, or built here', () => {
  for (const [name, { image, build }] of services) {
    if (build === undefined) assert.match(image, /^[a-z0-9./-]+:v?\d+\.\d+\.\d+(-[a-z]+)?$/, name);
    else {
      assert.match(image, /:local$/, name);
      const context = new URL(`${build.context}/`, FOLDER);
      assert.ok(existsSync(new URL(build.dockerfile, context)), `${name}: ${build.dockerfile}`);
    }
  }
});

test('every file that is mounted exists, and every volume that is named is declared and used', () => {
  const used = new Set<string>();
  for (const [name, { volumes = [] }] of services) {
    for (const volume of volumes) {
      const [source = '', target = '', mode] = volume.split(':');
      assert.match(target, /^\//, `${name}: ${volume}`);
      if (source.startsWith('.')) {
        assert.ok(existsSync(new URL(source, FOLDER)), `${name}: ${source}`);
        // What is ours is never written to from inside.
        assert.equal(mode, 'ro', `${name}: ${volume}`);
      } else used.add(source);
    }
  }
  assert.deepEqual([...used].sort(), Object.keys(compose.volumes).sort());
});

test('every service that another waits for is there; who waits for health can be healthy', () => {
  for (const [name, { depends_on = [], network_mode }] of services) {
    const conditions = Array.isArray(depends_on) ? {} : depends_on;
    const waitedFor = Array.isArray(depends_on) ? depends_on : Object.keys(depends_on);
    for (const other of waitedFor) assert.ok(other in compose.services, `${name} waits for ${other}`);
    for (const [other, { condition }] of Object.entries(conditions as Record<string, { condition: string }>))
      if (condition === 'service_healthy') assert.ok(compose.services[other]?.healthcheck?.test, `${name}: ${other}`);
    const shared = /^service:(.*)$/.exec(network_mode ?? '')?.[1];
    if (shared !== undefined) assert.ok(shared in compose.services, `${name}: ${network_mode}`);
  }
});

test('nothing is reachable from other machines, and every published port is one that its service listens on', () => {
  const listening: Readonly<Record<string, string>> = {
    origin: /listen (\d+);/.exec(read('origin/nginx.conf'))?.[1] ?? '',
    swarm: /EXPOSE (\d+)/.exec(read('Dockerfile'))?.[1] ?? '',
    prometheus: '9090',
    grafana: '3000',
  };
  const published = services.flatMap(([name, { ports = [] }]) => ports.map((port) => [name, port] as const));
  assert.deepEqual(
    published.map(([name]) => name),
    Object.keys(listening),
  );
  for (const [name, port] of published) assert.equal(port, `127.0.0.1:${listening[name]}:${listening[name]}`);
});

test('the origin serves from the folders and writes to the file that its configuration names', () => {
  const configuration = read('origin/nginx.conf');
  const mounts = (origin?.volumes ?? []).map((volume) => volume.split(':')[1]);
  const root = /root (\S+);/.exec(configuration)?.[1] ?? '';
  const log = /access_log (\S+) /.exec(configuration)?.[1] ?? '';
  assert.ok(mounts.includes(root), root);
  assert.ok(
    mounts.some((mount) => mount !== undefined && mount !== root && log.startsWith(`${mount}/`)),
    log,
  );
  assert.equal(swarm?.environment?.['HLS_SWARM_ORIGIN_ACCESS_LOG'], log);
  const port = /listen (\d+);/.exec(configuration)?.[1];
  assert.deepEqual(compose.services['nginx-exporter']?.command, [
    `--nginx.scrape-uri=http://127.0.0.1:${port}/nginx_status`,
  ]);
  assert.match(configuration, /location = \/nginx_status \{/);
  // The encoder writes into the same volume what the swarm and the origin's own check ask for.
  const playlist = encoder?.command?.at(-1) ?? '';
  const name = playlist.slice(playlist.lastIndexOf('/') + 1);
  assert.equal(swarm?.environment?.['STREAM_URL'], `http://origin:${port}/${name}`);
  assert.equal(origin?.healthcheck?.test?.at(-1), `http://127.0.0.1:${port}/${name}`);
  const volumeAt = (service: Service | undefined, path: string): string | undefined =>
    service?.volumes?.find((volume) => path.startsWith(volume.split(':')[1] ?? '-'))?.split(':')[0];
  assert.equal(volumeAt(encoder, playlist), volumeAt(origin, root));
});

test('what the encoder is told makes a live stream of 2 s segments', { skip: requirement('ffmpeg') }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hls-swarm-encoder-'));
  // As Compose hands it over: `$$` is a dollar sign.
  const inFolder = (word: string): string => word.replaceAll('$$', '$').replaceAll('/data', folder);
  const [command = '', ...words] = (encoder?.entrypoint ?? []).map(inFolder);
  const start = (args: readonly string[]): Program =>
    startProgram(command, [...words, ...args], { stdio: { stdout: 'ignore', stderr: 'ignore' } });
  const path = join(folder, 'stream.m3u8');
  const playlist = (): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');
  writeFileSync(path, 'of the last time');
  await start(['-version']).exited;
  assert.equal(playlist(), '', 'what was left by the time before is gone');
  const ffmpeg = start((encoder?.command ?? []).map(inFolder));
  try {
    await until(() => playlist().includes('seg00000.ts'), 'a first segment', 20_000);
    assert.match(playlist(), /#EXT-X-TARGETDURATION:2\n/);
    assert.doesNotMatch(playlist(), /#EXT-X-ENDLIST/);
  } finally {
    await ffmpeg.stop();
    await rm(folder, { recursive: true, force: true });
  }
});

test('the swarm is given options that exist, with values that they take', () => {
  const environment = Object.fromEntries(
    Object.entries(swarm?.environment ?? {}).map(([name, value]) => [name, value.replace(/^\$\{\w+:-(.*)\}$/, '$1')]),
  );
  const names = new Set(optionRows.map(([, option]) => environmentName(option)));
  const ours = Object.entries(environment).filter(([name]) => name.startsWith('HLS_SWARM_'));
  for (const [name] of ours) assert.ok(names.has(name), name);
  for (const name of Object.keys(environment).filter((one) => !one.startsWith('HLS_SWARM_')))
    assert.match(read('entrypoint.sh'), new RegExp(`\\$\\{?${name}\\b`), name);
  const parsed = parseCommand([environment['STREAM_URL'] ?? ''], Object.fromEntries(ours), () => '');
  assert.ok(parsed.ok, JSON.stringify(parsed));
  assert.ok('options' in parsed && parsed.options.segmentSizesUrl === 'http://origin:17080/files/json/');
});

test('Prometheus scrapes the jobs of targets.yml where they are here, by the rules that it is given', () => {
  const [local, here] = [read('prometheus/targets.yml'), compose.configs['targets']?.content ?? ''].map(
    (text) => parse(text) as readonly TargetGroup[],
  );
  const jobs = (groups: readonly TargetGroup[] = []): readonly string[] =>
    groups.flatMap(({ labels, targets }) => targets.map((target) => `${labels.job} :${target.split(':')[1]}`));
  assert.deepEqual(jobs(here), jobs(local));
  for (const host of here?.flatMap(({ targets }) => targets.map((target) => target.split(':')[0] ?? '')) ?? [])
    assert.ok(host in compose.services, host);
  const { rule_files, scrape_configs } = parse(read('prometheus/prometheus.yml')) as {
    readonly rule_files: readonly string[];
    readonly scrape_configs: readonly { readonly file_sd_configs: readonly { readonly files: readonly string[] }[] }[];
  };
  const files = scrape_configs.flatMap(({ file_sd_configs }) => file_sd_configs.flatMap((one) => one.files));
  const inside = [
    ...(prometheus?.volumes ?? []).map((volume) => volume.split(':')[1]),
    ...(prometheus?.configs ?? []).map(({ target }) => target),
  ];
  for (const file of ['prometheus.yml', ...rule_files, ...files])
    assert.ok(inside.includes(`/etc/prometheus/${file}`), file);
});

test('Grafana finds its data source and its dashboard where provisioning and its own settings say', () => {
  const mounted = (grafana?.volumes ?? []).map((volume) => volume.split(':')[1] ?? '');
  const { providers } = parse(read('grafana/provisioning/dashboards/hls-swarm.yml')) as {
    readonly providers: readonly { readonly options: { readonly path: string } }[];
  };
  const { datasources } = parse(read('grafana/provisioning/datasources/prometheus.yml')) as {
    readonly datasources: readonly { readonly url: string }[];
  };
  const home = grafana?.environment?.['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH'] ?? '';
  assert.ok(mounted.includes(home) && home.startsWith(`${providers[0]?.options.path}/`), home);
  for (const kind of ['datasources', 'dashboards'])
    assert.ok(mounted.includes(`/etc/grafana/provisioning/${kind}`), kind);
  const host = new URL(datasources[0]?.url ?? '').hostname;
  assert.ok(host in compose.services, host);
});

test('deploy/README.md names every file of the folder that a user takes, and nothing that is not there', () => {
  const text = read('README.md');
  for (const path of [
    'origin/nginx.conf',
    'prometheus/prometheus.yml',
    'grafana/hls-swarm.json',
    'Dockerfile',
    'compose.yaml',
  ])
    assert.ok(text.includes(path), path);
  for (const [, path = ''] of text.matchAll(/\]\(([^)#:]+)\)/g))
    assert.ok(existsSync(fileURLToPath(new URL(path, FOLDER))), path);
});
