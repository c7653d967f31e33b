// Programs started through the launcher's process: endings, tails of pipes, stops, and the death of launcher and parent.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { after, before, describe, test } from 'node:test';
import { Launcher } from '../src/launcher.ts';
import { isGreeting, JsonLines } from '../src/launcher-messages.ts';
import { type Program, startProgram } from '../src/process.ts';
import { fakeProgram, isAlive, until } from './support/processes.ts';
import { requirement } from './support/require.ts';
import { SILENT, startsAndStopsPrograms } from './support/start-program.ts';

/** A full machine lets many that come last wait for seconds before they begin. */
const MANY_BEGIN_MS = 20_000;

let launcher: Launcher;

before(async () => {
  launcher = await Launcher.open();
});
after(async () => {
  await launcher.close();
});

startsAndStopsPrograms((command, args, options) => launcher.startProgram(command, args, options), {
  blockingPipes: [1, 2, 3],
  drainedWithinMs: 5_000,
});

describe('starting', () => {
  test('the pid is told once, as soon as it is known', async () => {
    const told: number[] = [];
    const program = launcher.startProgram('sh', ['-c', 'exit 0'], { ...SILENT, onStarted: (pid) => told.push(pid) });
    assert.equal(program.pid, undefined);
    await program.exited;
    assert.deepEqual(told, [program.pid]);
  });
});

describe('pipes', () => {
  test('each stream has its own words, and they are not mixed between programs', async () => {
    const words = await Promise.all(
      Array.from({ length: 20 }, async (_, number) => {
        const said = { stderr: '', fd3: '' };
        const program = launcher.startProgram('sh', ['-c', `echo error ${number} >&2; echo progress ${number} >&3`], {
          stdio: { stdout: 'ignore', stderr: 'pipe', fd3: 'pipe' },
          onStderr: (chunk) => (said.stderr += chunk.toString()),
          onFd3: (chunk) => (said.fd3 += chunk.toString()),
        });
        await program.exited;
        return said;
      }),
    );
    words.forEach((said, number) => {
      assert.deepEqual(said, { stderr: `error ${number}\n`, fd3: `progress ${number}\n` });
    });
  });

  test('pipes are used again, and nobody hears what somebody else said before or says still', async () => {
    const own = await Launcher.open();
    const left: number[] = [];
    try {
      for (let turn = 0; turn < 4; turn += 1) {
        let said = '';
        const command = `echo ${turn}; setsid sh -c 'echo $$ ${turn}; exec sleep 30' & sleep 60`;
        const program = own.startProgram('sh', ['-c', command], {
          stdio: { stdout: 'pipe', stderr: 'pipe' },
          onStdout: (chunk) => (said += chunk.toString()),
        });
        // Of every other one something lives on with the pipes in its hand: they are nobody else's from then on.
        await until(() => said.split('\n').length === 3, 'both to speak');
        const [, pid] = /^(\d+) \d$/m.exec(said) ?? [];
        if (turn % 2 === 0) process.kill(Number(pid), 'SIGKILL');
        else left.push(Number(pid));
        program.kill();
        await program.exited;
        assert.deepEqual(said.match(/\d$/gm), [`${turn}`, `${turn}`]);
      }
    } finally {
      for (const pid of left) process.kill(pid, 'SIGKILL');
      await own.close();
    }
  });

  test('the program gets the environment that it is given, and nothing of how we talk', async () => {
    let said = '';
    const program = launcher.startProgram('env', [], {
      stdio: { stdout: 'pipe', stderr: 'ignore' },
      env: { A: 'b', GONE: undefined, PATH: process.env['PATH'] },
      onStdout: (chunk) => (said += chunk.toString()),
    });
    await program.exited;
    assert.deepEqual(
      said.split('\n').filter((line) => !/^(PATH=|PWD=|_=|$)/.test(line)),
      ['A=b'],
    );
  });
});

describe('stopping', () => {
  test('however many are asked for at once, each is started, and those stopped while they wait are not', async () => {
    let started = 0;
    const programs = Array.from({ length: 120 }, () =>
      launcher.startProgram('true', [], {
        stdio: { stdout: 'pipe', stderr: 'pipe', fd3: 'pipe' },
        onStarted: () => {
          started += 1;
        },
      }),
    );
    for (const program of programs.slice(100)) program.kill();
    const exits = await Promise.all(programs.map(({ exited }) => exited));
    assert.deepEqual(exits.slice(0, 100), new Array(100).fill({ code: 0 }));
    assert.deepEqual(exits.slice(100), new Array(20).fill({ signal: 'SIGKILL' }));
    assert.equal(started, 100);
  });

  test('a program that is stopped before it was started never is', async () => {
    const told: number[] = [];
    const program = launcher.startProgram('sleep', ['60'], {
      stdio: { stdout: 'pipe', stderr: 'pipe' },
      onStarted: (pid) => told.push(pid),
    });
    program.kill();
    assert.deepEqual(await program.exited, { signal: 'SIGKILL' });
    assert.ok(told.every((pid) => !isAlive(pid)));
  });
});

