// The README says what the program does: its options are the table's, its exit codes, paths and scripts exist.
// `HLS_SWARM_WRITE_GOLDEN=1` writes the options of the table into it.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { helpText } from '../src/config/help.ts';
import { REASONS } from '../src/run/analyze-reasons.ts';
import { EXIT } from '../src/run/exit-codes.ts';

const README = new URL('../README.md', import.meta.url);
const text = readFileSync(README, 'utf8');
const root = new URL('../', import.meta.url);

function between(name: string): string {
  const [, block] = new RegExp(`<!-- ${name} -->\n([\\s\\S]*?)<!-- /${name} -->`).exec(text) ?? [];
  assert.ok(block !== undefined, `README.md has no block '${name}'`);
  return block;
}

test('the README lists the options of the table, word for word', () => {
  const help = helpText('run');
  const wanted = `\`\`\`text\n${help.slice(help.indexOf('Load:')).trimEnd()}\n\`\`\`\n`;
  const block = (content: string): string => `<!-- options -->\n${content}<!-- /options -->`;
  if (process.env['HLS_SWARM_WRITE_GOLDEN'] === '1')
    writeFileSync(
      README,
      text.replace(block(between('options')), () => block(wanted)),
    );
  else assert.equal(between('options'), wanted);
});

test('the README shows what a run prints', () => {
  const output = between('output');
  for (const heading of ['Three accounts', 'Request phases', 'Agreement of the parser', 'Origin and reconciliation'])
    assert.match(output, new RegExp(heading));
});

test('the README names every exit code', () => {
  for (const code of Object.values(EXIT)) assert.match(text, new RegExp(`^\\| ${code} \\|`, 'm'), `exit code ${code}`);
});

test('the README names every reason of an analysis, word for word', () => {
  for (const [code, sentence] of Object.entries(REASONS))
    assert.ok(text.includes(`| \`${code}\` | ${sentence} |`), code);
});

test('every file and script that the README names exists', () => {
  const { scripts } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
    scripts: Record<string, string>;
  };
  for (const [, script] of text.matchAll(/npm run ([a-z0-9:]+)/g)) assert.ok((script ?? '') in scripts, script);
  for (const [, path = ''] of text.matchAll(/\]\(([^)#:]+)\)/g)) assert.ok(existsSync(new URL(path, root)), path);
  for (const path of ['summary.schema.json', '.ci/run', 'bin/hls-swarm.js']) {
    assert.ok(text.includes(path), path);
    assert.ok(existsSync(new URL(path, root)), path);
  }
});
