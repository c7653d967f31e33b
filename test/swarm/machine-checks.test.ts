// What the machine has to give, from made-up /proc and /sys of both versions of control groups, against what clients will take.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { cgroupLimits } from '../../src/swarm/cgroup.ts';
import { costOf, type Load } from '../../src/swarm/cost-model.ts';
import { machineChecks, mostClients } from '../../src/swarm/machine-checks.ts';
import { readSystemFacts, type SystemFacts } from '../../src/swarm/system-facts.ts';
import { systemChecks } from '../../src/swarm/system-limits.ts';

const GIB = 1024 ** 3;
const V2 = '31 23 0:28 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate';
const v1 = (controller: string, root = '/'): string =>
  `35 31 0:32 ${root} /sys/fs/cgroup/${controller} rw - cgroup cgroup rw,${controller}`;
const reader =
  (files: Readonly<Record<string, string>>) =>
  (path: string): string | undefined =>
    files[path];

describe('control groups', () => {
  test('version 2: the tightest limit on the way up counts, and what the kernel could give back is not in use', () => {
    const read = reader({
      '/proc/self/cgroup': '0::/user.slice/run.scope\n',
      '/proc/self/mountinfo': `22 1 0:20 / / rw - ext4 /dev/sda rw\n${V2}\n`,
      '/sys/fs/cgroup/user.slice/run.scope/memory.max': 'max\n',
      '/sys/fs/cgroup/user.slice/memory.max': `${2 * GIB}\n`,
      '/sys/fs/cgroup/user.slice/memory.current': `${GIB}\n`,
      '/sys/fs/cgroup/user.slice/memory.stat': `anon 1\ninactive_file ${GIB / 4}\n`,
      '/sys/fs/cgroup/user.slice/run.scope/cpu.max': '150000 100000\n',
      '/sys/fs/cgroup/user.slice/cpu.max': 'max 100000\n',
      '/sys/fs/cgroup/user.slice/run.scope/pids.max': '500\n',
      '/sys/fs/cgroup/user.slice/run.scope/pids.current': '30\n',
    });
    assert.deepEqual(cgroupLimits(read), {
      memoryBytes: 2 * GIB,
      memoryUsedBytes: 0.75 * GIB,
      cores: 1.5,
      processes: 500,
      processesUsed: 30,
    });
  });

  test('version 1: quota over period, and a limit near 2^63 is none', () => {
    const files = {
      '/proc/self/cgroup': '4:memory:/job\n3:cpu,cpuacct:/job\n2:pids:/\n0::/\n',
      '/proc/self/mountinfo': [
        v1('memory'),
        v1('cpu,cpuacct'),
        v1('pids'),
        V2.replace('/sys/fs/cgroup', '/sys/fs/cgroup/unified'),
      ].join('\n'),
      '/sys/fs/cgroup/memory/job/memory.limit_in_bytes': `${GIB}\n`,
      '/sys/fs/cgroup/memory/job/memory.usage_in_bytes': `${GIB / 2}\n`,
      '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
      '/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us': '50000\n',
      '/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us': '100000\n',
      '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '-1\n',
      '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000\n',
      '/sys/fs/cgroup/pids/pids.max': 'max\n',
    };
    assert.deepEqual(cgroupLimits(reader(files)), { memoryBytes: GIB, memoryUsedBytes: GIB / 2, cores: 0.5 });
  });

  test('a container that is shown its own group at the mount, or another part of the tree, is read there', () => {
    for (const root of ['/docker/abc', '/another'])
      assert.deepEqual(
        cgroupLimits(
          reader({
            '/proc/self/cgroup': '5:memory:/docker/abc\n',
            '/proc/self/mountinfo': v1('memory', root),
            '/sys/fs/cgroup/memory/memory.limit_in_bytes': `${GIB}`,
          }),
        ),
        { memoryBytes: GIB },
        root,
      );
  });

  test('nothing told is nothing known, whatever the texts are', () => {
    assert.deepEqual(
      cgroupLimits(() => undefined),
      {},
    );
    fc.assert(
      fc.property(fc.string(), fc.string(), (group, mounts) => {
        const limits = cgroupLimits((path) =>
          path.endsWith('cgroup') ? group : path.endsWith('mountinfo') ? mounts : undefined,
        );
        assert.deepEqual(limits, {});
      }),
    );
  });
});

