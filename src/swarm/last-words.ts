// Why a process left, in FFmpeg's own words: what it said last, at which level. It keeps one line per level, reads no clock and
// knows no exit code.

/** Few lines are any of these, and every line is looked at. */
const SIGNIFICANT = /\[(?:error|fatal|panic|warning)\]|Exiting normally/;
/** FFmpeg says why it leaves right before it leaves; an older complaint is of something that it got over. */
const FRESH_MS = 5_000;
const ERROR = /\[(?:error|fatal|panic)\]\s*(.+)$/;
const WARNING = /\[warning\]\s*(.+)$/;
/** At level info, and the only word of a process that somebody else told to leave. */
const TOLD_TO_LEAVE = /Exiting normally, received signal \d+\./;

interface Words {
  readonly text: string;
  readonly atMs: number;
}

export class LastWords {
  #error: Words | undefined;
  #toldToLeave: Words | undefined;
  #warning: Words | undefined;

  /** Takes every line of stderr. */
  note(line: string, atMs: number): void {
    if (!SIGNIFICANT.test(line)) return;
    const error = ERROR.exec(line)?.[1];
    if (error !== undefined) {
      this.#error = { text: error.trim(), atMs };
      return;
    }
    const [told] = TOLD_TO_LEAVE.exec(line) ?? [];
    if (told !== undefined) this.#toldToLeave = { text: told, atMs };
    const warning = WARNING.exec(line)?.[1];
    if (warning !== undefined) this.#warning = { text: warning.trim(), atMs };
  }

  /** Of what it said in its last seconds: what it was told, else the gravest; undefined when it left without a word. */
  reason(endedAtMs: number): string | undefined {
    const words = [this.#toldToLeave, this.#error, this.#warning];
    return words.find((said) => said !== undefined && endedAtMs - said.atMs <= FRESH_MS)?.text;
  }
}
