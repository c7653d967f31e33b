// What FFmpeg is told about the character sets of the system: that there are none. It starts nothing and reads no environment.

/**
 * A static build dies by SIGSEGV when the name of a service in a transport stream makes it load the character sets of a C
 * library that is not its own. Any other build finds its own by a longer way, so only where builds cannot be told apart do all
 * of them get it.
 */
export const NO_CHARACTER_SETS: Readonly<Record<string, string>> = { GCONV_PATH: '/dev/null' };
