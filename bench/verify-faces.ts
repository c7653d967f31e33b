// `npm run verify:faces [-- FACE...]`: what people see, checked in the programs in which they see it. Exit 1 if anything is off.
// It checks nothing itself: each face is a file of bench/faces and a row of the table.
import { requirement } from '../test/support/require.ts';
import type { Face } from './faces/face.ts';
import { grafana } from './faces/grafana.ts';
import { htmlReport } from './faces/html.ts';
import { screen } from './faces/screen.ts';
import { type Check, reportChecks } from './support/checks.ts';

const FACES: readonly Face[] = [grafana, htmlReport, screen];

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !FACES.some((face) => face.name === name));
if (unknown.length > 0) {
  console.error(`unknown: ${unknown.join(', ')}; allowed: ${FACES.map(({ name }) => name).join(', ')}`);
  process.exitCode = 2;
} else await verify(FACES.filter(({ name }) => asked.length === 0 || asked.includes(name)));

async function verify(faces: readonly Face[]): Promise<void> {
  let hasFailed = false;
  for (const { name, needs, headline, verify: look } of faces) {
    const missing = needs.map(requirement).find((reason) => reason !== false);
    if (missing === undefined) await reportChecks(`faces-${name}`, headline, await look().catch(failed));
    else console.error(`${name}: ${missing}: not verified`);
    hasFailed ||= process.exitCode === 1;
  }
  process.exitCode = hasFailed ? 1 : 0;
}

/** One face that cannot be looked at does not hide the others. */
function failed(error: unknown): readonly Check[] {
  const [measured = ''] = String(error instanceof Error ? error.message : error).split('\n', 1);
  return [{ what: 'looking at it', measured, mustBe: 'possible', holds: false }];
}
