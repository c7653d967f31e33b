// The origin's access log of a run: opened before anything starts, so that a name that cannot be meant ends the run at once.
// It reads no line; the follower does.
import type { Options } from '../config/options.ts';
import { type AccessLogDeps, AccessLogFollower } from '../scrape/access-log.ts';
import { readMapping } from '../stats/access-log-line.ts';
import type { Check } from '../swarm/check.ts';

export interface OpenedAccessLog {
  /** Absent when no log was named. */
  readonly follower?: AccessLogFollower;
  /** For the preflight: whether it can be read. */
  readonly checks: readonly Check[];
  [Symbol.asyncDispose](): Promise<void>;
}

export async function openAccessLog(options: Options, deps: AccessLogDeps): Promise<OpenedAccessLog> {
  const { originAccessLog: path, originAccessLogFields } = options;
  if (path === undefined) return { checks: [], [Symbol.asyncDispose]: async () => {} };
  const read = readMapping(originAccessLogFields);
  if ('problem' in read) throw new Error(`the command line let a mapping pass that ${read.problem}`);
  const follower = new AccessLogFollower(deps, { path, mapping: read.mapping });
  const checks = [await checkOf(follower, path)];
  return { follower, checks, [Symbol.asyncDispose]: () => follower.stop() };
}

async function checkOf(follower: AccessLogFollower, path: string): Promise<Check> {
  const name = 'access_log';
  try {
    const isThere = await follower.open();
    return isThere
      ? { name, ok: true, level: 'ok', detail: `following ${path} from its end` }
      : {
          name,
          ok: true,
          level: 'warn',
          detail: `${path} is not there yet; it is read from its beginning when it appears`,
        };
  } catch (error) {
    const detail = `${path} cannot be followed: ${(error as Error).message}`;
    return { name, ok: false, level: 'fail', detail, fix: 'name the file that the origin writes its JSON lines to' };
  }
}