describe('groups and turns', () => {
  test('programs that start no others share the group of their launcher; a script and what it starts has its own', {
    skip: requirement('setpriv'),
  }, async () => {
    let said = '';
    const leaf = launcher.startProgram('sleep', ['60'], { ...SILENT, isLeaf: true });
    const script = launcher.startProgram(fakeProgram('starts-another'), [], {
      stdio: { stdout: 'pipe', stderr: 'ignore' },
      isLeaf: true,
      onStdout: (chunk) => (said += chunk.toString()),
    });
    // A program may speak before the launcher has told who it is.
    const areKnown = (): boolean => leaf.pid !== undefined && script.pid !== undefined;
    await until(() => areKnown() && said.endsWith('\n'), 'both programs');
    const [pid = 0, own = 0, another] = [leaf.pid, script.pid, Number(said)];
    assert.deepEqual([groupOf(pid), sessionOf(pid)], [parentOf(pid), parentOf(pid)]);
    assert.deepEqual([groupOf(own), sessionOf(own), groupOf(another)], [own, own, own]);
    assert.deepEqual(await leaf.stop(), { signal: 'SIGTERM' });
    assert.ok(isAlive(own), 'who shares a group is told alone');
    assert.deepEqual(await script.stop(), { signal: 'SIGTERM' });
    await until(() => !isAlive(another), 'what the script started to be gone');
  });

  const priorityOf = ({ pid }: Program): number => getPriority(pid ?? 0);
  /** Of what `own` starts; of others only the superuser is told. */
  const slackMsOf = async (own: Launcher): Promise<number> => {
    let said = '';
    const program = own.startProgram('cat', ['/proc/self/timerslack_ns'], {
      stdio: { stdout: 'pipe', stderr: 'ignore' },
      onStdout: (chunk) => (said += chunk.toString()),
    });
    assert.deepEqual(await program.exited, { code: 0 });
    return Number(said) / 1e6;
  };
  const leafOf = (own: Launcher): Program => own.startProgram('sleep', ['60'], { ...SILENT, isLeaf: true });

  test('of many, those that begin come after everything else, and after them those that have begun; their timers go off together', async () => {
    const own = await Launcher.open(51);
    try {
      const [beginner, early, late] = [leafOf(own), leafOf(own), leafOf(own)];
      // Before anybody can have started it.
      early.giveWay?.();
      await until(() => [beginner, early, late].every(({ pid }) => pid !== undefined), 'the programs');
      await until(() => priorityOf(early) === 19, 'one that had begun before it was there');
      late.giveWay?.();
      await until(() => priorityOf(late) === 19, 'one that has begun');
      assert.equal(priorityOf(beginner), 5);
      if (process.platform === 'linux') assert.equal(await slackMsOf(own), 20);
    } finally {
      await own.close();
    }
  });

  test('a few come right after us, begun or not, and their timers are exact', async () => {
    const own = await Launcher.open(50);
    try {
      const [beginner, other] = [leafOf(own), leafOf(own)];
      await until(() => [beginner, other].every(({ pid }) => pid !== undefined), 'the programs');
      other.giveWay?.();
      // What it is told is told in order: one more is known only when that was heard.
      const next = leafOf(own);
      await until(() => next.pid !== undefined, 'the next program');
      await until(() => [beginner, other, next].every((program) => priorityOf(program) === 5), 'all at 5');
      if (process.platform === 'linux') assert.ok((await slackMsOf(own)) < 1);
    } finally {
      await own.close();
    }
  });

  test('a launcher that takes the place of a lost one knows that they are many', {
    skip: requirement('setpriv'),
  }, async () => {
    const own = await Launcher.open(51);
    try {
      const first = leafOf(own);
      await until(() => first.pid !== undefined, 'the first program');
      process.kill(parentOf(first.pid ?? 0), 'SIGKILL');
      await first.exited;
      const second = leafOf(own);
      await until(() => second.pid !== undefined && priorityOf(second) === 5, 'a beginner of many');
    } finally {
      await own.close();
    }
  });

  test('to a scheduler that divides by sessions all of them are one group, which comes last', {
    skip: existsSync('/proc/self/autogroup') ? false : 'this kernel does not divide by sessions',
  }, async () => {
    const own = await Launcher.open(51);
    try {
      const programs = Array.from({ length: 51 }, () => leafOf(own));
      await until(() => programs.every(({ pid }) => pid !== undefined), 'the programs', MANY_BEGIN_MS);
      const groups = (): readonly string[] => [...new Set(programs.map(({ pid }) => autogroupOf(pid ?? 0)))];
      await until(() => groups().length === 1 && groups()[0]?.endsWith(' nice 19') === true, 'one group');
      assert.notEqual(groups()[0]?.split(' ')[0], autogroupOf(process.pid).split(' ')[0]);
    } finally {
      await own.close();
    }
  });
});

