// Node's own HTTP parser as a referee of whole streams: several answers on one connection, and requests with bodies, each cut
// anywhere, for both parsers at other places. Single and damaged messages are in node-oracle.test.ts.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { RequestReader } from '../../../src/proxy/http1/request-reader.ts';
import { arbitraryCuts, RequestRecorder, readResponses, split } from './accounts.ts';
import { arbitraryRequest, arbitraryResponse } from './messages.ts';

/** The parts of Node's parser that are used here; it has no types, being Node's own. */
interface NodeParser {
  initialize(type: number, resource: object): void;
  execute(octets: Buffer): number | Error;
  [event: number]: (...told: never[]) => unknown;
}
interface NodeParserClass {
  new (): NodeParser;
  readonly REQUEST: number;
  readonly RESPONSE: number;
  readonly kOnHeadersComplete: number;
  readonly kOnBody: number;
  readonly kOnMessageComplete: number;
}

const { HTTPParser } = createRequire(import.meta.url)('node:_http_common') as { readonly HTTPParser: NodeParserClass };
const SKIPS_BODY = 1;
const RUNS = 300;

/** One text per complete message: what the head was, then its content. */
function nodeReads(type: number, pieces: readonly Buffer[], methods: readonly string[]): readonly string[] {
  const complete: string[] = [];
  const due = [...methods];
  let [head, content, isInterim] = ['', '', false];
  const parser = new HTTPParser();
  parser.initialize(type, {});
  parser[HTTPParser.kOnHeadersComplete] = (...told: readonly unknown[]): number => {
    const [target, status] = [String(told[4]), Number(told[5])];
    isInterim = type === HTTPParser.RESPONSE && status < 200;
    head = type === HTTPParser.REQUEST ? target : String(status);
    content = '';
    return !isInterim && due[0] === 'HEAD' ? SKIPS_BODY : 0;
  };
  parser[HTTPParser.kOnBody] = (octets: Buffer): void => {
    content += octets.toString('latin1');
  };
  parser[HTTPParser.kOnMessageComplete] = (): void => {
    if (isInterim) return;
    due.shift();
    complete.push(`${head} ${content}`);
  };
  for (const piece of pieces.filter(({ length }) => length > 0)) {
    const read = parser.execute(piece);
    if (read instanceof Error) throw read;
  }
  return complete;
}

/** The same of an account of ours. */
function weRead(account: readonly string[]): readonly string[] {
  const complete: string[] = [];
  let [head, content] = ['', ''];
  for (const line of account) {
    if (line.startsWith('head ')) [head, content] = [line.split(' ')[1] ?? '', ''];
    if (line.startsWith('content ')) content += line.slice(line.indexOf(' ', 'content '.length) + 1);
    if (line === 'complete') complete.push(`${head} ${content}`);
  }
  return complete;
}

/**
 * Node takes nothing after an HTTP/1.0 answer, no white space before an extension, and no length that is no number, even
 * where none counts; and of requests only its own methods and ASCII targets. These differences are node-oracle.test.ts's.
 */
const REFUSED_BY_NODE = /HTTP\/1\.0 | ; a=b|Content-Length: x/;
const ODD_REQUEST = /^(?:\r\n)?(?:x-own|\S+ \S*[\x80-\xff])/;
const arbitraryAnswers = fc.array(
  arbitraryResponse(false).filter(({ octets }) => !REFUSED_BY_NODE.test(octets.toString('latin1'))),
  { minLength: 1, maxLength: 6 },
);
const arbitraryRequests = fc.array(
  arbitraryRequest.filter(({ text }) => !ODD_REQUEST.test(text)),
  { minLength: 1, maxLength: 6 },
);

describe('against the parser of Node, in streams cut anywhere', () => {
  it('several answers on one connection have the same statuses and content', () => {
    fc.assert(
      fc.property(arbitraryAnswers, arbitraryCuts, arbitraryCuts, (answers, ours, nodes) => {
        const octets = Buffer.concat(answers.map((answer) => answer.octets));
        const methods = answers.map(({ method }) => method);
        const [recorder] = readResponses(methods, octets, ours);
        const node = nodeReads(HTTPParser.RESPONSE, split(octets, nodes), methods);
        assert.deepEqual(weRead(recorder.account), node);
        assert.equal(node.length, answers.length);
      }),
      { numRuns: RUNS },
    );
  });

  it('pipelined requests have the same targets and end at the same octets', () => {
    fc.assert(
      fc.property(arbitraryRequests, arbitraryCuts, arbitraryCuts, (requests, ours, nodes) => {
        const octets = Buffer.from(requests.map(({ text }) => text).join(''), 'latin1');
        const recorder = new RequestRecorder();
        const reader = new RequestReader(recorder);
        for (const piece of split(octets, ours)) reader.read(Buffer.from(piece));
        const targets = recorder.account.filter((line) => line.startsWith('head ')).map((line) => line.split(' ')[2]);
        const node = nodeReads(HTTPParser.REQUEST, split(octets, nodes), []);
        assert.deepEqual(
          targets,
          node.map((line) => line.slice(0, line.indexOf(' '))),
        );
        assert.equal(recorder.account.filter((line) => line === 'complete').length, node.length);
        assert.equal(node.length, requests.length);
      }),
      { numRuns: RUNS },
    );
  });
});
