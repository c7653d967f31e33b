// The run's own certificate authority as far as others need it: made for the tap, written for players, handed to FFmpeg.
// It signs nothing itself and is thrown away with the run.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import type { Options } from '../config/options.ts';
import { type Authority, createAuthority } from '../proxy/tls/authority.ts';
import { writeWhole } from '../report/report-file.ts';
import type { Capabilities } from '../swarm/capabilities.ts';
import { CannotMeasure } from './exit-codes.ts';

/**
 * Made, and written where `--tls-ca-out` says, when TLS is to be expected; else a worker makes its own should it come to
 * that: it costs 0.1 s, which most runs need not wait for.
 * @throws CannotMeasure when the file cannot be written
 */
export async function openAuthority(
  { tls, tlsCaOut }: Pick<Options, 'tls' | 'tlsCaOut'>,
  isExpected: boolean,
  clock: Clock,
): Promise<Authority | undefined> {
  if (tls === 'tunnel' || (!isExpected && tlsCaOut === undefined)) return undefined;
  const authority = await createAuthority(clock.wallMs());
  if (tlsCaOut !== undefined)
    await writeWhole('--tls-ca-out', tlsCaOut, authority.certificate).catch((error: Error) => {
      throw new CannotMeasure(error.message);
    });
  return authority;
}

/** The certificate as a file for clients that verify, removed with it. */
export class ClientTrust implements AsyncDisposable {
  readonly #folder: string | undefined;
  /** Absent where nobody would read it: FFmpeg before 9 takes any certificate. */
  readonly caFile: string | undefined;

  static async open({ verifiesTls }: Capabilities, certificate: string | undefined): Promise<ClientTrust> {
    if (!verifiesTls || certificate === undefined) return new ClientTrust(undefined);
    const folder = await mkdtemp(join(tmpdir(), 'hls-swarm-authority-'));
    const trust = new ClientTrust(folder);
    await writeFile(join(folder, CA_FILE), certificate);
    return trust;
  }

  private constructor(folder: string | undefined) {
    this.#folder = folder;
    this.caFile = folder === undefined ? undefined : join(folder, CA_FILE);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true });
  }
}

const CA_FILE = 'authority.pem';
