// A main program that starts the embedded origin, prints its process id and waits to be killed; with `exit` it just exits.
import { silentLog } from '../../src/log.ts';
import { startEmbeddedOrigin } from '../../src/origin/embedded.ts';

const origin = await startEmbeddedOrigin({ profile: 'low-bitrate', log: silentLog });
process.stdout.write(`${origin.pid}\n`, () => {
  if (process.argv[2] === 'exit') process.exit(3);
});
