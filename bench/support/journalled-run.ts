// One run of hls-swarm from its start to its own end, and the journal that it leaves. It judges nothing.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ReadJournal, readJournal } from '../../test/support/journal.ts';
import { startHlsSwarm } from '../../test/support/program.ts';

/** Another exit code than 0 is told on stderr; rejects when there is no whole journal. */
export async function journalOf(args: readonly string[], limitMs: number): Promise<ReadJournal> {
  const folder = await mkdtemp(join(tmpdir(), 'hls-swarm-verify-'));
  try {
    const file = join(folder, 'j.ndjson');
    await using program = startHlsSwarm([...args, '--journal', file, '--report', join(folder, 'r.json')]);
    const { code, stderr } = await program.ended(limitMs);
    if (code !== 0) console.error(`hls-swarm ${args.join(' ')}: exit ${code}\n${stderr}`);
    return await readJournal(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
