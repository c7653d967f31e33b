// One fault on purpose in one transfer: holds its request back, answers it, or paces, pauses and cuts what is relayed of its
// answer. It chooses no transfer (faults/plan.ts) and owns no socket. The tap keeps such a transfer alone on its connection:
// everything before it has ended, and nothing follows before it has. Octets are counted as they were read, as always.
import type { Clock } from '../clock.ts';
import { Pace } from '../faults/pace.ts';
import { contentBytesBefore, type FaultAction, replacesAnswer } from '../faults/rule.ts';
import { faultAnswer } from './fault-answer.ts';
import type { Transfer } from './transfer.ts';
import type { Loss } from './upstream-owner.ts';

/** The client connection of the transfer. */
export interface FaultOwner {
  /** Something that was held back has gone on: settle, and send what may be sent. */
  proceed(): void;
  /** The ordinary way of octets to the client, with its answer. */
  pass(octets: Buffer, taken: () => void): boolean;
  /** Ends the transfer with octets of ours as its answer, and the connection with it when `closes`. */
  answer(transfer: Transfer, octets: Buffer, closes: boolean): void;
  /** Ends the transfer and, as its origin could have, the connection. */
  fail(transfer: Transfer, code: 'SH' | 'SD', how: Loss['how']): void;
}

/** Octets whose time has not come. */
interface Held {
  octets: Buffer;
  readonly taken: () => void;
}

const NOBODY = (): void => {};

export class FaultInjection {
  /** The client counts on the connection's end after the answer. */
  closes = false;
  readonly #action: FaultAction;
  readonly #transfer: Transfer;
  readonly #clock: Clock;
  #timer: NodeJS.Timeout | undefined;
  #isAdmitted = false;
  #contentBytes = 0;
  /** Where in the octets of the present read the first one is that the action keeps from passing. */
  #cutAt: number | undefined;
  #hasCut = false;
  #pace: Pace | undefined;
  /** In order; reading stops, but what TLS had decrypted already still comes. */
  #held: Held[] = [];

  constructor(action: FaultAction, transfer: Transfer, clock: Clock) {
    this.#action = action;
    this.#transfer = transfer;
    this.#clock = clock;
  }

