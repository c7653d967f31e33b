// Node's own HTTP parser as a referee: the same octets to both. Where both take a message they must agree on status and
// content; where only one takes it, the difference must be one of the two lists here.
import assert from 'node:assert/strict';
import http from 'node:http';
import { Duplex } from 'node:stream';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { MAX_HEAD_BYTES } from '../../../src/proxy/http1/head.ts';
import { RequestReader } from '../../../src/proxy/http1/request-reader.ts';
import { ResponseReader } from '../../../src/proxy/http1/response-reader.ts';
import { RequestRecorder, ResponseRecorder } from './accounts.ts';
import { arbitraryRequest, arbitraryResponse } from './messages.ts';

interface Verdict {
  /** One text per complete message: status or method and target, then the content. */
  readonly complete: string[];
  /** Why reading ended before the octets did; undefined = it did not, or the last message is only unfinished. */
  readonly problem: string | undefined;
}

/** What we refuse (or read otherwise) and Node takes, each with the words of our problem. */
const STRICTER: readonly RegExp[] = [
  // Node skips CR and LF in any number before a start line.
  /begins with (?:CR and |0x0a|0x0d)/,
  // Node takes several spaces between method and target.
  /with one space between/,
  // Node reads an HTTP/1.0 message with a Transfer-Encoding as chunked; RFC 9112 calls its framing faulty.
  /an HTTP\/1\.0 message has a Transfer-Encoding/,
  // Node lets NUL, DEL and the like pass in a reason.
  /^problem head the status line .* has a control octet/s,
  // Node reads 003 as status 3.
  /^problem head the status line "HTTP\/1\.[01] 0/,
  // Node reads a response with another coding to the end of the connection, as RFC 9112 allows, and lets ", chunked" pass.
  /the Transfer-Encoding is/,
];

/** What we take and Node refuses, with the words of Node's error. */
const LOOSER: readonly RegExp[] = [
  // White space before an extension is BWS in RFC 9112; what stands inside an extension moves no boundary.
  /Invalid character in chunk (?:size|extensions)/,
  // A HEAD, 204 or 304 response has no content whatever its fields say.
  /Content-Length/,
  // Any token is a method to us, and any target that no space or control octet cuts: the origin judges them.
  /Invalid method|Expected space after method|Invalid char(?:acters)? in url|in url schema|start char in url/,
  // What follows a message is excess to us.
  /Data after `Connection: close`|Expected HTTP\//,
];

/**
 * A tab after the coding is white space; Node takes it for a part of another coding and reads to the end. A method and a target with an
 * LF alone behind them are to Node a whole request of HTTP/0.9.
 */
const NODE_MISREADS = /chunked\t\r\n|(?:^|\r\n)[\w!#$%&'*+.^`|~-]+ [^\s]+\n/i;

/** A connection without a network: what is pushed was sent by the peer, what is written is lost. */
class Wire extends Duplex {
  override _read(): void {}
  override _write(_chunk: unknown, _encoding: string, done: () => void): void {
    done();
  }
}

function ourResponse(method: string, octets: Buffer): Verdict {
  const recorder = new ResponseRecorder();
  const reader = new ResponseReader(recorder);
  reader.expect(method);
  reader.read(octets, octets.length);
  reader.end();
  const head = recorder.account.find((line) => line.startsWith('head '));
  const content = recorder.account
    .filter((line) => line.startsWith('content '))
    .map((line) => line.slice(line.indexOf(' ', 8) + 1));
  const isComplete = recorder.account.includes('complete');
  const problem = recorder.account.find((line) => line.startsWith('problem '));
  return { complete: isComplete ? [`${head?.split(' ')[1]} ${content.join('')}`] : [], problem };
}

function nodeResponse(method: string, octets: Buffer): Promise<Verdict> {
  const { promise, resolve } = Promise.withResolvers<Verdict>();
  const wire = new Wire();
  const request = http.request({ method, createConnection: () => wire, maxHeaderSize: 2 * MAX_HEAD_BYTES });
  let content = '';
  const fail = (error: Error) => resolve({ complete: [], problem: error.message });
  const settle = (message: http.IncomingMessage) => {
    message.setEncoding('latin1').on('data', (chunk: string) => {
      content += chunk;
    });
    message.on('error', fail);
    message.on('end', () => resolve({ complete: [`${message.statusCode} ${content}`], problem: undefined }));
  };
  request.on('error', fail);
  request.on('response', settle);
  const tunnel = (message: http.IncomingMessage, socket: Duplex, head: Buffer) => {
    content = head.toString('latin1');
    settle(message);
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      content += chunk;
    });
    socket.on('end', () => resolve({ complete: [`${message.statusCode} ${content}`], problem: undefined }));
  };
  request.on('connect', tunnel).on('upgrade', tunnel);
  request.end();
  setImmediate(() => {
    wire.push(octets);
    wire.push(null);
  });
  return promise;
}

