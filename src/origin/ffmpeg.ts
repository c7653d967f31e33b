// One run of FFmpeg for the origin: its environment, its last words, its end by an abort signal.
// It knows no arguments and decides nothing about how a run ended.
import { NO_CHARACTER_SETS } from '../character-sets.ts';
import { type Program, type ProgramExit, startProgram, withoutProxyVariables } from '../process.ts';

export interface FfmpegRun {
  readonly program: Program;
  /** How it ended, as part of a sentence: what could not be started, its last line, or its code. */
  readonly reason: Promise<string>;
  readonly exited: Promise<ProgramExit>;
}

interface FfmpegOptions {
  readonly ffmpegPath: string;
  readonly arguments: readonly string[];
  readonly folder: string;
  /** Kills it. */
  readonly signal: AbortSignal;
}

const LAST_WORDS_LENGTH = 2_000;

export function startFfmpeg(options: FfmpegOptions): FfmpegRun {
  let said = '';
  const program = startProgram(options.ffmpegPath, options.arguments, {
    stdio: { stdout: 'ignore', stderr: 'pipe' },
    cwd: options.folder,
    env: { ...withoutProxyVariables(process.env), ...NO_CHARACTER_SETS },
    onStderr: (chunk) => {
      said = (said + chunk.toString()).slice(-LAST_WORDS_LENGTH);
    },
  });
  const kill = (): void => program.kill();
  options.signal.addEventListener('abort', kill, { once: true });
  void program.exited.then(() => options.signal.removeEventListener('abort', kill));
  const reason = program.exited.then(({ failure, signal, code }) => {
    const [lastLine = ''] = said.trim().split('\n').slice(-1);
    return failure ?? (lastLine || (signal ?? `exit code ${code} without a word`));
  });
  return { program, reason, exited: program.exited };
}
