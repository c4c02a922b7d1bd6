import { ApiError, asApiError, readError } from './errors';

export interface FileSending {
  method?: 'POST' | 'PUT';
  /** Path and query, as `/api/phones/builds?version_code=12`. */
  path: string;
  file: Blob;
  contentType: string;
  /** Told the share that has left, 0 to 1. */
  onprogress: (share: number) => void;
  signal: AbortSignal;
}

/**
 * Sends a file as the body of a request and answers its JSON; throws ApiError, also when it was called off. It has no
 * limit in time, being as long as the file and the line make it. XMLHttpRequest because fetch tells nothing about what
 * it has sent.
 */
export function sendFile<T>({
  method = 'POST',
  path,
  file,
  contentType,
  onprogress,
  signal,
}: FileSending): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, new URL(path, location.origin));
    request.setRequestHeader('X-Trunkline', '1');
    request.setRequestHeader('Content-Type', contentType);
    request.upload.addEventListener('progress', (event) => {
      if (event.lengthComputable) onprogress(event.loaded / event.total);
    });
    request.addEventListener('load', () => {
      if (request.status >= 200 && request.status < 300) {
        resolve(JSON.parse(request.responseText) as T);
        return;
      }
      const answer = new Response(request.responseText, {
        status: request.status,
        statusText: request.statusText,
        headers: { 'Retry-After': request.getResponseHeader('Retry-After') ?? '' },
      });
      readError(answer).then(reject, reject);
    });
    request.addEventListener('error', () => reject(new ApiError('NETWORK', 0, 'upload broken')));
    request.addEventListener('abort', () => reject(asApiError(new DOMException('', 'AbortError'))));
    signal.addEventListener('abort', () => request.abort(), { once: true });
    request.send(file);
  });
}
