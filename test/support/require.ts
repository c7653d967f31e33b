// Decides whether a test that needs an outside program may run, must run, or is skipped with a reason.
// It installs nothing; `.ci/run` and `scripts/setup.js` do.
import { spawnSync } from 'node:child_process';

const mustHave = new Set((process.env['HLS_SWARM_REQUIRE'] ?? '').split(',').filter((name) => name !== ''));

/** The `skip` option of a test: false when `program` is there, a reason when not; throws when HLS_SWARM_REQUIRE names it. */
export function requirement(program: string): false | string {
  const found = spawnSync('sh', ['-c', 'command -v "$0"', program]).status === 0;
  if (found) return false;
  if (mustHave.has(program)) throw new Error(`HLS_SWARM_REQUIRE names ${program}, which is not installed`);
  return `${program} is not installed`;
}
