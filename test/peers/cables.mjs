// The cable of each phone: 127.0.0.1:<prefix>60<n> to its Unix socket in its network namespace.
import net from 'node:net';
import { phones } from './slots-list.mjs';

for (const { port, socket } of phones()) {
  net
    .createServer((outer) => {
      outer.setNoDelay();
      const inner = net.connect(socket);
      const end = () => {
        outer.destroy();
        inner.destroy();
      };
      for (const side of [outer, inner]) side.on('error', end).on('close', end);
      outer.pipe(inner).pipe(outer);
    })
    .listen(port, '127.0.0.1');
}
