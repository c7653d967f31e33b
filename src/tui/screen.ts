// The terminal as a screen: takes it over, draws lines of styled cells, hands on keys, gives it back whatever happens.
// The only place that knows blessed. It decides nothing: no exit, no signal of the run, no text of its own.
import blessed from 'blessed';
import { characterWidth, type Line, type Style } from './cells.ts';
import { inAscii, isAsciiOnly } from './characters.ts';
import type { Size } from './view-state.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface ScreenOptions {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly env: Environment;
  /**
   * A character as it was typed, or the name of a key that has none: `up`, `pagedown`, `escape`, `C-c`. Ctrl-C arrives here
   * because a terminal that hands on single keys sends no SIGINT.
   */
  readonly onKey: (press: string) => void;
  /** Stops this process and those that share its terminal, as the shell's Ctrl-Z does. */
  readonly suspend?: () => void;
}

export interface Screen {
  /** Writes only the cells that changed since the last call. Does nothing once closed or while suspended. */
  draw(lines: readonly Line[]): void;
  /** Forgets what the terminal shows: the next drawing writes every cell. */
  forget(): void;
  size(): Size;
  /** Called when the terminal's size changed, or when it came back from being suspended: draw again. */
  onResize(listener: () => void): void;
  /** Gives the terminal back as it was. Any number of times; also done when the process exits. */
  close(): void;
}

/** What blessed's types leave out: its cell buffer, and the program beneath. */
interface CellBuffer {
  readonly lines: ([attribute: number, character: string][] & { dirty: boolean })[];
  readonly program: blessed.BlessedProgram & { flush(): void; isAlt: boolean };
  readonly tput: object;
  enter(): void;
  leave(): void;
}

/** Blessed's own handlers end the process with code 0, or print over the shell: none of them is kept. */
const EVENTS_OF_BLESSED = ['uncaughtException', 'SIGTERM', 'SIGINT', 'SIGQUIT', 'exit'] as const;
/**
 * No file has this path, so that blessed takes the description of this name from its own package: the same octets on every
 * machine, whatever its terminfo holds (blessed cannot read all of today's). Every terminal with a screen obeys them.
 */
const TERMINAL = '/no-such-folder/xterm-256color';
/** A process that Ctrl-Z cannot stop (the first one of a container) takes its terminal back after this. */
const SUSPEND_FALLBACK_MS = 250;

const SUSPEND_KEY = 'C-z';

/** Blessed's cell attribute: flags, foreground, background; 0x1ff is the terminal's own colour. */
const FOREGROUND_SHIFT = 9;
const FLAGS_SHIFT = 18;
const OWN_COLOR = 0x1ff;
const BOLD = 1;

/** Of the 16 colours that a terminal's theme defines; cyan, yellow and red are told apart by colour-blind eyes too. */
const COLORS: Readonly<Record<Style, number>> = {
  plain: OWN_COLOR,
  dim: 8,
  strong: OWN_COLOR,
  good: 6,
  warn: 3,
  bad: 1,
};
const BOLD_STYLES: ReadonlySet<Style> = new Set(['strong', 'warn', 'bad']);

/** A screen needs a terminal at both ends that can place a cursor. */
export function canUseScreen(
  env: Environment,
  stdout: { readonly isTTY?: boolean },
  stdin: { readonly isTTY?: boolean } = { isTTY: true },
): boolean {
  const terminal = env['TERM'] ?? '';
  return stdout.isTTY === true && stdin.isTTY === true && terminal !== '' && terminal !== 'dumb';
}

/** Takes the terminal over: alternate screen, hidden cursor, single keys. */
export function openScreen(options: ScreenOptions): Screen {
  return new BlessedScreen(options);
}

class BlessedScreen implements Screen {
  readonly #options: ScreenOptions;
  readonly #hasColor: boolean;
  readonly #isAscii: boolean;
  readonly #screen: blessed.Widgets.Screen;
  readonly #buffer: CellBuffer;
  #resized: () => void = () => {};
  #isClosed = false;
  #isSuspended = false;
  #fallback: NodeJS.Timeout | undefined;

