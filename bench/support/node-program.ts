// Starts a Node program that prints one line of JSON when it is ready, and stops it. It knows nothing of what the line says.
import { type Program, startProgram } from '../../src/process.ts';
import { until } from '../../test/support/processes.ts';
import { PROGRAM } from '../../test/support/program.ts';

const DEADLINE_MS = 10_000;

export interface ReadyProgram<Line> {
  readonly program: Program;
  readonly line: Line;
}

/** @throws Error with what it said when it is not ready in time */
export async function startNodeProgram<Line>(args: readonly string[]): Promise<ReadyProgram<Line>> {
  const said = { stdout: '', stderr: '' };
  const program = startProgram(process.execPath, args, {
    stdio: { stdout: 'pipe', stderr: 'pipe' },
    onStdout: (chunk) => (said.stdout += chunk.toString()),
    onStderr: (chunk) => (said.stderr += chunk.toString()),
  });
  let hasEnded = false;
  void program.exited.then(() => (hasEnded = true));
  await until(() => hasEnded || said.stdout.includes('\n'), `${args.join(' ')} is ready`, DEADLINE_MS);
  if (!said.stdout.includes('\n')) throw new Error(`${args.join(' ')} ended: ${said.stderr.trim()}`);
  return { program, line: JSON.parse(said.stdout.slice(0, said.stdout.indexOf('\n'))) as Line };
}

/** The tap as a user starts it; `line.doors` are its URLs. */
export function startTap(
  doors: number,
  options: readonly string[] = [],
): Promise<ReadyProgram<{ readonly doors: readonly string[] }>> {
  const [, ...program] = PROGRAM;
  const command = ['proxy', '--json', '--doors', String(doors), '--metrics', '127.0.0.1:0', ...options];
  return startNodeProgram([...program, ...command]);
}
