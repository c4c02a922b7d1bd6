import { describe, expect, it } from 'vitest';
import { changeOf, draftOfSettings } from './driver-draft';
import type { Operator, OperatorSettings } from './model';
import { draftOf, operatorOf, problemsOf } from './operator-draft';

describe('an operator that is entered', () => {
  it('comes back as it was', () => {
    const operator: Operator = {
      yandex_uuid: 'olga-1',
      login: 'op12',
      full_name: 'Olga P.',
      user_id: null,
      cc_id: null,
      agent_id: 'a1',
      extension: '7001',
      queues: ['support'],
      in_telephony: false,
      created_at: '',
      updated_at: '',
    };
    const { in_telephony: _, created_at: __, updated_at: ___, ...rest } = operator;
    expect(operatorOf(draftOf(operator, 'unused'))).toEqual(rest);
  });

  it('is told what is missing or wrong', () => {
    const draft = draftOf(null, 'new id');
    expect(problemsOf(draft)).toEqual({ login: 'empty', fullName: 'empty', uuid: 'uuid' });
    const filled = { ...draft, login: ' a ', fullName: 'A', uuid: 'n-1' };
    expect(problemsOf({ ...filled, extension: '7' })).toEqual({ extension: 'extension' });
    expect(problemsOf(filled)).toEqual({});
    expect(operatorOf(filled)).toMatchObject({ login: 'a', extension: null, user_id: null });
  });
});

describe('telephony that is entered', () => {
  const zone = 'Europe/Minsk';
  const cipt: NonNullable<OperatorSettings['cipt']> = {
    url: 'https://telephony.example',
    header: 'X-KEY',
    add_path: '/add/{user}',
    remove_path: null,
    key: '****efgh',
    key_expires: '2030-01-01T21:00:00.000Z',
    warning: null,
  };
  const settings: OperatorSettings = {
    driver: 'cipt',
    bridge: null,
    pbx: null,
    pause_reasons: [],
    softphone_server: null,
    pause_after_missed: 0,
    cipt,
  };
  const draft = draftOfSettings(settings, zone);

  it('leaves the key and its end alone where neither was entered', () => {
    expect(draft).toMatchObject({ expires: '2030-01-02', key: '' });
    expect(changeOf(draft, settings, zone)).toEqual({
      driver: 'cipt',
      softphone_server: null,
      cipt: { url: cipt.url, header: 'X-KEY', add_path: '/add/{user}', remove_path: null },
    });
  });

  it('sends a new key with its end, or without: then it is what the vendor gives', () => {
    expect(changeOf({ ...draft, key: 'k', expires: '2031-05-01' }, settings, zone).cipt).toMatchObject({
      key: 'k',
      key_expires: '2031-04-30T21:00:00.000Z',
    });
    expect(changeOf({ ...draft, key: 'k', expires: '' }, settings, zone).cipt).not.toHaveProperty(
      'key_expires',
    );
  });

  it('says nothing of the external one where the own PBX is in use', () => {
    expect(changeOf({ ...draft, driver: 'asterisk', bridge: '7' }, settings, zone)).toEqual({
      driver: 'asterisk',
      bridge: '7',
      pbx: null,
      softphone_server: null,
    });
  });
});
