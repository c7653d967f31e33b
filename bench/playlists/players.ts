// Players that ask for a playlist through proxies of their own, all at the same instant, and how long each waited for its last
// octet. They keep their connections, as players do. No proxy and no origin is started here.
import { Agent, get } from 'node:http';

export class Players {
  readonly #agents: readonly Agent[];
  readonly #proxies: readonly (string | undefined)[];

  /** One player per proxy URL; undefined = no proxy. */
  constructor(proxies: readonly (string | undefined)[]) {
    this.#proxies = proxies;
    this.#agents = proxies.map(() => new Agent({ keepAlive: true, maxSockets: 1 }));
  }

  /** One request of every player at the same instant; milliseconds of each, in order. */
  all(url: (player: number) => string): Promise<readonly number[]> {
    return Promise.all(this.#proxies.map((_, player) => this.ask(player, url(player))));
  }

  /** One request; milliseconds to the last octet. Rejects when the answer is not a 200. */
  ask(player: number, url: string): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const beganAtMs = performance.now();
    const { host } = new URL(url);
    const agent = this.#agents[player] ?? false;
    const proxy = this.#proxies[player];
    const where = proxy === undefined ? url : new URL(proxy);
    const request = get(
      where,
      { agent, headers: { host }, ...(proxy === undefined ? {} : { path: url }) },
      (answer) => {
        answer.resume();
        answer.once('end', () => {
          if (answer.statusCode === 200) resolve(performance.now() - beganAtMs);
          else reject(new Error(`${url}: ${answer.statusCode}`));
        });
      },
    );
    request.once('error', reject);
    return promise;
  }

  close(): void {
    for (const agent of this.#agents) agent.destroy();
  }
}
