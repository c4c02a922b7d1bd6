import { describe, expect, it } from 'vitest';
import { checkKeyFile } from './service-account';

const file = {
  type: 'service_account',
  project_id: 'demo-project',
  private_key_id: '1',
  private_key: 'x',
  client_email: 'push@demo-project.example',
};
const problem = (text: string) => {
  const check = checkKeyFile(text);
  return check.ok ? null : [check.problem, ...check.fields];
};

describe('checkKeyFile', () => {
  it('says whose key it is', () => {
    expect(checkKeyFile(JSON.stringify(file))).toEqual({
      ok: true,
      projectId: 'demo-project',
      clientEmail: 'push@demo-project.example',
    });
  });

  it('says what is wrong', () => {
    expect(problem('  ')).toEqual(['empty']);
    expect(problem('{')).toEqual(['not_json']);
    expect(problem('[]')).toEqual(['not_json']);
    expect(problem('{"installed":{}}')).toEqual(['wrong_type']);
    expect(problem(JSON.stringify({ ...file, private_key: '', project_id: 5 }))).toEqual([
      'missing',
      'project_id',
      'private_key',
    ]);
    expect(problem(`{"a":"${'x'.repeat(17_000)}"}`)).toEqual(['too_large']);
  });
});
