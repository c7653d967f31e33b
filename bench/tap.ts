// `npm run bench:tap`: what the tap costs per byte and per request, instrumentation on, next to other relays on this machine.
// Needs wrk and nginx; http-proxy, nginx as proxy and HAProxy take part when they are installed. Exit 1 = a promise is broken.
//   node bench/tap.ts --only tap,haproxy --size 600 --rounds 3 --seconds 2     one case; nothing is written
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findProgram } from '../src/process.ts';
import { machineAndDate } from './support/machine.ts';
import { writeResult } from './support/table.ts';
import { type Case, type Measured, measure, SIZES, type SizeName, writeFiles } from './tap/cases.ts';
import { missing, RELAYS, type RelayName, startOrigin } from './tap/relays.ts';
import { addedTime, areKept, bytesRatio, type Gate, gateTable, relayTable, requestRatio } from './tap/verdict.ts';

interface Section {
  readonly title: string;
  readonly table: string;
  readonly gates: readonly Gate[];
}

const HELP = `usage: node bench/tap.ts [--quick] [--only RELAY,...] [--size 600|64K|1M|added] [--rounds N] [--seconds N]
                         [--connections N] [--doors N]
relays: ${RELAYS.join(', ')}; --size added = 600 bytes at one connection`;
const SIZE_ARGUMENTS: Readonly<Record<string, SizeName>> = { '600': '600 B', '64K': '64 KB', '1M': '1 MB' };
/** Of others in the list; their added time is as that of the plain ones. */
const VARIANTS: readonly RelayName[] = ['tap-journal', 'tap-2', 'http-proxy-shipped', 'haproxy-spliced'];

// What must hold, by the size of bodies: MB per CPU-second at least so many times another's, CPU per request at most.
const LEAST_BYTES: Readonly<Partial<Record<SizeName, readonly (readonly [other: RelayName, times: number])[]>>> = {
  '1 MB': [
    ['haproxy', 1.2],
    ['http-proxy', 2.5],
  ],
  '64 KB': [
    ['haproxy', 0.9],
    // As shipped, a connection per request: four times what it does with connections kept is more than HAProxy does.
    ['http-proxy-shipped', 4],
  ],
};
const MOST_PER_REQUEST: Readonly<Partial<Record<SizeName, readonly (readonly [other: RelayName, times: number])[]>>> = {
  '600 B': [['haproxy', 1.5]],
};
/** Shown beside, not gating: what a second worker and a journal change on this machine, and others as they are shipped. */
const REPORTED: readonly (readonly [RelayName, RelayName])[] = [
  ['tap-2', 'tap'],
  ['tap-journal', 'tap'],
  ['tap', 'nginx'],
  ['tap', 'http-proxy'],
  ['tap', 'http-proxy-shipped'],
  ['tap', 'haproxy-spliced'],
];
const MOST_ADDED_US = 120;

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    size: { type: 'string' },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    connections: { type: 'string', default: '8' },
    doors: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const isWhole = values.only === undefined && values.size === undefined;
const rounds = Number(values.rounds ?? (values.quick ? 3 : 5));
const seconds = Number(values.seconds ?? (values.quick ? 1 : 2));
const connections = Number(values.connections);
const doors = Number(values.doors ?? connections);
const asked = values.only?.split(',') ?? RELAYS;

const problem = problemOf();
if (values.help) console.log(HELP);
else if (problem === undefined) await main();
else {
  console.error(`${problem}\n${HELP}`);
  process.exitCode = 2;
}

