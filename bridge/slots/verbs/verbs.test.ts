import { describe, expect, it } from 'vitest';
import { png } from '../../../test/peers/slots-png.mjs';
import { frontApp } from '../front-app.ts';
import { intentProblem } from '../intent.ts';
import { dialLine } from './call.ts';
import { pngOf } from './screen.ts';
import { checkedLine } from './shell.ts';

const config = { verbs: ['am', 'input'], free_shell: true };

describe('checkedLine', () => {
  it('lets verbs of the list through, quoted', () => {
    expect(checkedLine(['input', 'text', 'a; reboot $(id)'], false, config)).toBe(
      "exec input text 'a; reboot $(id)'",
    );
  });

  it('wants the right and the configuration for others', () => {
    expect(() => checkedLine(['rm', '-rf', '/sdcard'], false, config)).toThrow('not on the list');
    expect(checkedLine(['rm', 'x'], true, config)).toBe('exec rm x');
    expect(() => checkedLine(['rm', 'x'], true, { ...config, free_shell: false })).toThrow('free_shell');
  });

  it.each(['am;id', 'am id', './am', '/system/bin/am', 'AM', '$(am)'])(
    'does not take %j for a verb of the list',
    (verb) => {
      expect(() => checkedLine([verb], false, config)).toThrow('not on the list');
    },
  );

  it('refuses a NUL', () => {
    expect(() => checkedLine(['am', 'a\0b'], true, config)).toThrow('NUL');
  });
});

describe('pngOf', () => {
  const picture = png(20, 30, [1, 2, 3]);

  it('takes a PNG, also behind a warning', () => {
    expect(pngOf(picture, '')).toEqual(picture);
    const warning = Buffer.from('[Warning] Multiple displays were found, but no display id was specified!\n');
    expect(pngOf(Buffer.concat([warning, picture]), '')).toEqual(picture);
  });

  it('refuses what is none, or only a part, in the phone’s words', () => {
    expect(() => pngOf(Buffer.from(''), 'Capturing failed.')).toThrow('Capturing failed.');
    expect(() => pngOf(Buffer.from('/system/bin/sh: screencap: not found'), '')).toThrow('not found');
    expect(() => pngOf(picture.subarray(0, -3), '')).toThrow('broke off');
  });
});

describe('intentProblem', () => {
  const result = (
    stdout: string,
    exitCode: number | null = 0,
    more = {},
  ): Parameters<typeof intentProblem>[0] => ({
    exitCode,
    stdout: Buffer.from(stdout),
    stderr: Buffer.from(''),
    truncated: false,
    timedOut: false,
    lost: false,
    ms: 1,
    firstByteMs: 1,
    ...more,
  });

  it('is null when the intent was started', () => {
    expect(
      intentProblem(result('Starting: Intent { act=android.intent.action.CALL dat=tel:xxx }\n')),
    ).toBeNull();
    expect(
      intentProblem(
        result(
          'Starting: Intent { }\nWarning: Activity not started, its current task has been brought to the front\n',
        ),
      ),
    ).toBeNull();
  });

  it.each([
    'Error: Activity not started, unable to resolve Intent { act=x flg=0x10000000 }',
    'Error type 3',
    'java.lang.SecurityException: Permission Denial: starting Intent',
    'Security exception: Permission Denial: starting Intent { act=android.intent.action.CALL }',
  ])('has the phone’s words though it exits 0: %s', (words) => {
    expect(intentProblem(result(`Starting: Intent { }\n${words}\n`))).toBe(words);
  });

  it('knows the other ends', () => {
    expect(intentProblem(result('', 127))).toBe('exit code 127');
    expect(intentProblem(result('', null, { timedOut: true }))).toContain('in time');
    expect(intentProblem(result('', null, { lost: true }))).toContain('broke');
  });
});

describe('frontApp', () => {
  const home = 'priority=0 preferredOrder=0 isDefault=true\ncom.example.launcher/.Home\n';

  it.each([
    ['    topResumedActivity=ActivityRecord{5d6e7f8 u0 com.example.chat/.Main t12}\n'],
    ['    mResumedActivity: ActivityRecord{5d6e7f8 u0 com.example.chat/com.example.chat.ui.Main t12}\n'],
    ['  mCurrentFocus=Window{1a2b3c4 u0 com.example.chat/com.example.chat.Main}\n'],
  ])('is the app of %j', (line) => {
    expect(frontApp(line + home)).toBe('com.example.chat');
  });

  it('is nobody on the home screen, and nothing of Android itself', () => {
    expect(frontApp(`  mCurrentFocus=Window{1 u0 com.example.launcher/.Home}\n${home}`)).toBeNull();
    expect(frontApp(`  mCurrentFocus=Window{1 u0 NotificationShade}\n${home}`)).toBeNull();
    expect(
      frontApp(`  topResumedActivity=ActivityRecord{1 u0 com.android.systemui/.X t1}\n${home}`),
    ).toBeNull();
    expect(frontApp('')).toBeNull();
  });
});

describe('dialLine', () => {
  it('has the number as one argument', () => {
    expect(dialLine('+375290000000')).toBe(
      'exec am start -a android.intent.action.CALL -d tel:+375290000000',
    );
  });
});