function ourRequests(octets: Buffer): Verdict {
  const recorder = new RequestRecorder();
  new RequestReader(recorder).read(octets);
  const complete: string[] = [];
  let head = '';
  for (const line of recorder.account) {
    if (line.startsWith('head ')) head = line.split(' ', 3).slice(1).join(' ');
    if (line === 'complete') complete.push(head);
  }
  return { complete, problem: recorder.account.find((line) => line.startsWith('problem ')) };
}

function nodeRequests(octets: Buffer): Promise<Verdict> {
  const { promise, resolve } = Promise.withResolvers<Verdict>();
  const wire = new Wire();
  const seen: http.IncomingMessage[] = [];
  const settle = (problem: string | undefined) => {
    // `complete` is set by the parser; the event `end` would come too late for what an error follows at once.
    const complete = seen.filter((request) => request.complete).map(({ method, url }) => `${method} ${url}`);
    resolve({ complete, problem });
  };
  const server = http.createServer({ requireHostHeader: false, maxHeaderSize: 2 * MAX_HEAD_BYTES });
  server.on('request', (request, response) => {
    seen.push(request);
    request.on('end', () => response.end());
    request.on('error', () => undefined).resume();
  });
  server.on('clientError', (error, socket) => {
    settle(error.message);
    socket.destroy();
  });
  wire.on('close', () => settle(undefined));
  server.emit('connection', wire);
  wire.push(octets);
  wire.push(null);
  return promise;
}

/** An octet inserted or replaced, or the message cut short, or neither. */
interface Damage {
  readonly place: number;
  readonly octet: string | null;
  readonly replaced: number;
  readonly end: number | null;
}

const arbitraryDamage: fc.Arbitrary<Damage> = fc.record({
  place: fc.nat(),
  octet: fc.option(fc.constantFrom(...'\r\n\0 :;,-0aZ\t\x80\x7f"'), { freq: 4 }),
  replaced: fc.nat({ max: 1 }),
  end: fc.option(fc.nat(), { freq: 1 }),
});

function damaged(octets: Buffer, { place, octet, replaced, end }: Damage): Buffer {
  const at = place % octets.length;
  const parts = [octets.subarray(0, at), Buffer.from(octet ?? '', 'latin1'), octets.subarray(at + replaced)];
  const all = octet === null ? octets : Buffer.concat(parts);
  return end === null ? all : all.subarray(0, end % (all.length + 1));
}

/** Node ends a tunnel at the first interim response, so tunnels are not compared. */
const arbitraryPlainResponse = fc
  .oneof(arbitraryResponse(false), arbitraryResponse(true))
  .filter(({ method, account }) => method !== 'CONNECT' && !account.some((line) => line.startsWith('head 101')));

/** Alike as far as both go; the one that stops first does so for a listed reason. */
function assertAgreement(ours: Verdict, nodes: Verdict): void {
  const common = Math.min(ours.complete.length, nodes.complete.length);
  assert.deepEqual(ours.complete.slice(0, common), nodes.complete.slice(0, common));
  const [list, problem] = common < ours.complete.length ? [LOOSER, nodes.problem] : [STRICTER, ours.problem];
  if (ours.complete.length === nodes.complete.length || list.some((pattern) => pattern.test(problem ?? ''))) return;
  assert.deepEqual(ours, nodes);
}

describe('against the parser of Node', () => {
  it('whole responses are read alike', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryPlainResponse, async ({ method, octets }) => {
        const ours = ourResponse(method, octets);
        assert.equal(ours.problem, undefined);
        assertAgreement(ours, await nodeResponse(method, octets));
      }),
      { numRuns: 300 },
    );
  });

  it('damaged responses are read alike or refused by one for a listed reason', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryPlainResponse, arbitraryDamage, async ({ method, octets: whole }, damage) => {
        const octets = damaged(whole, damage);
        fc.pre(!NODE_MISREADS.test(octets.toString('latin1')));
        assertAgreement(ourResponse(method, octets), await nodeResponse(method, octets));
      }),
      { numRuns: 1_000 },
    );
  });

  it('requests, whole and damaged, are read alike or refused by one for a listed reason', async () => {
    const plain = arbitraryRequest.filter(({ account }) => !account.some((line) => line.startsWith('head x-own')));
    await fc.assert(
      fc.asyncProperty(fc.array(plain, { minLength: 1, maxLength: 3 }), arbitraryDamage, async (requests, damage) => {
        const octets = damaged(Buffer.from(requests.map((request) => request.text).join(''), 'latin1'), damage);
        fc.pre(!NODE_MISREADS.test(octets.toString('latin1')));
        assertAgreement(ourRequests(octets), await nodeRequests(octets));
      }),
      { numRuns: 600 },
    );
  });
});