async function main(): Promise<void> {
  const relays = participants();
  const folder = await mkdtemp(join(tmpdir(), 'hls-swarm-bench-'));
  await writeFiles(folder);
  const origin = await startOrigin(folder);
  try {
    const sections: Section[] = [];
    // Shown as it comes: the whole takes minutes.
    const add = (section: Section): void => {
      sections.push(section);
      console.error(`\n${section.title}\n\n${section.table}\n`);
    };
    for (const size of Object.keys(SIZES) as SizeName[])
      if (values.size === undefined || SIZE_ARGUMENTS[values.size] === size) add(await bySize(size, relays));
    if (values.size === undefined || values.size === 'added') add(await addedAtOne(relays));
    await report(sections);
  } finally {
    await origin.stop();
    await rm(folder, { recursive: true, force: true });
  }

  async function bySize(size: SizeName, names: readonly RelayName[]): Promise<Section> {
    const shape = { connections, threads: Math.min(doors, connections), seconds };
    const measured = await run({ size, relays: names, rounds, shape, doors });
    const gates = judge(size, measured);
    const title = `${size} bodies, ${connections} connections`;
    return { title, table: relayTable(measured), gates };
  }

  async function addedAtOne(all: readonly RelayName[]): Promise<Section> {
    const names = isWhole ? all.filter((name) => !VARIANTS.includes(name)) : all;
    const shape = { connections: 1, threads: 1, seconds };
    const measured = await run({ size: '600 B', relays: names, rounds, shape, doors: 1 });
    const title = '600 B bodies, one connection';
    return { title, table: relayTable(measured), gates: addedTime(title, measured, MOST_ADDED_US) };
  }

  function run(one: Case): ReturnType<typeof measure> {
    return measure(origin, one, (text) => console.error(`${one.size}  ${text}`));
  }
}

function judge(size: SizeName, measured: readonly Measured[]): readonly Gate[] {
  const reported = size === '600 B' ? requestRatio : bytesRatio;
  const gated = [...(LEAST_BYTES[size] ?? []), ...(MOST_PER_REQUEST[size] ?? [])].map(([other]) => other);
  return [
    ...(LEAST_BYTES[size] ?? []).flatMap(([other, times]) => bytesRatio(size, measured, ['tap', other], times)),
    ...(MOST_PER_REQUEST[size] ?? []).flatMap(([other, times]) => requestRatio(size, measured, ['tap', other], times)),
    ...REPORTED.filter(([name, other]) => name !== 'tap' || !gated.includes(other)).flatMap((pair) =>
      reported(size, measured, pair),
    ),
  ];
}

/** Why it cannot begin, as a sentence. */
function problemOf(): string | undefined {
  const unknown = asked.filter((name) => !RELAYS.some((relay) => relay === name));
  if (unknown.length > 0) return `--only ${unknown.join(',')}: no such relay`;
  const sizes = [...Object.keys(SIZE_ARGUMENTS), 'added'];
  if (values.size !== undefined && !sizes.includes(values.size))
    return `--size ${values.size}: not one of ${sizes.join(', ')}`;
  for (const [name, value] of Object.entries({ rounds, seconds, connections, doors }))
    if (!Number.isInteger(value) || value < 1) return `--${name}: not a whole number above 0`;
  for (const program of ['wrk', 'nginx']) {
    const found = findProgram(program, process.env['PATH']);
    if ('failure' in found) return `${found.failure}; on Debian: apt-get install wrk nginx-light haproxy`;
  }
  return undefined;
}

/** Those asked for that this machine has; says which are left out. */
function participants(): readonly RelayName[] {
  return RELAYS.filter((name) => {
    if (!asked.includes(name)) return false;
    const reason = missing(name);
    if (reason !== undefined) console.error(`left out: ${reason}`);
    return reason === undefined;
  });
}

async function report(sections: readonly Section[]): Promise<void> {
  const gates = sections.flatMap((section) => section.gates);
  const spread = doors === 1 ? 'all on one door of the tap' : `spread over ${doors} doors of the tap`;
  const text = [
    `Medians of ${rounds} alternating rounds of ${seconds} s by wrk, ${connections} connections ${spread}; ` +
      `${machineAndDate()} (\`npm run bench:tap\`). CPU is that of the whole relaying process.`,
    '',
    gateTable(gates),
    ...sections.flatMap(({ title, table }) => ['', `### ${title}`, '', table]),
  ].join('\n');
  console.log(text);
  if (isWhole && !values.quick) await writeResult('tap', text);
  if (!areKept(gates)) process.exitCode = 1;
}
