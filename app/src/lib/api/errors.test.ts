import { describe, expect, it } from 'vitest';
import { ApiError, asApiError, bridgeRefusal, errorText, isRetryable, readError } from './errors';

const answer = (status: number, body: BodyInit | null, headers: HeadersInit = {}) =>
  new Response(body, { status, headers });

describe('readError', () => {
  it('keeps the code, words and details of a platform refusal', async () => {
    const error = await readError(
      answer(
        400,
        JSON.stringify({ error: true, code: 'INVALID_PARAMS', message: 'no', details: { number: ['bad'] } }),
      ),
    );
    expect(error).toMatchObject({
      code: 'INVALID_PARAMS',
      status: 400,
      message: 'no',
      details: { number: ['bad'] },
    });
  });

  it('reads the dialer API, which has no codes', async () => {
    const locked = await readError(
      answer(423, JSON.stringify({ detail: 'locked' }), { 'Retry-After': '900' }),
    );
    expect(locked).toMatchObject({ code: 'RATE_LIMITED', message: 'locked', retryAfter: 900 });
    expect(await readError(answer(400, '{"phone":["required"]}'))).toMatchObject({
      code: 'INVALID_PARAMS',
      details: { phone: ['required'] },
    });
  });

  it('does not believe a code outside the closed set', async () => {
    expect((await readError(answer(401, '{"code":"token_not_valid"}'))).code).toBe('AUTH_FAIL');
  });

  it('keeps what operators’ telephony says for its own: a 401 of it ends no session', async () => {
    const response = answer(401, '{"code":"wrong_key","message":"no such key"}');
    Object.defineProperty(response, 'url', {
      value: 'https://x.example/callcenter_operators/v1/operator/status',
    });
    const error = await readError(response);
    expect(error).toMatchObject({ code: 'CALL_FAILED', status: 401, said: 'wrong_key' });
    expect(errorText(error)).toContain('no such key');
  });

  it('survives a page that is not JSON', async () => {
    expect(await readError(answer(502, '<html>'))).toMatchObject({
      code: 'INTERNAL',
      status: 502,
      retryAfter: null,
    });
  });
});

describe('asApiError', () => {
  it('tells an unreachable host from a slow one', () => {
    expect(asApiError(new TypeError('Failed to fetch')).code).toBe('NETWORK');
    expect(asApiError(new DOMException('', 'TimeoutError')).code).toBe('TIMEOUT');
    expect(isRetryable(asApiError(new TypeError('x')))).toBe(true);
    expect(isRetryable(new ApiError('PERMISSION_DENIED', 403, ''))).toBe(false);
  });
});

describe('bridgeRefusal', () => {
  it("finds a bridge's own code and words", () => {
    const error = new ApiError('CALL_FAILED', 502, 'no', { bridge: ['PBX_REFUSED: extension 199\nis away'] });
    expect(bridgeRefusal(error)).toEqual({ code: 'PBX_REFUSED', words: 'extension 199\nis away' });
  });

  it('takes the name of a bridge that is away for one', () => {
    const error = new ApiError('SLOT_OFFLINE', 409, 'no', { bridge: ['Minsk is not connected'] });
    expect(bridgeRefusal(error)).toEqual({ code: 'OFFLINE', words: 'Minsk is not connected' });
  });

  it('finds none in other errors', () => {
    expect(bridgeRefusal(new ApiError('INTERNAL', 500, 'no'))).toBeNull();
    expect(
      bridgeRefusal(new ApiError('INVALID_PARAMS', 400, 'no', { bridge: 'x', number: ['bad'] })),
    ).toBeNull();
  });
});
