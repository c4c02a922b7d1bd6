/** A receiver of signed webhooks on this machine, which checks what Standard Webhooks say to check. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface WebhookReceiver {
  url: string;
  /** `whsec_…`: what they are to be signed with. */
  secret: string;
  /** What is answered; anything but 2xx takes nothing. */
  status: number;
  readonly taken: { type: string; isSigned: boolean }[];
  close(): Promise<void>;
}

export async function serveWebhooks(): Promise<WebhookReceiver> {
  const server = createServer((request, response) => {
    void read(request).then((body) => {
      const { type } = JSON.parse(body) as { type: string };
      if (receiver.status < 300)
        receiver.taken.push({ type, isSigned: isSigned(request, body, receiver.secret) });
      response.writeHead(receiver.status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const receiver: WebhookReceiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    secret: '',
    status: 204,
    taken: [],
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return receiver;
}

async function read(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}

function isSigned(request: IncomingMessage, body: string, secret: string): boolean {
  const header = (name: string): string => String(request.headers[`webhook-${name}`] ?? '');
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const signed = createHmac('sha256', key)
    .update(`${header('id')}.${header('timestamp')}.${body}`)
    .digest();
  const isFresh = Math.abs(Date.now() / 1_000 - Number(header('timestamp'))) < 300;
  const given = Buffer.from(header('signature').replace(/^v1,/, ''), 'base64');
  return isFresh && given.length === signed.length && timingSafeEqual(given, signed);
}
