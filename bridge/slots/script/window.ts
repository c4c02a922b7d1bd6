/** What is on the screen as elements: the dump of Android's uiautomator. */
import { XMLParser } from 'fast-xml-parser';
import { Refusal } from '../../part.ts';
import type { ScriptStep } from '../../protocol/slots.ts';

export type Target = Extract<ScriptStep, { do: 'tap_on' }>['target'];

export interface Element {
  text: string;
  id: string;
  desc: string;
  /** Middle of its bounds, pixels. */
  x: number;
  y: number;
}

const FILE = '/data/local/tmp/trunkline-window.xml';

/** A constant. The file goes first: a dump that fails leaves the one before, which would be read as the screen. */
export const DUMP_LINE = `rm -f ${FILE}; uiautomator dump ${FILE} 2>&1; cat ${FILE} 2>/dev/null`;

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '',
  htmlEntities: true,
  parseAttributeValue: false,
  isArray: (name) => name === 'node',
});

/** @throws Refusal SLOT_FAILED with uiautomator's words when there is no dump in the output */
export function parseWindow(output: string): Element[] {
  const start = output.indexOf('<?xml');
  const end = output.lastIndexOf('</hierarchy>');
  if (start < 0 || end < start) {
    const words = output.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
    throw new Refusal('SLOT_FAILED', `The phone did not tell what is on its screen${words && `: ${words}`}`);
  }
  const xml = output.slice(start, end + '</hierarchy>'.length);
  // uiautomator writes none; entities of somebody's own have no business here.
  if (/<!DOCTYPE|<!ENTITY/i.test(xml))
    throw new Refusal('SLOT_FAILED', 'The dump of the screen has a DOCTYPE.');
  const elements: Element[] = [];
  collect(parser.parse(xml), elements);
  return elements;
}

function collect(value: unknown, into: Element[]): void {
  if (Array.isArray(value)) {
    for (const one of value) collect(one, into);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  const node = value as Record<string, unknown>;
  const text = (name: string): string => (typeof node[name] === 'string' ? node[name] : '');
  const bounds = /^\[(-?\d+),(-?\d+)\]\[(-?\d+),(-?\d+)\]$/.exec(text('bounds'));
  if (bounds) {
    const [left = 0, top = 0, right = 0, bottom = 0] = bounds.slice(1).map(Number);
    // Nothing to see and nothing to tap: scrolled out, or not laid out yet.
    if (right > left && bottom > top) {
      into.push({
        text: text('text'),
        id: text('resource-id'),
        desc: text('content-desc'),
        x: Math.round((left + right) / 2),
        y: Math.round((top + bottom) / 2),
      });
    }
  }
  collect(node.hierarchy, into);
  collect(node.node, into);
}

/** The first element that fits. An id fits with or without its package (`com.app:id/send`, `send`). */
export function findElement(elements: readonly Element[], target: Target): Element | undefined {
  if ('text' in target) return elements.find(({ text }) => text.trim() === target.text.trim());
  if ('desc' in target) return elements.find(({ desc }) => desc.trim() === target.desc.trim());
  return elements.find(({ id }) => id === target.id || id.endsWith(`:id/${target.id}`));
}

export function targetWords(target: Target): string {
  if ('text' in target) return `the text “${target.text}”`;
  return 'desc' in target ? `the description “${target.desc}”` : `the id “${target.id}”`;
}
