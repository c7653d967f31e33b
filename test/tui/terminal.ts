// A terminal without glass: a fake TTY whose output goes through xterm.js, so that tests see what a person would.
// It answers no queries and has no shell.
import { PassThrough, Writable } from 'node:stream';
import xterm from '@xterm/headless';
import { openScreen, type Screen } from '../../src/tui/screen.ts';
import type { Size } from '../../src/tui/view-state.ts';

export class FakeTerminal {
  readonly #xterm: InstanceType<typeof xterm.Terminal>;
  readonly #writes: string[] = [];
  readonly stdout: NodeJS.WriteStream;
  readonly stdin: NodeJS.ReadStream;
  isRaw = false;

  constructor({ columns, rows }: Size) {
    this.#xterm = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
    const output = new Writable({
      decodeStrings: false,
      write: (chunk: string | Buffer, _encoding, done) => {
        this.#writes.push(String(chunk));
        this.#xterm.write(String(chunk), done);
      },
    });
    this.stdout = Object.assign(output, { isTTY: true, columns, rows }) as unknown as NodeJS.WriteStream;
    const input = new PassThrough();
    this.stdin = Object.assign(input, {
      isTTY: true,
      isRaw: false,
      setRawMode: (isRaw: boolean) => {
        this.isRaw = isRaw;
        this.stdin.isRaw = isRaw;
        return this.stdin;
      },
    }) as unknown as NodeJS.ReadStream;
  }

  open(options: { env?: Record<string, string>; onKey?: (press: string) => void; suspend?: () => void } = {}): Screen {
    const { env = {}, onKey = () => {}, suspend = () => {} } = options;
    return openScreen({ stdin: this.stdin, stdout: this.stdout, env: { TERM: 'xterm', ...env }, onKey, suspend });
  }

  /** All rows as text, when everything written has been drawn. */
  async rows(): Promise<string[]> {
    await this.settled();
    const buffer = this.#xterm.buffer.active;
    return Array.from({ length: this.#xterm.rows }, (_, index) =>
      (buffer.getLine(buffer.baseY + index)?.translateToString(true) ?? '').trimEnd(),
    );
  }

  async settled(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise<void>((resolve) => this.#xterm.write('', resolve));
  }

  get isAlternate(): boolean {
    return this.#xterm.buffer.active.type === 'alternate';
  }

  get isCursorShown(): boolean {
    const output = this.output();
    return output.lastIndexOf('\x1b[?25h') > output.lastIndexOf('\x1b[?25l');
  }

  /** What was written since `mark`. */
  output(mark = 0): string {
    return this.#writes.slice(mark).join('');
  }

  get mark(): number {
    return this.#writes.length;
  }

  /** First cell of the text in that row: its foreground colour of the palette (-1 = the terminal's own), and if it is bold. */
  styleOf(row: number, text: string): { color: number; isBold: boolean } {
    const line = this.#xterm.buffer.active.getLine(this.#xterm.buffer.active.baseY + row);
    const column = line?.translateToString(false).indexOf(text) ?? -1;
    const cell = line?.getCell(column);
    return { color: cell?.isFgDefault() ? -1 : (cell?.getFgColor() ?? -2), isBold: (cell?.isBold() ?? 0) !== 0 };
  }

  resize({ columns, rows }: Size): void {
    this.#xterm.resize(columns, rows);
    Object.assign(this.stdout, { columns, rows });
    this.stdout.emit('resize');
  }

  async press(octets: string): Promise<void> {
    this.stdin.push(octets);
    await this.settled();
  }

  write(text: string): Promise<void> {
    return new Promise((resolve) => this.#xterm.write(text, resolve));
  }

  get cursorColumn(): number {
    return this.#xterm.buffer.active.cursorX;
  }
}