describe('deaths', () => {
  test('a launcher that is lost takes its programs along, each is told so, and the next start gets a new one', {
    skip: requirement('setpriv'),
  }, async () => {
    let pid = 0;
    const program = launcher.startProgram('sleep', ['60'], { ...SILENT, onStarted: (started) => (pid = started) });
    // Before setpriv has become it, it does not die with its parent.
    await until(() => pid > 0 && !commandOf(pid).includes('setpriv'), 'the program');
    process.kill(parentOf(pid), 'SIGKILL');
    assert.deepEqual(await program.exited, { failure: 'the process that starts clients was lost (SIGKILL)' });
    await until(() => !isAlive(pid), 'the program to be gone');
    assert.deepEqual(await launcher.startProgram('sh', ['-c', 'exit 5'], SILENT).exited, { code: 5 });
  });

  test('two starts at once after a loss share the one new launcher', { skip: requirement('setpriv') }, async () => {
    const own = await Launcher.open();
    try {
      const first = own.startProgram('sleep', ['60'], SILENT);
      await until(() => first.pid !== undefined, 'the first program');
      process.kill(parentOf(first.pid ?? 0), 'SIGKILL');
      await first.exited;
      const programs = [own.startProgram('sleep', ['60'], SILENT), own.startProgram('sleep', ['60'], SILENT)];
      await until(() => programs.every(({ pid }) => pid !== undefined), 'both programs');
      const [one, other] = programs.map(({ pid }) => parentOf(pid ?? 0));
      assert.equal(one, other);
    } finally {
      await own.close();
    }
  });

  test('kill -9 of the parent leaves nobody behind, ten children and the launcher', {
    skip: requirement('setpriv'),
  }, async () => {
    let printed = '';
    const parent = startProgram(process.execPath, [fakeProgram('parent-of-many.ts')], {
      stdio: { stdout: 'pipe', stderr: 'inherit' },
      onStdout: (chunk) => (printed += chunk.toString()),
    });
    await until(() => printed.endsWith('\n'), 'the parent to say its pids');
    const children = printed.trim().split(' ').map(Number);
    const all = [...children, parentOf(children[0] ?? 0)];
    assert.equal(children.length, 10);
    assert.ok(all.every(isAlive));
    // Before setpriv has become it, a child does not die with its parent.
    await until(() => !all.some((pid) => commandOf(pid).includes('setpriv')), 'the children to be programs');
    process.kill(parent.pid ?? 0, 'SIGKILL');
    await parent.exited;
    // How soon is a matter of `verify:1000`.
    await until(() => !all.some(isAlive), 'the children to be gone');
  });

  test('closing ends the launcher, and no descriptor stays open here', async () => {
    const open = (): number => readdirSync('/proc/self/fd').length;
    const before = open();
    const other = await Launcher.open();
    const programs = Array.from({ length: 5 }, () =>
      other.startProgram('sleep', ['60'], { stdio: { stdout: 'pipe', stderr: 'pipe' } }),
    );
    await until(() => programs.every(({ pid }) => pid !== undefined), 'five programs');
    await other.close();
    for (const { exited, pid } of programs) {
      await exited;
      await until(() => !isAlive(pid ?? 0), 'the program to be gone');
    }
    await until(() => open() <= before, 'the descriptors to be closed');
  });
});

test('a greeting without the token is nobody, whatever else it says', () => {
  for (const line of ['', '{}', '7', 'null', '{"token":"other"}']) assert.equal(isGreeting(line, 'right'), false, line);
  assert.equal(isGreeting('{"token":"right"}', 'right'), true);
});

test('lines are whole however they come in pieces', () => {
  const lines = new JsonLines();
  const whole = ['a', '\nbc', 'd\n\n', 'e'].flatMap((chunk) => [...lines.read(chunk)]);
  assert.deepEqual(whole, ['a', 'bcd', '']);
});

function commandOf(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
}

function parentOf(pid: number): number {
  return idsOf(pid)[0];
}

function groupOf(pid: number): number {
  return idsOf(pid)[1];
}

function sessionOf(pid: number): number {
  return idsOf(pid)[2];
}

/** Parent, group, session. */
function idsOf(pid: number): readonly [number, number, number] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const [, parent, group, session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return [Number(parent), Number(group), Number(session)];
}

/** As `/autogroup-7 nice 0`. */
function autogroupOf(pid: number): string {
  return readFileSync(`/proc/${pid}/autogroup`, 'latin1').trim();
}
