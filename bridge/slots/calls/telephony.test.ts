import { describe, expect, it } from 'vitest';
import { parseTelephony } from './telephony.ts';

// The layouts of TelephonyRegistry.dump() through the versions; numbers are invented.
const ANDROID_14 = `last known state:
  Phone Id=0
    mCallState=0
    mRingingCallState=0
    mForegroundCallState=0
    mBackgroundCallState=0
    mPreciseCallState=Ringing call state: 0, Foreground call state: 0, Background call state: 0, Disconnect cause: 3, Precise disconnect cause: 16
    mCallDisconnectCause=3
    mCallIncomingNumber=
    mServiceState={mVoiceRegState=0(IN_SERVICE), mDataRegState=0(IN_SERVICE)}
  Phone Id=1
    mCallState=2
    mRingingCallState=0
    mForegroundCallState=4
    mBackgroundCallState=0
    mPreciseCallState=Ringing call state: 0, Foreground call state: 4, Background call state: 0, Disconnect cause: -1, Precise disconnect cause: -1
    mCallDisconnectCause=-1
    mCallIncomingNumber=
  mDefaultSubId=1
local logs:
  2026-01-02T03:04:05 notifyPreciseCallState: mCallState=1 mForegroundCallState=1
registrations: count=2
  Record{... mCallState=2 }
`;

const ANDROID_11_RINGING = `last known state:
  Phone Id=0
    mCallState=1
    mRingingCallState=5
    mForegroundCallState=0
    mBackgroundCallState=0
    mPreciseCallState=Ringing call state: 5, Foreground call state: 0, Background call state: 0, Disconnect cause: -1, Precise disconnect cause: -1
    mCallDisconnectCause=-1
    mCallIncomingNumber=+375290000011
`;

/** The precise state is printed once for all SIMs, after them. */
const ANDROID_8 = `last known state:
  Phone Id=0
    mCallState=2
    mCallIncomingNumber=
    mServiceState=0 0 voice home data home Example Example 25700
    mSignalStrength=SignalStrength: 14 0 -120 -160 -120 -1 -1 31 -97 -12 30 2147483647 0 gsm|lte
  mPreciseDataConnectionState=null
  mPreciseCallState=Ringing call state: 0, Foreground call state: 1, Background call state: 0, Disconnect cause: -1, Precise disconnect cause: -1
  mRingingCallState=0
  mForegroundCallState=1
  mBackgroundCallState=0
`;

const ANDROID_5 = `last known state:
  mCallState=1
  mCallIncomingNumber=80290000012
  mServiceState=0 home Example
`;

describe('parseTelephony', () => {
  it('reads the SIM that has the call, and not what the log says of long ago', () => {
    expect(parseTelephony(ANDROID_14)).toEqual({
      state: 'offhook',
      precise: 'alerting',
      number: null,
      cause: null,
    });
  });

  it('reads an incoming call with its number', () => {
    expect(parseTelephony(ANDROID_11_RINGING)).toEqual({
      state: 'ringing',
      precise: 'incoming',
      number: '+375290000011',
      cause: null,
    });
  });

  it('reads the precise state where it stands for all SIMs', () => {
    expect(parseTelephony(ANDROID_8)).toMatchObject({ state: 'offhook', precise: 'active' });
  });

  it('knows no precise state where the phone prints none', () => {
    expect(parseTelephony(ANDROID_5)).toEqual({
      state: 'ringing',
      precise: null,
      number: '80290000012',
      cause: null,
    });
    expect(
      parseTelephony('  Phone Id=0\n    mCallState=2\n    mForegroundCallState=-1\n')?.precise,
    ).toBeNull();
  });

  it('reads why the last call ended', () => {
    const idle = ANDROID_14.replace('mCallState=2', 'mCallState=0');
    expect(parseTelephony(idle)).toMatchObject({ state: 'idle', cause: 3 });
  });

  it('reads lines with carriage returns, hidden numbers and junk in their place', () => {
    const text = 'Phone Id=0\r\n  mCallState=1\r\n  mCallIncomingNumber=null\r\n';
    expect(parseTelephony(text)).toMatchObject({ state: 'ringing', number: null });
  });

  it('is null for what is no such dump', () => {
    expect(parseTelephony('')).toBeNull();
    expect(parseTelephony("Can't find service: telephony.registry")).toBeNull();
    expect(
      parseTelephony("Permission Denial: can't dump telephony.registry from from pid=1, uid=2"),
    ).toBeNull();
  });
});