const load: Load = { clients: 100, rampRatePerSecond: 5, isTapped: true, isPaced: false, bitsPerSecond: 1_000_000 };
const meminfo = (total: number, available: number, swap = 0): string =>
  `MemTotal:       ${total / 1024} kB\nMemAvailable:   ${available / 1024} kB\nSwapTotal:      ${swap / 1024} kB\n`;
const machine = (facts: Partial<SystemFacts>): SystemFacts => ({ isRoot: false, cores: 4, ...facts });
const levels = (asked: Load, facts: SystemFacts): readonly string[] =>
  machineChecks(asked, facts).map(({ level }) => level);

describe('memory and processor', () => {
  test('a machine with room for everything passes and says what it has', () => {
    const [memory, cpu] = machineChecks(load, machine({ memory: meminfo(16 * GIB, 8 * GIB) }));
    assert.deepEqual([memory?.level, cpu?.level], ['ok', 'ok']);
    assert.match(memory?.detail ?? '', /^8\.59 GB available, about 2\.\d+ GB needed for 100 clients$/);
    assert.match(cpu?.detail ?? '', /^4 cores, about 0\.\d\d needed for 100 clients at 1\.00 Mbit\/s each, /);
  });

  test('what one client can begin with warns, though a long run of it takes more', () => {
    const asked = { ...load, clients: 1 };
    const level = (gib: number) => levels(asked, machine({ memory: meminfo(gib * GIB, gib * GIB) }))[0];
    assert.deepEqual([level(1 / 8), level(1 / 4), level(1 / 2)], ['fail', 'warn', 'ok']);
  });

  test('too little memory warns with the clients that fit; so little that it cannot begin fails', () => {
    const asked = { ...load, clients: 1_000 };
    const [tight] = machineChecks(asked, machine({ memory: meminfo(16 * GIB, 8 * GIB) }));
    assert.equal(tight?.level, 'warn');
    const fitting = Number(/^--clients (\d+)/.exec(tight?.fix ?? '')?.[1]);
    assert.equal(levels({ ...load, clients: fitting }, machine({ memory: meminfo(16 * GIB, 8 * GIB) }))[0], 'ok');
    assert.equal(levels({ ...load, clients: fitting + 1 }, machine({ memory: meminfo(16 * GIB, 8 * GIB) }))[0], 'warn');
    const [hopeless] = machineChecks(asked, machine({ memory: meminfo(GIB, GIB / 2) }));
    assert.deepEqual([hopeless?.level, hopeless?.ok], ['fail', false]);
  });

  test('swap is memory to begin with, but none to run in', () => {
    assert.equal(levels({ ...load, clients: 1_000 }, machine({ memory: meminfo(GIB, GIB / 2, 32 * GIB) }))[0], 'warn');
  });

  test("a control group's limits count where they are tighter than the machine's", () => {
    const facts = machine({
      memory: meminfo(16 * GIB, 8 * GIB),
      cgroup: { memoryBytes: GIB, memoryUsedBytes: GIB / 2, cores: 0.1 },
    });
    const [memory, cpu] = machineChecks(load, facts);
    assert.deepEqual([memory?.level, cpu?.level], ['warn', 'warn']);
    assert.match(memory?.detail ?? '', /^537 MB available in this control group/);
    assert.match(cpu?.detail ?? '', /^0\.10 cores, .*the machine will be full$/);
  });

  test('starts that come faster than the processors take them only warn, with a rate that fits', () => {
    const [, cpu] = machineChecks({ ...load, rampRatePerSecond: 100 }, machine({ cores: 2, memory: '' }));
    assert.equal(cpu?.level, 'warn');
    const rate = Number(/^--ramp-rate (\d+)$/.exec(cpu?.fix ?? '')?.[1]);
    assert.equal(levels({ ...load, rampRatePerSecond: rate }, machine({ cores: 2 }))[1], 'ok');
  });

  test('a machine that is too small for both is told both at once, the rate first where the starts weigh more', () => {
    const asked = { ...load, clients: 1_000, rampRatePerSecond: 500, bitsPerSecond: 3_000_000 };
    const [, cpu] = machineChecks(asked, machine({ cores: 2 }));
    assert.match(cpu?.fix ?? '', /^--ramp-rate \d+ --clients \d+$/);
  });

  test('whoever follows the fix of the processor check is not sent on to another', () => {
    const shape = { clients: fc.integer({ min: 1, max: 3_000 }), rampRatePerSecond: fc.integer({ min: 1, max: 500 }) };
    fc.assert(
      fc.property(
        fc.record(shape),
        fc.integer({ min: 100_000, max: 20_000_000 }),
        fc.boolean(),
        fc.double({ min: 0.05, max: 8, noNaN: true }),
        (asked, bitsPerSecond, isPaced, cores) => {
          const wanted = { ...load, ...asked, bitsPerSecond, isPaced };
          const fix = machineChecks(wanted, machine({ cores }))[1]?.fix;
          if (fix === undefined || fix === 'another machine') return;
          const clients = Number(/--clients (\d+)/.exec(fix)?.[1] ?? wanted.clients);
          const rampRatePerSecond = Number(/--ramp-rate (\d+)/.exec(fix)?.[1] ?? wanted.rampRatePerSecond);
          assert.equal(levels({ ...wanted, clients, rampRatePerSecond }, machine({ cores }))[1], 'ok', fix);
        },
      ),
    );
  });

  test('a stream that does not say its rate is assumed to have one, and the line says so', () => {
    const [, cpu] = machineChecks({ ...load, bitsPerSecond: undefined }, machine({}));
    assert.match(cpu?.detail ?? '', /at 2\.00 Mbit\/s each \(assumed: the stream does not say\)/);
  });

  test('what the system does not tell is a warning', () => {
    assert.deepEqual(levels(load, { isRoot: false }), ['warn', 'warn']);
  });

  test('cost grows with clients, rate, doors and pace, and the most clients that fit are the most', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5_000 }), fc.integer({ min: 1, max: 5_000 }), (clients, roomFor) => {
        const asked = { ...load, clients };
        const limit = costOf({ ...load, clients: roomFor }).cores;
        assert.equal(
          mostClients(asked, ({ cores }) => cores <= limit),
          Math.min(clients, roomFor),
        );
        const cores = (change: Partial<Load>): number => costOf({ ...asked, ...change }).cores;
        assert.ok(cores({ isPaced: true }) > cores({}) && cores({ isTapped: false }) < cores({}));
        assert.ok(cores({ bitsPerSecond: 5_000_000 }) > cores({}));
      }),
    );
  });
});

