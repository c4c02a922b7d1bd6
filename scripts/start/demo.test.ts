import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatSignIns, refuseDemoState } from './demo.ts';
import { Refusal } from './refusal.ts';

describe('refuseDemoState', () => {
  let stateDir = '';
  beforeEach(() => {
    stateDir = mkdtempSync(join(tmpdir(), 'trunkline-demo-'));
  });
  afterEach(() => rmSync(stateDir, { recursive: true }));

  it('lets a state without the demo be served to everybody', () => {
    expect(() => refuseDemoState(stateDir)).not.toThrow();
  });

  it('refuses one that holds the demo, even half of it', () => {
    writeFileSync(join(stateDir, 'demo.json'), '{}');
    expect(() => refuseDemoState(stateDir)).toThrow(Refusal);
  });
});

describe('formatSignIns', () => {
  it('lines the columns up under their heads', () => {
    const lines = formatSignIns([
      { tenant: '0101', name: 'op12', password: 'secret-1', role: 'operator' },
    ]).split('\n');
    expect(lines).toEqual(['  tenant  user  password  role', '  0101    op12  secret-1  operator']);
  });
});
