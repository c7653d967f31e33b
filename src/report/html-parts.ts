// The parts that every section of the HTML report is made of: sections, tables, facts. Pure; it knows no figure.
import { html, type Markup, type Piece } from './html-markup.ts';
import { UNKNOWN } from './text-layout.ts';

export interface Column {
  readonly label: string;
  /** Numbers stand right, under one another. */
  readonly isNumber?: boolean;
}

/** `id` is what the page's contents link to. */
export function section(id: string, title: string, ...content: readonly Piece[]): Markup {
  return html`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2>${content}</section>`;
}

/** The first cell of a row is its name. Wide tables scroll by themselves, and by keyboard. Without a row there is none. */
export function table(
  caption: string,
  columns: readonly Column[],
  rows: readonly (readonly Piece[])[],
): Markup | undefined {
  if (rows.length === 0) return undefined;
  const head = columns.map(({ label, isNumber }) => html`<th scope="col"${numberClass(isNumber)}>${label}</th>`);
  const body = rows.map(
    (cells) =>
      html`<tr>${cells.map((cell, at) =>
        at === 0
          ? html`<th scope="row">${cell}</th>`
          : html`<td${numberClass(columns[at]?.isNumber)}>${cell ?? UNKNOWN}</td>`,
      )}</tr>`,
  );
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table><caption>${caption}</caption><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
}

/** Names with what they are; those of nothing are left out. */
export function facts(pairs: readonly (readonly [name: string, value: Piece])[]): Markup {
  const known = pairs.filter(([, value]) => value !== undefined);
  return html`<dl class="facts">${known.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

export function note(...content: readonly Piece[]): Markup {
  return html`<p class="note">${content}</p>`;
}

/** Shown when somebody asks for it; not on paper. */
export function details(summary: string, ...content: readonly Piece[]): Markup {
  return html`<details><summary>${summary}</summary>${content}</details>`;
}

export function numbers(...labels: readonly string[]): readonly Column[] {
  return labels.map((label) => ({ label, isNumber: true }));
}

function numberClass(isNumber: boolean | undefined): Markup | undefined {
  return isNumber === true ? html` class="number"` : undefined;
}