describe('limits', () => {
  const limits = (files: string, processes = 'unlimited unlimited'): string =>
    `Max processes             ${processes}            processes \nMax open files            ${files}             files     \n`;
  const filesFor = (clients: number, files: string, isRoot = false, isTapped = true) =>
    systemChecks(clients, { isRoot, limits: limits(files) }, { isTapped })[0];

  test('a little fewer files than the rule asks for are a warning as long as it can work', () => {
    assert.deepEqual(
      [
        filesFor(1_000, '20100 20100')?.level,
        filesFor(1_000, '20000 20000')?.level,
        filesFor(1_000, '11000 11000')?.level,
      ],
      ['ok', 'warn', 'fail'],
    );
    assert.equal(filesFor(1_000, '3000 3000', false, false)?.level, 'warn', 'without doors there are few');
  });

  test('the fix is one that works: a hard limit is root to raise', () => {
    assert.equal(filesFor(100, '1024 4096')?.fix, 'ulimit -n 2100');
    assert.equal(filesFor(100, '1024 1024', true)?.fix, 'ulimit -n 2100');
    assert.equal(filesFor(100, '1024 1024')?.fix, 'sudo prlimit --pid $$ --nofile=2100 && ulimit -n 2100');
  });

  test('threads count as processes, and a control group counts also for root', () => {
    const facts = { isRoot: true, limits: limits('99999 99999'), cgroup: { processes: 300, processesUsed: 40 } };
    const check = (threadsPerClient: number) => systemChecks(100, facts, { threadsPerClient })[1];
    assert.deepEqual([check(1)?.level, check(3)?.level], ['ok', 'fail']);
    assert.match(check(3)?.fix ?? '', /to 390$/);
  });

  test('ports: four connections to the origin per client, and with the tap a door', () => {
    const ports = (range: string, isTapped: boolean) =>
      systemChecks(10, { isRoot: false, portRange: range }, { isTapped })[2];
    assert.deepEqual([ports('40000 40049', true)?.level, ports('40000 40048', true)?.level], ['ok', 'warn']);
    assert.deepEqual([ports('40000 40039', false)?.level, ports('40000 40038', false)?.level], ['ok', 'warn']);
  });

  test('this machine tells something of everything', { skip: process.platform !== 'linux' }, () => {
    const facts = readSystemFacts();
    assert.ok(facts.limits !== undefined && facts.portRange !== undefined && facts.memory !== undefined);
    assert.ok((facts.cores ?? 0) >= 1);
  });
});
