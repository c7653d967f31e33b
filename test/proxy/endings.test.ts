// Every termination code is provoked from the outside by a scenario, here or in the file that is named for it: code, phases
// present and absent, bytes, integrity, and what the origin saw. That phases sum up and each transfer ends once is law.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { TERMINATIONS, type Termination } from '../../src/events.ts';
import { onBothThreads } from '../support/tap.ts';
import { ENDED_BY_CLIENT } from './endings/by-client.ts';
import { ENDED_BY_ORIGIN } from './endings/by-origin.ts';
import { ENDED_REQUESTS } from './endings/by-request.ts';

const FIRST_HEAD_MS = 250;
const DIAL_TIMEOUT_MS = 300;
const SCENARIOS = [...ENDED_BY_ORIGIN, ...ENDED_BY_CLIENT, ...ENDED_REQUESTS];

/** Codes that need a tap of another make: tests in other files of this folder and those in it, named `CODE: ...`, provoke them. */
const ELSEWHERE: ReadonlySet<Termination> = new Set<Termination>(['RC', 'sH', 'sD', 'cD', 'XT']);
/** It must never happen: that it did not is a law that the bench checks for every transfer of every test. */
const NEVER: Termination = 'ID';

for (const code of TERMINATIONS.filter((one) => one !== NEVER))
  test(`${code} has a scenario`, () => {
    const isHere = SCENARIOS.some((scenario) => scenario.code === code);
    assert.ok(isHere || (ELSEWHERE.has(code) && isTestedElsewhere(code)), 'no test is named for it');
  });

function isTestedElsewhere(code: Termination): boolean {
  const folder = new URL('.', import.meta.url);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.test.ts'));
  return files.some((file) => new RegExp(`['"\x60]${code}: `).test(readFileSync(new URL(file, folder), 'utf8')));
}

onBothThreads(
  'ending',
  SCENARIOS.map(({ code, name, run }) => [`${code}: ${name}`, run]),
  { dialTimeoutMs: DIAL_TIMEOUT_MS, limits: { firstHeadMs: FIRST_HEAD_MS } },
);
