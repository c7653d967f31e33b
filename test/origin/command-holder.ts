// The command alone, as main.ts runs it.
import { runOrigin } from '../../src/origin/command.ts';

process.exitCode = await runOrigin({ profile: 'low-bitrate', host: '127.0.0.1', port: 0 });
