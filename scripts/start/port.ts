import { createServer } from 'node:net';
import { Refusal } from './refusal.ts';

/** Makes sure that a port can be had before anything else is started for it. */
export async function requireFreePort(host: string, port: number): Promise<void> {
  const probe = createServer();
  await new Promise<void>((settle, reject) => {
    probe.once('error', (error: NodeJS.ErrnoException) => {
      const reasons: Record<string, string> = {
        EADDRINUSE: `port ${port} on ${host} is taken by another program; stop it, or choose another: PORT=${port + 1} npm start`,
        EACCES: `port ${port} needs rights this user does not have; choose one above 1023: PORT=8787 npm start`,
        EADDRNOTAVAIL: `HOST ${host} is no address of this machine`,
        ENOTFOUND: `HOST ${host} is not known`,
      };
      reject(new Refusal(reasons[error.code ?? ''] ?? `cannot listen on ${host}:${port}: ${error.message}`));
    });
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => settle()));
  });
}
