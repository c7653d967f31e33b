// What the image of deploy/Dockerfile would hold of ours, laid out in a folder: each COPY of the last stage, done by hand.
// It builds no image and installs nothing; the packages are a link to ours.
import { readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Copy, type Dockerfile, DockerfileParser, type Instruction } from 'dockerfile-ast';

const ROOT: string = fileURLToPath(new URL('../..', import.meta.url));
export const DOCKERFILE_TEXT: string = readFileSync(join(ROOT, 'deploy/Dockerfile'), 'utf8');
export const dockerfile: Dockerfile = DockerfileParser.parse(DOCKERFILE_TEXT);

export interface CopyStep {
  readonly line: number;
  /** The stage that it copies from; undefined: the repository. */
  readonly from: string | undefined;
  readonly sources: readonly string[];
  /** As written; a folder when it ends in a slash. */
  readonly target: string;
}

export interface ImageTree {
  readonly folder: string;
  /** Where a path of the image is on this machine. */
  path(inImage: string): string;
  [Symbol.asyncDispose](): Promise<void>;
}

export function copySteps(): readonly CopyStep[] {
  return dockerfile.getCOPYs().map((copy: Copy) => {
    const words = copy.getArguments().map((argument) => argument.getValue());
    const from = copy.getFlags().find((flag) => flag.getName() === 'from');
    return {
      line: copy.getRange().start.line,
      from: from?.getValue() ?? undefined,
      sources: words.slice(0, -1),
      target: words.at(-1) ?? '',
    };
  });
}

/** The line on which the last stage begins. */
export function lastStageLine(): number {
  return dockerfile.getFROMs().at(-1)?.getRange().start.line ?? 0;
}

/** The words of an instruction in exec form, a health check's behind its flags; undefined in shell form. */
export function execWords(instruction: Instruction | undefined): readonly string[] | undefined {
  const [words] = /\[.*\]$/s.exec(instruction?.getArgumentsContent() ?? '') ?? [];
  return words === undefined ? undefined : (JSON.parse(words) as readonly string[]);
}

export async function layOutImage(): Promise<ImageTree> {
  const folder = await mkdtemp(join(tmpdir(), 'hls-swarm-image-'));
  const path = (inImage: string): string => join(folder, inImage);
  for (const { line, from, sources, target } of copySteps()) {
    if (line < lastStageLine()) continue;
    for (const source of sources) {
      const to = path(target.endsWith('/') ? join(target, basename(source)) : target);
      await mkdir(dirname(to), { recursive: true });
      if (from === undefined) await cp(join(ROOT, source), to, { recursive: true });
      else await symlink(join(ROOT, basename(source)), to);
    }
  }
  return { folder, path, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}