  readonly close: () => void = () => {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#fallback);
    process.off('exit', this.close);
    process.off('SIGTSTP', this.#suspend);
    process.off('SIGCONT', this.#resume);
    this.#screen.destroy();
  };

  constructor(options: ScreenOptions) {
    this.#options = options;
    // Any value but an empty one counts: no-color.org.
    this.#hasColor = (options.env['NO_COLOR'] ?? '') === '';
    this.#isAscii = isAsciiOnly(options.env);
    this.#screen = withoutItsHandlers(() => createScreen(options));
    this.#buffer = this.#screen as unknown as CellBuffer;
    process.on('exit', this.close);
    process.on('SIGTSTP', this.#suspend);
    process.on('SIGCONT', this.#resume);
    this.#buffer.program.on('keypress', (character: string | undefined, key: { full?: string }) => {
      this.#press(isPrintable(character) ? character : (key.full ?? ''));
    });
    this.#screen.on('resize', () => this.#resized());
  }

  size(): Size {
    return { columns: this.#screen.cols, rows: this.#screen.rows };
  }

  onResize(listener: () => void): void {
    this.#resized = listener;
  }

  draw(lines: readonly Line[]): void {
    if (this.#isClosed || this.#isSuspended) return;
    this.#buffer.lines.forEach((row, index) => {
      this.#fill(row, lines[index] ?? []);
      row.dirty = true;
    });
    this.#screen.draw(0, this.#buffer.lines.length - 1);
    this.#buffer.program.flush();
  }

  forget(): void {
    if (!this.#isClosed) this.#screen.alloc();
  }

  /** Cell by cell rather than as blessed's content: nothing in the text is a tag, an escape or a reason to wrap. */
  #fill(row: [number, string][], line: Line): void {
    let column = 0;
    const put = (attribute: number, character: string): void => {
      const target = row[column];
      if (target !== undefined) [target[0], target[1]] = [attribute, character];
      column += 1;
    };
    for (const { text, style } of line) {
      const attribute = this.#attribute(style);
      for (const character of text) {
        put(attribute, this.#isAscii ? inAscii(character) : character);
        // The right half of a wide character: blessed steps over it.
        if (characterWidth(character) === 2) put(attribute, ' ');
      }
    }
    const plain = this.#attribute('plain');
    while (column < row.length) put(plain, ' ');
  }

  #attribute(style: Style): number {
    const color = this.#hasColor ? COLORS[style] : OWN_COLOR;
    const flags = BOLD_STYLES.has(style) ? BOLD : 0;
    return (flags << FLAGS_SHIFT) | (color << FOREGROUND_SHIFT) | OWN_COLOR;
  }

  #press(name: string): void {
    if (this.#isClosed) return;
    if (name === SUSPEND_KEY) this.#suspend();
    else if (name !== '') this.#options.onKey(name);
  }

  readonly #suspend = (): void => {
    if (this.#isClosed || this.#isSuspended) return;
    this.#buffer.leave();
    this.#isSuspended = true;
    this.#options.stdin.setRawMode?.(false);
    // While anybody listens the signal does not stop us.
    process.off('SIGTSTP', this.#suspend);
    this.#fallback = setTimeout(this.#resume, SUSPEND_FALLBACK_MS);
    (this.#options.suspend ?? suspendGroup)();
  };

  readonly #resume = (): void => {
    if (this.#isClosed) return;
    if (this.#isSuspended) process.on('SIGTSTP', this.#suspend);
    this.#isSuspended = false;
    clearTimeout(this.#fallback);
    // The shell may have changed modes that libuv believes are set, and a SIGSTOP came without a word: all of it again.
    this.#options.stdin.setRawMode?.(false);
    this.#options.stdin.setRawMode?.(true);
    this.#buffer.program.isAlt = false;
    this.#buffer.enter();
    this.#resized();
  };
}

function isPrintable(character: string | undefined): character is string {
  return character !== undefined && /^[^\p{C}]$/u.test(character);
}

/** The group, so that npm and the shell that started us stop too and the person gets a prompt. */
function suspendGroup(): void {
  process.kill(0, 'SIGTSTP');
}

function createScreen({ stdin, stdout }: ScreenOptions): blessed.Widgets.Screen {
  const { NCURSES_NO_UTF8_ACS: acs, TMUX: tmux } = process.env;
  // Lines are drawn as UTF-8, not through the VT100 line set; and with TMUX set blessed would run `tmux -V` and wait for it.
  process.env['NCURSES_NO_UTF8_ACS'] = '1';
  delete process.env['TMUX'];
  try {
    return blessed.screen({
      input: stdin,
      output: stdout,
      terminal: TERMINAL,
      fullUnicode: true,
      // Blessed does not see our locale; where there is no UTF-8 nothing but ASCII is drawn.
      forceUnicode: true,
    });
  } finally {
    setOrDelete('NCURSES_NO_UTF8_ACS', acs);
    setOrDelete('TMUX', tmux);
  }
}

function setOrDelete(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}

function withoutItsHandlers<Result>(create: () => Result): Result {
  const events: NodeJS.EventEmitter = process;
  const before = EVENTS_OF_BLESSED.map((event) => [event, events.listeners(event)] as const);
  const result = create();
  for (const [event, listeners] of before) {
    for (const listener of events.listeners(event)) {
      if (!listeners.includes(listener)) events.off(event, listener as () => void);
    }
  }
  return result;
}
