// A page in a real Chromium, headless, through its debugging protocol: what it became, what was said, keys, media, pictures, paper.
// It opens files of ours and nothing else; the browser ends with its page.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const START_LIMIT_MS = 20_000;
const ANSWER_LIMIT_MS = 20_000;

type Parameters = Readonly<Record<string, unknown>>;
interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: {
    readonly entry?: { readonly text: string };
    readonly exceptionDetails?: { readonly text: string };
  };
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

export class ChromiumPage {
  /** What the browser complained of: refusals of the page's policy, exceptions. */
  readonly complaints: string[] = [];
  readonly #browser: ChildProcess;
  readonly #profile: string;
  readonly #socket: WebSocket;
  readonly #waiting: Map<number, (message: Message) => void> = new Map();
  #session: string | undefined;
  #lastId = 0;
  #onLoad: (() => void) | undefined;

  /** Loads a file; resolves when its scripts have run. */
  static async open(path: string): Promise<ChromiumPage> {
    const profile = await mkdtemp(join(tmpdir(), 'hls-swarm-chromium-'));
    const calm = ['--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', '--no-first-run'];
    const browser = spawn(
      'chromium',
      [...calm, `--user-data-dir=${profile}`, '--remote-debugging-port=0', 'about:blank'],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    const socket = new WebSocket(await addressOf(browser));
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve, { once: true });
      socket.addEventListener('error', reject, { once: true });
    });
    const page = new ChromiumPage(browser, profile, socket);
    await page.#load(path);
    return page;
  }

  private constructor(browser: ChildProcess, profile: string, socket: WebSocket) {
    this.#browser = browser;
    this.#profile = profile;
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => this.#take(JSON.parse(String(data)) as Message));
  }

  /** The value of an expression in the page. */
  async read(expression: string): Promise<unknown> {
    const { result } = await this.#ask('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true });
    return (result as { readonly value?: unknown }).value;
  }

  /** The page as it is now. */
  async markup(): Promise<string> {
    return String(await this.read('document.documentElement.outerHTML'));
  }

  async press(key: string): Promise<void> {
    for (const type of ['keyDown', 'keyUp']) await this.#ask('Input.dispatchKeyEvent', { type, key, code: key });
    await this.#settle();
  }

  async resize(width: number, height: number): Promise<void> {
    await this.#ask('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false });
    await this.#settle();
  }

  async preferDark(): Promise<void> {
    await this.#ask('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: 'dark' }] });
    await this.#settle();
  }

  /** Of the whole page, however long. */
  async picture(): Promise<Buffer> {
    const { cssContentSize } = await this.#ask('Page.getLayoutMetrics', {});
    const clip = { ...(cssContentSize as object), scale: 1 };
    const { data } = await this.#ask('Page.captureScreenshot', { captureBeyondViewport: true, clip });
    return Buffer.from(String(data), 'base64');
  }

  async paper(): Promise<Buffer> {
    return Buffer.from(String((await this.#ask('Page.printToPDF', {}))['data']), 'base64');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    const ended = new Promise((resolve) => this.#browser.once('exit', resolve));
    this.#browser.kill('SIGTERM');
    await ended;
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }

  async #load(path: string): Promise<void> {
    const { targetId } = await this.#ask('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await this.#ask('Target.attachToTarget', { targetId, flatten: true });
    this.#session = String(sessionId);
    for (const domain of ['Page', 'Log', 'Runtime']) await this.#ask(`${domain}.enable`, {});
    await this.resize(1_160, 1_000);
    const loaded = new Promise<void>((resolve) => (this.#onLoad = resolve));
    await this.#ask('Page.navigate', { url: pathToFileURL(path).href });
    await loaded;
    await this.#settle();
  }

  /** Two frames: what the page does after an event is done by then. */
  async #settle(): Promise<void> {
    await this.read('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))');
  }

  async #ask(method: string, params: Parameters): Promise<Record<string, unknown>> {
    this.#lastId += 1;
    const id = this.#lastId;
    const answered = new Promise<Message>((resolve, reject) => {
      const limit = setTimeout(() => reject(new Error(`no answer to ${method}`)), ANSWER_LIMIT_MS);
      this.#waiting.set(id, (message) => {
        clearTimeout(limit);
        resolve(message);
      });
    });
    this.#socket.send(
      JSON.stringify({ id, method, params, ...(this.#session === undefined ? {} : { sessionId: this.#session }) }),
    );
    const { result = {}, error } = await answered;
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  #take({ id, method, params, ...message }: Message): void {
    if (id !== undefined) {
      this.#waiting.get(id)?.(message);
      this.#waiting.delete(id);
    } else if (method === 'Page.loadEventFired') this.#onLoad?.();
    else if (method === 'Log.entryAdded') this.complaints.push(params?.entry?.text ?? '');
    else if (method === 'Runtime.exceptionThrown') this.complaints.push(params?.exceptionDetails?.text ?? '');
  }
}

function addressOf(browser: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    const limit = setTimeout(() => reject(new Error(`Chromium did not start: ${said}`)), START_LIMIT_MS);
    browser.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const address = /DevTools listening on (ws:\S+)/.exec(said)?.[1];
      if (address === undefined) return;
      clearTimeout(limit);
      resolve(address);
    });
  });
}
