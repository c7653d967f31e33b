// Faults on purpose in the origin's own answers to requests for media: held back, answered otherwise, paced, paused or cut.
// It chooses by the same rules as the tap (faults/plan.ts); the listing, health and metrics are never touched.
import type { ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../clock.ts';
import type { Injected } from '../events.ts';
import { Pace } from '../faults/pace.ts';
import { FaultPlan } from '../faults/plan.ts';
import { contentBytesBefore, type FaultAction, type FaultRule, replacesAnswer } from '../faults/rule.ts';
import { kindByContent } from '../hls/kinds.ts';

export interface OriginFaultOptions {
  readonly rules: readonly FaultRule[];
  /** Of every chance. */
  readonly seed: number;
  readonly clock: Clock;
  /** Told once, when a fault acts on an answer. */
  readonly onInjected: (response: ServerResponse, fault: Injected) => void;
}

/** How the server answers; `send` is for the content, when the head fields are on the reply. */
export type Answer = (send?: SendContent) => FastifyReply;
export type SendContent = (content: Buffer, ordinary: () => FastifyReply) => FastifyReply;

/** The swarm's clients say which they are at the end of their User-Agent; all others count as one. */
const CLIENT = /\/client-(\d{1,5})$/;
const NOBODY = 0;
const NO_HOST = 'origin';

export class OriginFaults {
  readonly #options: OriginFaultOptions;
  readonly #plans = new Map<number, FaultPlan>();

  constructor(options: OriginFaultOptions) {
    this.#options = options;
  }

  /** Answers as the server would, or as a rule wants it. */
  async answer(request: FastifyRequest, reply: FastifyReply, answer: Answer): Promise<FastifyReply> {
    const fault = this.#next(request);
    if (fault === undefined) return answer();
    if (fault.type === 'delay') {
      this.#inject(reply, fault.type);
      await unlessGone(reply.raw, (signal) => pause(fault.delayMs, undefined, { signal }));
      return answer();
    }
    if (!replacesAnswer(fault)) return answer((content, ordinary) => this.#send(reply, fault, content) ?? ordinary());
    this.#inject(reply, fault.type);
    if (fault.type === 'status') {
      reply.code(fault.status).type('text/plain; charset=utf-8');
      return reply.send(`hls-swarm: status ${fault.status}, injected on purpose\n`);
    }
    reply.hijack();
    request.raw.socket.resetAndDestroy();
    return reply;
  }

  #next({ url, method, headers }: FastifyRequest): FaultAction | undefined {
    const client = Number(CLIENT.exec(headers['user-agent'] ?? '')?.[1] ?? NOBODY);
    let plan = this.#plans.get(client);
    if (plan === undefined) {
      plan = new FaultPlan(this.#options.rules, this.#options.seed, client);
      this.#plans.set(client, plan);
    }
    const asked = `http://${headers.host ?? NO_HOST}${url}`;
    return plan.next({ kind: kindByContent({ url: asked, method }), url: asked });
  }

  #inject(reply: FastifyReply, fault: Injected): void {
    this.#options.onInjected(reply.raw, fault);
  }

  /** Undefined for what ends before the fault would act, and for HEAD, which has no content to act on. */
  #send(reply: FastifyReply, fault: FaultAction, content: Buffer): FastifyReply | undefined {
    const before = fault.type === 'throttle' ? 0 : contentBytesBefore(fault, content.length);
    if (before === undefined || content.length <= before || reply.request.method === 'HEAD') return undefined;
    this.#inject(reply, fault.type);
    reply.hijack();
    reply.header('content-length', content.length);
    reply.raw.writeHead(reply.statusCode, reply.getHeaders() as Record<string, string>);
    reply.raw.flushHeaders();
    const first = content.subarray(0, before);
    const rest = content.subarray(before);
    void unlessGone(reply.raw, (signal) => this.#deliver(reply.raw, fault, first, rest, signal));
    return reply;
  }

  async #deliver(
    response: ServerResponse,
    fault: FaultAction,
    first: Buffer,
    rest: Buffer,
    signal: AbortSignal,
  ): Promise<void> {
    const { socket } = response;
    await write(response, first, signal);
    if (fault.type === 'reset') socket?.resetAndDestroy();
    if (fault.type === 'truncate') socket?.destroySoon();
    if (fault.type === 'throttle') await this.#throttle(response, fault.bytesPerSecond, rest, signal);
    if (fault.type === 'stall') {
      await pause(fault.stallMs, undefined, { signal });
      await write(response, rest, signal);
    }
    if (fault.type === 'throttle' || fault.type === 'stall') response.end();
  }

  async #throttle(
    response: ServerResponse,
    bytesPerSecond: number,
    content: Buffer,
    signal: AbortSignal,
  ): Promise<void> {
    const { clock } = this.#options;
    const pace = new Pace(bytesPerSecond, clock.nowMs());
    for (let rest = content; rest.length > 0; ) {
      const bytes = pace.take(rest.length, clock.nowMs());
      await write(response, rest.subarray(0, bytes), signal);
      rest = rest.subarray(bytes);
      if (rest.length > 0) await pause(pace.waitMs(rest.length), undefined, { signal });
    }
  }
}

/** Resolves when the work is done, or at once when the client has left: nothing waits for nobody. */
async function unlessGone(response: ServerResponse, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const gone = new AbortController();
  const onClose = (): void => gone.abort();
  response.once('close', onClose);
  try {
    await work(gone.signal);
  } catch (error) {
    if (!gone.signal.aborted) throw error;
  } finally {
    response.off('close', onClose);
  }
}

/** Resolves when the kernel has taken it. Rejects when the client has left. */
async function write(response: ServerResponse, octets: Buffer, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (octets.length === 0) return;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onAbort = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', onAbort, { once: true });
  response.write(octets, () => resolve());
  await promise.finally(() => signal.removeEventListener('abort', onAbort));
}
