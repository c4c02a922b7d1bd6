import { describe, expect, it } from 'vitest';
import { DEFAULT_GUIDE, DEFAULT_LINE, readSettings, type GuideSettings } from './contract';
import { askedPhone, contextFor, extensionFor, nameFor, percentile, searchFor, type Known } from './machine';

const settings = (more: Partial<GuideSettings> = {}): GuideSettings => ({ ...DEFAULT_GUIDE, ...more });
const plain = (given: GuideSettings) => ({ settings: given, callers: new Map<string, string>() });
const question = { phone: '+375 29 000-00-01', trunk: '0001001' };

describe('what is looked up for a caller', () => {
  it('is all of it by default', () => {
    expect(searchFor(question, plain(settings()))).toMatchObject({
      digits: '375290000001',
      crm: 'retailcrm',
      crmRoutes: true,
      history: 'last',
    });
  });

  it('is asked by the number as the line’s callers are written', () => {
    const callers = new Map([['gsm:0001001', '+375{9}']]);
    const found = (trunk: string) =>
      searchFor({ phone: '80290000001', trunk }, { settings: settings(), callers })?.digits;
    expect([found('0001001'), found('0001002')]).toEqual(['375290000001', '80290000001']);
  });

  it('is what mode and line want', () => {
    const line = (more: object) => settings({ lines: { 'gsm:0001001': { ...DEFAULT_LINE, ...more } } });
    const found = (given: GuideSettings) => {
      const { crm, crmRoutes, history } = searchFor(question, plain(given)) ?? {};
      return [crm, crmRoutes, history];
    };
    expect(searchFor(question, plain(settings({ mode: 'off' })))).toBeNull();
    expect(searchFor(question, plain(line({ enabled: false })))).toBeNull();
    expect(searchFor({ ...question, phone: 'anonymous' }, plain(settings()))).toBeNull();
    expect(found(settings({ mode: 'name-only' }))).toEqual(['retailcrm', false, null]);
    expect(found(line({ do_routing: false }))).toEqual(['retailcrm', false, null]);
    expect(found(settings({ history_fallback: false }))).toEqual(['retailcrm', true, null]);
    expect(found(line({ algorithm: 'first_call' }))).toEqual(['retailcrm', false, 'first']);
    expect(found(line({ algorithm: 'last_call', send_customer_name: false }))).toEqual([null, false, 'last']);
  });
});

describe('to whom a caller goes', () => {
  const search = searchFor(question, plain(settings()));
  const to = (known: Partial<Known>) =>
    search && extensionFor(search, { crm: null, history: null, ...known }, new Set(['101', '102']));
  const manager = { userId: '11', extension: '101', customerName: null, busy: false };

  it('is his manager', () => {
    expect(to({ crm: manager, history: '102' })).toEqual({ extension: '101', source: 'crm' });
  });

  it('is nobody else while his manager is busy or has no phone of ours', () => {
    const nobody = { ...manager, userId: null, extension: null };
    expect(to({ crm: { ...nobody, busy: true }, history: '102' })).toBeNull();
    expect(to({ crm: { ...manager, extension: '999' }, history: '102' })).toBeNull();
    expect(to({ crm: { ...manager, extension: null }, history: '102' })).toBeNull();
  });

  it('is who answered him before, where nobody is responsible', () => {
    const nobody = { ...manager, userId: null, extension: null };
    expect(to({ crm: nobody, history: '102' })).toEqual({ extension: '102', source: 'history' });
    expect(to({ history: '102' })).toEqual({ extension: '102', source: 'history' });
    expect(to({ crm: nobody, history: '999' })).toBeNull();
    expect(to({})).toBeNull();
  });
});

it('a name has the parts a line wants, in its order', () => {
  const line = {
    ...DEFAULT_LINE,
    line_name: 'Sales',
    shop_name: ' Shop ',
    send_line_name: true,
    send_shop_name: true,
    send_line_name_order: 5,
  };
  expect(nameFor(line, 'Ann')).toBe('Shop | Ann | Sales');
  expect(nameFor({ ...line, send_shop_name: false }, null)).toBe('Sales');
  expect(nameFor(DEFAULT_LINE, null)).toBe('');
});

it('a context is one a dialplan may have, or none', () => {
  const ids = settings({ phone_ids: { '101': '12' } });
  expect(contextFor(ids, '101', '0001001')).toBe('mngr12_0001001_1');
  expect(contextFor(ids, '102', '0001001')).toBeNull();
  expect(contextFor(ids, '101', 'sip-line')).toBeNull();
  expect(contextFor(settings({ context: 'to_{extension}' }), '102', 'sip-line')).toBe('to_102');
});

it('numbers and stored settings are read as they come', () => {
  expect([askedPhone('375290000001'), askedPhone('101'), askedPhone('0291234567')]).toEqual([
    '+375290000001',
    '101',
    '0291234567',
  ]);
  expect(readSettings({ lines: { 'sip:a': { line_name: 'A' } } })).toEqual(
    settings({ lines: { 'sip:a': { ...DEFAULT_LINE, line_name: 'A' } } }),
  );
});

it('percentiles are of the samples there are', () => {
  const samples = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect([percentile(samples, 0.5), percentile(samples, 0.95), percentile([7], 0.95)]).toEqual([51, 96, 7]);
  expect(percentile([], 0.5)).toBeNull();
});