  /** Nothing of the request is ever sent on. */
  get sendsNothing(): boolean {
    return replacesAnswer(this.#action);
  }

  /** It is the request's turn: true when it does not go to its origin, or not yet. */
  holdsBack(owner: FaultOwner): boolean {
    const action = this.#action;
    if (this.sendsNothing) this.#inject();
    if (action.type === 'status') {
      const { method } = this.#transfer.start;
      this.#transfer.response = { status: action.status, cache: 'unknown' };
      owner.answer(this.#transfer, faultAnswer(action.status, { method, closes: this.closes }), this.closes);
    } else if (this.sendsNothing) owner.fail(this.#transfer, 'SH', 'reset');
    else if (action.type === 'delay' && !this.#isAdmitted) this.#delay(action.delayMs, owner);
    else return false;
    return true;
  }

  /** Content of the answer lies between these positions of the octets that `relay` gets next. */
  content(start: number, end: number): void {
    const action = this.#action;
    if (action.type === 'throttle') this.#pace ??= this.#begin(action.bytesPerSecond);
    else if (!this.#hasCut && this.#cutAt === undefined) this.#findCut(start, end);
  }

  /** In place of the ordinary way: with the same answer, and `taken` is called when all of it is with the client's kernel. */
  relay(octets: Buffer, taken: () => void, owner: FaultOwner): boolean {
    if (this.#held.length > 0) {
      this.#held.push({ octets, taken });
      return false;
    }
    if (this.#pace !== undefined) {
      this.#held.push({ octets, taken });
      return this.#flow(this.#pace, owner);
    }
    const cutAt = this.#cutAt;
    if (cutAt === undefined) return owner.pass(octets, taken);
    this.#cutAt = undefined;
    this.#hasCut = true;
    this.#inject();
    return this.#cut(octets, cutAt, taken, owner);
  }

  /** The origin's side is gone: what is held goes on at once, unless it lies behind a cut. */
  flush(owner: FaultOwner): void {
    for (const { octets, taken } of this.#letGo()) if (this.#transfer.isCut || owner.pass(octets, taken)) taken();
  }

  /** The client's side is gone too: no timer is left, and what is held goes nowhere. */
  end(): void {
    for (const { taken } of this.#letGo()) taken();
  }

  #letGo(): readonly Held[] {
    clearTimeout(this.#timer);
    return this.#held.splice(0);
  }

  #inject(): void {
    this.#transfer.injected = this.#action.type;
  }

  #delay(delayMs: number, owner: FaultOwner): void {
    this.#inject();
    this.#timer ??= setTimeout(() => {
      this.#isAdmitted = true;
      owner.proceed();
    }, delayMs);
  }

  #begin(bytesPerSecond: number): Pace {
    this.#inject();
    return new Pace(bytesPerSecond, this.#clock.nowMs());
  }

  #findCut(start: number, end: number): void {
    const before = contentBytesBefore(this.#action, this.#transfer.response?.declaredContentLength);
    const endsAt = this.#contentBytes + end - start;
    if (before !== undefined && endsAt > before) this.#cutAt = start + before - this.#contentBytes;
    this.#contentBytes = endsAt;
  }

  #cut(octets: Buffer, cutAt: number, taken: () => void, owner: FaultOwner): boolean {
    const action = this.#action;
    if (action.type === 'stall') {
      if (cutAt > 0) owner.pass(octets.subarray(0, cutAt), NOBODY);
      this.#held.push({ octets: octets.subarray(cutAt), taken });
      this.#timer = setTimeout(() => this.#release(owner), action.stallMs);
      return false;
    }
    this.#transfer.isCut = true;
    const fail = (): void => owner.fail(this.#transfer, 'SD', action.type === 'reset' ? 'reset' : 'fin');
    // A copy: the buffer goes back to its pool with the connection, and the client's kernel may not have taken it by then.
    const first = Buffer.from(octets.subarray(0, cutAt));
    const isTaken = cutAt === 0 || owner.pass(first, action.type === 'reset' ? fail : NOBODY);
    if (action.type === 'reset' && !isTaken) {
      // A reset throws away what our kernel still holds: it waits until the client's has it. The rest waits for the end.
      this.#held.push({ octets: octets.subarray(cutAt), taken });
      return false;
    }
    fail();
    return true;
  }

  #release(owner: FaultOwner): void {
    this.flush(owner);
    owner.proceed();
  }

  /** As much of the first held as may go now; the rest at its time. True when all of it went and the client's kernel has it. */
  #flow(pace: Pace, owner: FaultOwner): boolean {
    const [first] = this.#held;
    if (first === undefined) return false;
    const bytes = pace.take(first.octets.length, this.#clock.nowMs());
    const octets = first.octets.subarray(0, bytes);
    first.octets = first.octets.subarray(bytes);
    const isWhole = first.octets.length === 0;
    if (isWhole) this.#held.shift();
    const taken = (): void => {
      if (isWhole) first.taken();
      this.#arm(pace, owner);
    };
    if (bytes > 0 && !owner.pass(octets, taken)) return false;
    if (isWhole) return true;
    this.#arm(pace, owner);
    return false;
  }

  /** One timer, for the first that is held. */
  #arm(pace: Pace, owner: FaultOwner): void {
    const [first] = this.#held;
    clearTimeout(this.#timer);
    if (first === undefined) return;
    this.#timer = setTimeout(() => {
      if (!this.#flow(pace, owner)) return;
      first.taken();
      this.#arm(pace, owner);
      owner.proceed();
    }, pace.waitMs(first.octets.length));
  }
}
